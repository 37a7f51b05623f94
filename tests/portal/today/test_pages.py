"""The first page, and what everybody meets before it."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.cases.supervision.test_pages import statements
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


def test_a_supervisor_learns_what_is_overdue_and_due_in_the_units_and_finds_it_on_the_list(world: World) -> None:
    today = timezone.localdate(timezone=ZoneInfo(world.agencies["probation"].time_zone))
    older, late, now, last, later, closed = (world.cases[number] for number in (5, 4, 3, 14, 15, 17))
    owner("UPDATE cases_case SET next_review = NULL")
    for days, case in ((-9, older), (-1, late), (0, now), (14, last), (15, later), (-30, closed)):
        owner("UPDATE cases_case SET next_review = %s WHERE id = %s", today + datetime.timedelta(days=days), case.pk)
    page = Visitor(world.users["mills"]).get("/")
    assert "2 overdue" in text(page)
    assert "2 due within 14 days" in text(page)
    listed = Visitor(world.users["mills"]).get(page.context["reviews_url"]).context["cases"]
    assert [case.pk for case in listed[:5]] == [case.pk for case in (older, late, now, last, later)]
    assert closed.pk not in {case.pk for case in listed}
    for who in ("olsen", "stone", "admin"):
        assert "Reviews in your units" not in text(Visitor(world.users[who]).get("/"))


def test_reviews_are_those_of_the_units_that_somebody_supervises_and_never_behind_a_closed_door(world: World) -> None:
    mills, north = world.users["mills"].pk, world.units["probation/north"].pk
    owner("UPDATE agencies_membership SET until = now() WHERE user_id = %s AND group_id = %s", mills, north)
    owner("UPDATE cases_case SET next_review = current_date - 400")
    assert "3 overdue" in text(Visitor(world.users["mills"]).get("/"))
    owner(
        "INSERT INTO cases_caseexclusion (record_id, user_id, reason, created_at) VALUES (%s, %s, 'Kin', now())",
        world.cases[14].pk,
        mills,
    )
    assert "2 overdue" in text(Visitor(world.users["mills"]).get("/"))


def test_reviews_are_counted_to_the_cap_in_one_query_however_many_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(world.users["mills"])
    cost = len(statements(visitor, "/"))
    with monkeypatch.context() as without:
        without.setattr("portal.today.views.manages_reviews", lambda _: False)
        assert len(statements(visitor, "/")) == cost - 1
    owner("UPDATE cases_case SET next_review = current_date - 400")
    assert len(statements(visitor, "/")) == cost
    monkeypatch.setattr("cases.supervision.querysets.COUNT_CAP", 5)
    page = text(visitor.get("/"))
    assert "5+ overdue" in page
    assert "due within 14 days" not in page


def test_reviews_that_cannot_be_counted_are_not_said_to_be_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.today.views.reviews", lambda _: connection.cursor().execute("SELECT no_such_column"))
    page = text(Visitor(world.users["mills"]).get("/"))
    assert "Reviews in your units may exist" in page
    assert "is overdue or due" not in page


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
