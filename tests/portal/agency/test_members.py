"""The pages of people: finding somebody, correcting what an account says, and which acts are offered when."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from agencies.accounts.letters import send_due
from tests import services
from tests.pages import Visitor, hidden, rows, text, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

PEOPLE = "/agency/"
NEW = {"name": "Ingrid Olsen", "title": "SPO", "badge": "17", "phone": "555-0177"}


def page_of(world: World, who: str, name: str = "member") -> str:
    return reverse(name, args=[world.users[who].pk])


def test_an_administrator_corrects_an_account_and_its_owner_is_told(world: World) -> None:
    admin, details = Visitor(world.users["admin"]), page_of(world, "olsen", "member_details")
    assert details in text(admin.get(page_of(world, "olsen")))
    new = {**NEW, "seen": hidden(admin.get(details).content.decode(), "seen")}
    assert admin.post(details, {**new, "email": "mine@example.org"})["Location"] == page_of(world, "olsen")
    assert "SPO Ingrid Olsen" in text(admin.get(page_of(world, "olsen")))
    (kept,) = rows(
        "SELECT email, name, title, badge, phone FROM agencies_user WHERE id = %s", [world.users["olsen"].pk]
    )
    assert kept == {"email": "olsen@example.org", **NEW}
    (row,) = trail("change")
    before = {"name": "Olsen", "title": "PO", "badge": "", "phone": ""}
    assert (row["verb"], row["before"], row["after"]) == ("account.corrected", before, NEW)
    admin.post(details, new)
    assert len(trail("change")) == 1
    with services.as_job():
        assert send_due() == 1
    (letter,) = mail.outbox
    assert letter.to == ["olsen@example.org"]
    assert reverse("account") in letter.body
    assert not [word for word in ("Ingrid", "Olsen", "555", "key") if word in letter.subject + letter.body]
    own = text(Visitor(world.users["olsen"]).get(reverse("account")))
    assert "administrator changes it" not in own  # nobody changes an address
    assert all(word in own for word in ("SPO Ingrid Olsen", "17", "555-0177"))


def test_somebody_who_has_left_is_not_corrected(world: World) -> None:
    admin, details = Visitor(world.users["admin"]), page_of(world, "olsen", "member_details")
    seen = hidden(admin.get(details).content.decode(), "seen")
    services.owner("UPDATE agencies_membership SET until = now() WHERE user_id = %s", world.users["olsen"].pk)
    assert details not in text(admin.get(page_of(world, "olsen")))
    refused = admin.post(details, {**NEW, "seen": seen})
    assert refused.status_code == 400
    assert "They have no role here now." in text(refused)


def test_of_two_who_correct_an_account_the_second_is_asked(world: World) -> None:
    first, second = Visitor(world.users["admin"]), Visitor(world.users["admin"])
    details = page_of(world, "olsen", "member_details")
    page = second.get(details).content.decode()
    assert first.post(details, {**NEW, "seen": hidden(page, "seen")}).status_code == 302
    again = second.send(details, page, {**NEW, "seen": hidden(page, "seen")})  # the same: its answer was lost
    assert "is as it was.</strong> Nobody is told." in text(second.get(again["Location"]))
    mine = {**NEW, "badge": "18", "phone": "555-0178"}
    asked = second.send(details, page, {**mine, "seen": hidden(page, "seen")})
    assert asked.status_code == 409
    assert all(said in text(asked) for said in ("Somebody corrected this account meanwhile", "555-0177", "555-0178"))
    assert len(trail("change")) == 1
    page = asked.content.decode()
    assert second.send(details, page, {**mine, "seen": hidden(page, "seen")}).status_code == 302
    assert trail("change")[-1]["after"] == {"badge": "18", "phone": "555-0178"}


def test_it_is_said_whether_the_owner_is_told(world: World) -> None:
    admin = Visitor(world.users["admin"])
    services.owner("UPDATE agencies_user SET password = '!' WHERE id = %s", world.users["pratt"].pk)
    for who, told in (
        ("olsen", "A letter tells them that something changed."),
        ("pratt", "They see them when they first sign in."),
        ("admin", "are saved.<"),
    ):
        details = page_of(world, who, "member_details")
        seen = hidden(admin.get(details).content.decode(), "seen")
        assert told in text(admin.get(admin.post(details, {**NEW, "seen": seen})["Location"])), who


def test_an_administrator_arranges_and_ends_cover_for_somebody_who_fell_ill(world: World) -> None:
    admin, cover = Visitor(world.users["admin"]), page_of(world, "olsen", "member_cover")
    assert cover in text(admin.get(page_of(world, "olsen")))
    today = timezone.localdate()
    days = {"starts": today.isoformat(), "until": (today + datetime.timedelta(days=5)).isoformat()}
    assert admin.post(cover, {**days, "colleague": world.users["olsen"].pk}).status_code == 400
    assert admin.post(cover, {**days, "colleague": world.users["pratt"].pk})["Location"] == cover
    page = text(admin.get(cover))
    assert "PO Pratt covers for PO Olsen.</strong> A letter tells them." in page
    [held] = rows("SELECT uuid, officer_id FROM agencies_cover")
    assert held["officer_id"] == world.users["olsen"].pk
    end = reverse("member_cover_end", args=[world.users["olsen"].pk, held["uuid"]])
    another = reverse("member_cover_end", args=[world.users["pratt"].pk, held["uuid"]])
    assert admin.send(another, page).status_code == 404
    assert admin.send(end, page)["Location"] == page_of(world, "olsen")
    with services.as_job():
        assert send_due() == 2
    assert [letter.to for letter in mail.outbox] == [["olsen@example.org"]] * 2
    assert reverse("cover") in mail.outbox[0].body
    assert [row["verb"] for row in trail("change")] == ["cover.arranged", "cover.ended"]
    police = Visitor(world.users["admin"]).get(page_of(world, "reyes", "member_cover"))
    assert police.status_code == 404


def test_a_name_is_needed_and_an_account_of_two_agencies_is_left_alone(world: World) -> None:
    admin, details = Visitor(world.users["admin"]), page_of(world, "olsen", "member_details")
    assert admin.post(details, {**NEW, "name": "  "}).status_code == 400
    services.owner(
        "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
        " VALUES (%s, %s, 'analyst', now(), '9999-12-31')",
        world.users["olsen"].pk,
        world.units["police/gang"].pk,
    )
    answer = admin.post(details, {**NEW, "seen": "any"})
    assert answer.status_code == 400
    assert "works for another agency too" in text(answer)
    assert details not in text(admin.get(page_of(world, "olsen")))
    assert trail("change") == []
    assert admin.get(page_of(world, "reyes", "member_details")).status_code == 404


def test_people_are_found_by_name_or_address_and_no_word_stands_in_an_address(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    for words, found in (("PRAT", ["Pratt"]), ("quist@example", ["Quist"]), ("reyes", []), ("o sen", ["Olsen"])):
        answer = olsen.post(PEOPLE, {"q": words})
        assert answer.status_code == 302
        assert words not in answer["Location"]
        shown = olsen.get(answer["Location"])
        assert [row["person"].name for row in shown.context["people"]] == found
    none = text(olsen.get(olsen.post(PEOPLE, {"q": "Zz"})["Location"]))
    assert "Nobody in this list has this" in none  # it holds one tab, and maybe one unit
    assert "Show the whole list" in none
    assert olsen.get(PEOPLE, found="unknown").status_code == 400
    mine = olsen.post(PEOPLE, {"q": "Pratt"})["Location"]
    assert Visitor(world.users["pratt"]).get(mine).status_code == 400
    assert olsen.post(PEOPLE, {"q": " "})["Location"] == PEOPLE


def test_an_act_is_offered_only_where_it_does_something(world: World, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "20/m/ip,5/15m/key"}
    cache.clear()
    admin, member = Visitor(world.users["admin"]), page_of(world, "olsen")
    assert "End the lock-out" not in text(admin.get(member))
    assert "Send a link for a new password" in text(admin.get(member))
    guesser = Visitor(world.users["mills"])
    guesser.client.logout()
    for tries in range(1, 6):
        guesser.post(reverse("account_login"), {"login": "olsen@example.org", "password": "guess"})
        assert ("End the lock-out" in text(admin.get(member))) == (tries == 5)
    assert "End the lock-out" not in text(admin.get(page_of(world, "pratt")))
    admin.post(page_of(world, "olsen", "member_unlock"), form_at=member)
    assert "End the lock-out" not in text(admin.get(member))
    services.owner("UPDATE agencies_user SET password = '!', last_login = NULL WHERE id = %s", world.users["olsen"].pk)
    assert "Send an invitation" in text(admin.get(member))
    services.owner("UPDATE agencies_user SET last_login = now() WHERE id = %s", world.users["olsen"].pk)
    assert "Send an invitation" not in text(admin.get(member))
    cache.clear()
