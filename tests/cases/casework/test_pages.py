"""Opening and changing cases in a browser: nothing typed is lost, and nothing is saved twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from tests.access.acts import leaves
from tests.pages import Visitor, hidden, rows, text
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

ANNA = {"given_name": "Anna", "family_name": "Novak", "birth_date": "5/4/1991", "sex": "F", "local_id": "P90001"}
TOBIAS = {**ANNA, "given_name": "Tobias", "family_name": "Hallett", "birth_date": "3/9/1980"}


def term(world: World, **more: Any) -> dict[str, Any]:
    """What the last question is answered with."""
    return {
        "number": "C90001", "unit": world.units["probation/north"].pk, "officer": world.users["olsen"].pk, "kind": 1,
        "risk_level": 0, "supervision_level": 0, "term_start": "11/1/26", "term_end": "11/1/28", **more,
    }  # fmt: skip


def to_check(visitor: Visitor, world: World, who: dict[str, Any]) -> HttpResponse:
    """Answers every question, without anybody who may be the same person in the way."""
    assert visitor.post("/cases/new/", who)["Location"] == "/cases/new/home/"
    home = {"street": "1 Oak Street", "city": "Riverton", "state": "fl"}
    assert visitor.post("/cases/new/home/", home)["Location"] == "/cases/new/case/"
    assert visitor.post("/cases/new/case/", term(world))["Location"] == "/cases/new/check/"
    return visitor.get("/cases/new/check/")


def test_a_case_is_opened_in_four_pages(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    check = to_check(olsen, world, ANNA)
    for said in ("Anna", "May 4, 1991", "1 Oak Street", "FL", "C90001", "North", "PO Olsen", "Nov 1, 2028"):
        assert said in text(check)
    with leaves(changes=1, events=1, keys=2):
        opened = olsen.send("/cases/new/check/", check.content.decode())
    assert "Case opened." in text(olsen.get(opened["Location"]))
    again = olsen.send("/cases/new/check/", check.content.decode())
    assert again["Location"] == "/cases/new/"  # the draft is gone; nothing is opened twice
    assert len(rows("SELECT 1 FROM cases_case WHERE number = 'C90001'")) == 1


def test_who_may_be_the_same_person_interrupts(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    assert olsen.post("/cases/new/", TOBIAS)["Location"] == "/cases/new/same/"
    page = olsen.get("/cases/new/same/")
    assert "Tobias Hallett" in text(page)
    assert olsen.send("/cases/new/same/", page.content.decode()).status_code == 400  # neither answer
    hidden_case = world.cases[15].uuid
    assert olsen.send("/cases/new/same/", page.content.decode(), {"same": hidden_case}).status_code == 400
    same = olsen.send("/cases/new/same/", page.content.decode(), {"same": world.joint.uuid})
    assert same["Location"] == "/cases/new/case/"
    olsen.post("/cases/new/case/", term(world))
    olsen.post("/cases/new/check/")
    found = rows("SELECT person_id FROM cases_case WHERE number = 'C90001'")
    assert found == [{"person_id": world.joint.person_id}]


def test_whoever_skips_the_question_is_led_back_to_it(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    olsen.post("/cases/new/", TOBIAS)
    olsen.post("/cases/new/home/", {})
    olsen.post("/cases/new/case/", term(world))
    with leaves():
        assert olsen.post("/cases/new/check/")["Location"] == "/cases/new/same/"
    olsen.post("/cases/new/same/", {"apart": "1"})
    with leaves(changes=1, events=1, keys=2):
        olsen.post("/cases/new/check/")


def test_another_units_person_is_no_more_than_a_unit_to_ask(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    wanda = {**ANNA, "given_name": "Wanda", "family_name": "Kowalski", "birth_date": "3/9/1995"}
    olsen.post("/cases/new/", wanda)
    page = text(olsen.get("/cases/new/same/"))
    assert "Somebody known to South" in page
    assert "Kowalski" not in page
    assert str(world.cases[15].uuid) not in page


def test_a_refusal_is_read_back_with_the_answers(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    to_check(olsen, world, ANNA)
    olsen.post("/cases/new/case/", term(world, number="C00001"))
    answer = olsen.post("/cases/new/check/")
    assert answer.status_code == 400
    assert "Your agency has a case with this number." in text(answer)


def test_an_answer_that_cannot_be_read_stays_as_typed(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    answer = olsen.post("/cases/new/", {**ANNA, "birth_date": "the fourth", "family_name": ""})
    assert answer.status_code == 400
    assert "the fourth" in text(answer)
    assert "Last name: Fill this in." in text(answer)


# --- Changing ---------------------------------------------------------------------------------------------------------


def edited(page: str, **changes: Any) -> dict[str, Any]:
    """The fields of the form about the supervision, some of them changed."""
    return {
        "kind": 1, "status": 1, "risk_level": 0, "supervision_level": 0, "offense": "Burglary", "offense_degree": "",
        "term_start": "", "term_end": "", "next_review": "", "seen": hidden(page, "seen"), **changes,
    }  # fmt: skip


def test_a_stale_edit_comes_back_beside_what_was_saved(world: World) -> None:
    address = f"/cases/{world.joint.uuid}/edit/"
    olsen, mills = Visitor(world.users["olsen"]), Visitor(world.users["mills"])
    mine, theirs = (visitor.get(address).content.decode() for visitor in (olsen, mills))
    assert mills.send(address, theirs, edited(theirs, supervision_level=7)).status_code == 302
    with leaves():
        answer = olsen.send(address, mine, edited(mine, supervision_level=5, offense="Robbery"))
    assert answer.status_code == 409
    page = text(answer)
    for said in ("Somebody changed this case", "Maximum", "Medium", "Robbery", "Burglary"):
        assert said in page
    with leaves(changes=1, events=1):
        again = answer.content.decode()
        assert olsen.send(address, again, edited(again, supervision_level=5, offense="Robbery")).status_code == 302


def test_an_edit_whose_answer_was_lost_meets_nobody(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    case = f"/cases/{world.joint.uuid}"
    [held] = rows("SELECT given_name, family_name, birth_date FROM cases_person WHERE id = %s", [world.joint.person_id])
    edit, person = (olsen.get(f"{case}/{name}/").content.decode() for name in ("edit", "person"))
    supervision = edited(edit, supervision_level=7, term_start="11/1/26")
    names = {**held, "birth_date": "3/9/80", "sex": "M", "aliases": "Hall, Tobi\r\nHallet, Tobias"}
    names["seen_version"] = hidden(person, "seen_version")
    for name, page, fields in (("edit", edit, supervision), ("person", person, names)):
        with leaves(changes=1, events=1):
            for _ in range(2):
                assert olsen.send(f"{case}/{name}/", page, fields).status_code == 302


def test_a_decision_whose_answer_was_lost_meets_nobody(world: World) -> None:
    mills = Visitor(world.users["mills"])
    for name, more in (("close", {"status": 8, "closed_on": "11/1/26"}), ("reopen", {})):
        address = f"/cases/{world.joint.uuid}/{name}/"
        page = mills.get(address).content.decode()
        with leaves(changes=1, events=1):
            for _ in range(2):
                fields = {**more, "reason": "As the court said", "seen": hidden(page, "seen")}
                assert mills.send(address, page, fields).status_code == 302


def test_details_are_changed_with_names_one_a_line(world: World) -> None:
    address = f"/cases/{world.joint.uuid}/person/"
    olsen = Visitor(world.users["olsen"])
    page = olsen.get(address).content.decode()
    assert "Of Spades, Ace" in page
    sent = {**TOBIAS, "aliases": "Hall, Tobi J\nToby Hallett\n", "seen_version": hidden(page, "seen_version")}
    sent.pop("local_id")
    with leaves(changes=1, events=1):
        assert olsen.send(address, page, sent).status_code == 302
    found = rows(
        "SELECT given_name, middle_name, family_name FROM cases_alias WHERE person_id = %s ORDER BY family_name",
        [world.joint.person_id],
    )
    assert [tuple(row.values()) for row in found] == [("Tobi", "J", "Hall"), ("Toby", "", "Hallett")]
    stale = olsen.send(address, page, {**sent, "given_name": "Tom"})
    assert stale.status_code == 409


def test_closing_shows_what_is_open_and_reassigning_away_leads_to_the_list(world: World) -> None:
    mills, reyes = Visitor(world.users["mills"]), Visitor(world.users["reyes"])
    address = f"/cases/{world.joint.uuid}/"
    page = mills.get(f"{address}close/")
    assert "1 share with other agencies" in text(page)
    assert "2 active goals and 2 open actions in the joint plan" in text(page)
    sent = {"status": 8, "closed_on": "11/1/2099", "reason": "Over", "seen": hidden(page.content.decode(), "seen")}
    assert "Choose a day that has come." in text(mills.send(f"{address}close/", page.content.decode(), sent))
    closed = mills.send(f"{address}close/", page.content.decode(), {**sent, "closed_on": "11/1/26"})
    over = text(mills.get(closed["Location"]))
    assert "Completed" in over
    assert "none of its conditions binds" in over
    for page in ("", "conditions/", "card/", "card/read-back/"):  # what police may act on, they may act on no more
        assert "Police may" not in text(reyes.get(f"{address}{page}")), page
    assert "No longer in force" in text(reyes.get(f"{address}conditions/"))
    quist = Visitor(world.users["mills"])
    page = quist.get(f"{address}reopen/")
    quist.send(f"{address}reopen/", page.content.decode(), {"reason": "New", "seen": hidden(text(page), "seen")})
    assert rows("SELECT status FROM cases_case WHERE id = %s", [world.joint.pk]) == [{"status": 1}]


def test_a_supervisor_who_gives_a_case_away_is_led_to_the_list(world: World) -> None:
    mills = Visitor(world.users["mills"])
    south = world.units["probation/south"].pk
    owner("DELETE FROM agencies_membership WHERE user_id = %s AND group_id = %s", world.users["mills"].pk, south)
    address = f"/cases/{world.joint.uuid}/reassign/"
    page = mills.get(address).content.decode()
    sent = {"unit": south, "officer": world.users["quist"].pk, "reason": "Moved", "seen": hidden(page, "seen")}
    wrong = mills.send(address, page, {**sent, "officer": world.users["olsen"].pk})
    assert "The officer does not work in the case’s unit." in text(wrong)
    with leaves(changes=1, events=1):
        assert mills.send(address, page, sent)["Location"] == "/cases/"
    assert mills.get(address).status_code == 404


def test_a_case_of_a_closed_unit_goes_to_another_officer_and_stays_in_it(world: World) -> None:
    north, pratt = world.units["probation/north"].pk, world.users["pratt"].pk
    owner("UPDATE agencies_unit SET closed_at = now() WHERE group_id = %s", north)
    root = world.units["probation/root"].pk
    owner("UPDATE agencies_membership SET group_id = %s WHERE user_id = %s", root, pratt)
    mills = Visitor(world.users["mills"])
    address = f"/cases/{world.joint.uuid}/reassign/"
    page = mills.get(address).content.decode()
    sent = {"unit": north, "officer": pratt, "reason": "Unit closed", "seen": hidden(page, "seen")}
    assert mills.send(address, page, sent).status_code == 302
    assert rows("SELECT unit_id, officer_id FROM cases_case WHERE id = %s", [world.joint.pk]) == [
        {"unit_id": north, "officer_id": pratt}
    ]


def test_addresses_are_confirmed_and_ended_by_one_press(world: World) -> None:
    address = f"/cases/{world.joint.uuid}/addresses/"
    olsen = Visitor(world.users["olsen"])
    page = olsen.get(address).content.decode()
    assert "Never confirmed" in page
    [home] = rows("SELECT uuid FROM cases_address WHERE person_id = %s", [world.joint.person_id])
    for act in ("confirm", "end"):
        with leaves(changes=1, events=1):
            assert olsen.send(f"{address}{home['uuid']}/{act}/", page)["Location"] == address
    assert "Ended" in text(olsen.get(address))
    new = {"kind": "work", "street": "9 Mill Lane", "city": "Riverton", "state": "fl", "token": hidden(page, "token")}
    with leaves(changes=1, events=1):
        olsen.send(address, page, new)
        olsen.send(address, page, new)
        other = olsen.send(address, page, {**new, "street": "11 Mill Lane"})
    assert other.status_code == 400
    assert "This form was used already. Open it again." in text(other)
