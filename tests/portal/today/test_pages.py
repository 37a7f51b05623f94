"""The first page, and what everybody meets before it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse

from tests.pages import Visitor, text
from tests.services import owner
from tests.worlds import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


@pytest.mark.parametrize("who", ["olsen", "mills", "reyes", "carter", "admin"])
def test_everybody_gets_a_first_page(world: World, who: str) -> None:
    assert Visitor(world.users[who]).get("/").status_code == 200


def test_a_review_of_today_waits_for_its_officer(world: World) -> None:
    with_review = next(case for case in world.cases[:14:2] if case.next_review)
    assert with_review.person.family_name in text(Visitor(world.users["olsen"]).get("/"))
    assert with_review.person.family_name not in text(Visitor(world.users["quist"]).get("/"))


@pytest.mark.parametrize(
    ("source", "said", "stands"),
    [
        ("appointments", "Appointments may exist", "Outcome not recorded"),
        ("outcomes", "Outcomes to record may exist", "Appointments today"),
        ("own_cases", "Case reviews may exist", "Outcome not recorded"),
        ("actions", "Actions may exist", "Outcome not recorded"),
        ("plans", "Plan reviews may exist", "Outcome not recorded"),
        ("news_rows", "News may exist", "Outcome not recorded"),
    ],
)
def test_a_block_that_fails_says_so_and_the_others_stand(
    world: World, monkeypatch: pytest.MonkeyPatch, source: str, said: str, stands: str
) -> None:
    from portal.today import views

    monkeypatch.setattr(views, source, lambda _: connection.cursor().execute("SELECT no_such_column"))
    answer = Visitor(world.users["olsen"]).get("/")
    assert answer.status_code == 200
    assert said in text(answer)
    assert stands in text(answer)
    assert "Nothing waits for you" not in text(answer)


def test_appointments_of_today_stand_with_their_cautions_and_yesterdays_wait(world: World) -> None:
    owner(
        "UPDATE cases_appointment SET starts_at = now() + interval '1 minute' WHERE id = %s", world.appointments[2].pk
    )
    page = Visitor(world.users["reyes"]).get("/")
    assert "Home visit" in text(page)
    assert "flag--solid" in page.content.decode()
    assert "Firearm" in text(page)
    waiting = text(Visitor(world.users["olsen"]).get("/"))
    assert "Outcome not recorded: Tobias Hallett" in waiting
    assert "1 day late" in waiting
    assert "Court at" in waiting
    assert "Outcome not recorded" not in text(Visitor(world.users["mills"]).get("/"))


def test_what_is_not_for_the_role_is_not_said_to_be_none(world: World) -> None:
    for who in ("dispatch", "carter"):
        page = text(Visitor(world.users[who]).get("/"))
        assert "Appointments are not part of your role" in page
        assert "You have no appointment today" not in page
    assert "You have no appointment today" in text(Visitor(world.users["mills"]).get("/"))


def test_an_account_without_a_unit_opens_nothing(world: World) -> None:
    answer = Visitor(world.users["nobody"]).get("/")
    assert answer.status_code == 403
    assert "opens nothing now" in text(answer)


def test_signing_in_by_password_and_refusals_that_read_alike(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    visitor.client.logout()
    login = reverse("account_login")
    fields = {"login": "olsen@example.org", "password": PASSWORD}
    wrong = visitor.post(login, fields | {"password": "wrong"})
    nobody = visitor.post(login, fields | {"login": "nobody.at.all@example.org"})
    client = visitor.post(login, fields | {"login": "system@example.org"})
    said = [answer.context["form"].non_field_errors() for answer in (wrong, nobody, client)]
    assert said[0]
    assert said[0] == said[1] == said[2]
    assert visitor.post(login, fields)["Location"] == "/"
    assert visitor.get("/").status_code == 200


def test_the_account_page_and_the_switch(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    page = text(visitor.get(reverse("account")))
    assert "Supervising officer" in page
    assert "Act for" not in page
    other = {"agency": str(world.agencies["police"].pk)}
    assert visitor.post(reverse("act_for"), other, form_at=reverse("account")).status_code == 400


@pytest.mark.parametrize(
    ("outcome", "mark"),
    [
        ("attended_complied", "tag tag--done"),
        ("attended_not_complied", "tag tag--late"),
        ("absent_unacceptable", "tag tag--late"),
        ("absent_acceptable", "tag"),
    ],
)
def test_an_outcome_is_marked_by_what_it_means(world: World, outcome: str, mark: str) -> None:
    owner(
        "UPDATE cases_appointment SET starts_at = access_now(), outcome = %s, outcome_at = access_now(),"
        " outcome_by_id = %s WHERE id = %s",
        outcome,
        world.users["olsen"].pk,
        world.appointments[0].pk,
    )
    label = {"attended_complied": "Attended and", "attended_not_complied": "Attended, did not"}.get(outcome, "Absent, ")
    assert f'<span class="{mark}">{label}' in text(Visitor(world.users["olsen"]).get("/"))
