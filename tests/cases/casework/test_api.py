"""Opening, changing and closing cases over the API: the same services, from the version that was read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.calls import V1, send, signed_in
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def new_case(world: World, **more: Any) -> dict[str, Any]:
    """A body that opens a case of a new person."""
    person = {"local_id": "P90001", "given_name": "Anna", "family_name": "Novak", "birth_date": "1991-05-04"}
    unit = world.units["probation/north"].pk
    return {"number": "C90001", "type": "PROBATION", "person": person, "unit": unit, **more}


def test_a_case_is_opened_and_read_back(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    body = new_case(
        world,
        officer="pratt@example.org",
        identifiers=[{"kind": "state_id", "value": "FL7"}],
        home={"street": "1 Oak Street", "city": "Riverton", "state": "FL"},
    )
    opened = send(olsen, "POST", f"{V1}/cases/", body)
    assert opened.status_code == 201
    shown = opened.json()
    assert shown["person"]["name"]["sur"] == "Novak"
    assert shown["officer_of_record"]["email"] == "pratt@example.org"
    assert [row["value"] for row in shown["identifiers"]] == ["FL7"]
    assert [row["street"] for row in shown["addresses"]] == ["1 Oak Street"]
    assert send(olsen, "GET", shown["url"])["ETag"] == opened["ETag"]


def test_who_resembles_a_known_person_needs_a_word(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    tobias = {"local_id": "P90001", "given_name": "Tobias", "family_name": "Hallett", "birth_date": "1980-03-09"}
    body = new_case(world, person=tobias)
    refused = send(olsen, "POST", f"{V1}/cases/", body)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "#/not_a_duplicate"
    assert send(olsen, "POST", f"{V1}/cases/", {**body, "not_a_duplicate": True}).status_code == 201
    person = owner("SELECT uuid FROM cases_person WHERE id = %s", world.joint.person_id)[0][0]
    second = {name: value for name, value in body.items() if name != "person"}
    assert send(olsen, "POST", f"{V1}/cases/", {**second, "number": "C2", "person_id": person}).status_code == 201
    assert send(olsen, "POST", f"{V1}/cases/", second).status_code == 400


@pytest.mark.parametrize("officer", ["reyes@example.org", "quist@example.org", "nobody@example.org"])
def test_an_officer_who_works_elsewhere_is_refused(world: World, officer: str) -> None:
    answer = send(signed_in(world.users["olsen"]), "POST", f"{V1}/cases/", new_case(world, officer=officer))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/officer"


def test_a_case_is_changed_from_the_answer_that_was_read(world: World) -> None:
    olsen, address = signed_in(world.users["olsen"]), f"{V1}/cases/{world.joint.uuid}/"
    tag = send(olsen, "GET", address)["ETag"]
    assert send(olsen, "PATCH", address, {"level": "HIGH"}).status_code == 428
    changed = send(olsen, "PATCH", address, {"level": "HIGH", "review_due": None}, If_Match=tag)
    assert changed.status_code == 200
    assert changed.json()["supervision"]["level"] == "HIGH"
    passed = send(olsen, "PATCH", address, {"level": "LIMITED"}, If_Match=tag)
    assert (passed.status_code, passed["ETag"]) == (412, changed["ETag"])
    closing = send(olsen, "PATCH", address, {"status": "COMPLETED"}, If_Match=changed["ETag"])
    assert (closing.status_code, closing.json()["errors"][0]["pointer"]) == (400, "#/status")
    assert send(olsen, "PATCH", address, {"unit": 1}, If_Match=changed["ETag"]).status_code == 400


def test_a_person_is_changed_from_the_version_that_was_read(world: World) -> None:
    olsen, address = signed_in(world.users["olsen"]), f"{V1}/cases/{world.joint.uuid}/person/"
    read = send(olsen, "GET", address)
    assert read.json()["aliases"] == [{"kind": "alias", "given": "Ace", "middle": "", "sur": "Of Spades"}]
    body = {"given_name": "Toby", "aliases": [], "identifiers": [{"kind": "fbi", "value": "F1"}]}
    changed = send(olsen, "PATCH", address, body, If_Match=read["ETag"])
    assert changed.status_code == 200
    assert (changed.json()["given_name"], changed.json()["aliases"]) == ("Toby", [])
    assert [row["kind"] for row in changed.json()["identifiers"]] == ["fbi"]
    assert send(olsen, "PATCH", address, body, If_Match=read["ETag"]).status_code == 412


def test_closing_and_reopening(world: World) -> None:
    mills, case = signed_in(world.users["mills"]), f"{V1}/cases/{world.joint.uuid}"
    end = {"status": "COMPLETED_EARLY", "closed_on": "2026-11-01", "reason": "Term ended early"}
    assert send(mills, "POST", f"{case}/close/", {**end, "status": "ACTIVE"}).status_code == 400
    closed = send(mills, "POST", f"{case}/close/", end)
    assert closed.json()["supervision"]["status"] == "COMPLETED_EARLY"
    assert send(mills, "POST", f"{case}/close/", end).status_code == 400
    opened = send(mills, "POST", f"{case}/reopen/", {"reason": "New order"})
    assert opened.json()["supervision"]["status"] == "ACTIVE"


def test_addresses(world: World) -> None:
    olsen, address = signed_in(world.users["olsen"]), f"{V1}/cases/{world.joint.uuid}/addresses/"
    made = send(olsen, "POST", address, {"street": "9 Mill Lane", "city": "Riverton", "state": "FL"}).json()
    ended = send(olsen, "POST", f"{address}{made['id']}/end/").json()
    assert ended["ended_on"] is not None
    assert send(olsen, "POST", f"{address}{made['id']}/confirm/").status_code == 400
    assert len(send(olsen, "GET", address).json()["results"]) == 2
