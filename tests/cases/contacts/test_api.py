"""Contacts over the API."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from tests.calls import V1, bearer, send, signed_in, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def listed(case: Any) -> str:
    return f"{V1}/cases/{case.uuid}/contacts/"


def body(**changed: Any) -> dict[str, Any]:
    at = (timezone.now() - datetime.timedelta(hours=2)).isoformat()
    return {"kind": "TRAFFIC_STOP", "occurred_at": at, "note": "Tail light.", **changed}


def test_a_partners_system_records_and_both_sides_read(world: World) -> None:
    system, owner = bearer(world.users["system"]), signed_in(world.users["olsen"])
    made = send(system, "POST", listed(world.joint), body(location="FIELD", outcome="NO_ACTION"))
    assert made.status_code == 201
    told = made.json()
    assert (told["kind"], told["location"], told["audience"], told["version"]) == ("TRAFFIC_STOP", "FIELD", "BOTH", 1)
    assert send(owner, "GET", told["url"]).json() == told
    assert told["id"] in [row["id"] for row in send(owner, "GET", listed(world.joint)).json()["results"]]


@pytest.mark.parametrize(
    ("who", "case", "notes", "own_only"),
    [
        ("olsen", "joint", ["Came on time with the pay slip.", "The sister called."], False),
        ("reyes", "joint", ["Came on time with the pay slip.", "With two friends."], False),
        ("patel", "joint", [], True),
        ("carter", "referred", ["First session."], True),
        ("tran", "referred", ["First session."], False),
        ("olsen", "referred", [], False),
    ],
)
def test_each_caller_lists_what_keys_side_and_pen_open(
    world: World, who: str, case: str, notes: list[str], own_only: bool
) -> None:
    answer = send(signed_in(world.users[who]), "GET", listed(getattr(world, case))).json()
    assert sorted(row["note"] for row in answer["results"]) == sorted(notes)
    assert answer["own_only"] is own_only


def test_a_role_that_neither_reads_nor_adds_is_refused(world: World) -> None:
    assert send(signed_in(world.users["dispatch"]), "GET", listed(world.joint)).status_code == 403


def test_pages_follow_each_other(world: World) -> None:
    client = signed_in(world.users["olsen"])
    first = send(client, "GET", listed(world.joint) + "?limit=1").json()
    second = send(client, "GET", first["next"]).json()
    assert second["next"] is None
    assert [page["results"][0]["note"] for page in (first, second)] == [
        "The sister called.",
        "Came on time with the pay slip.",
    ]


def test_a_correction_names_the_version_it_saw_and_why(world: World) -> None:
    client = signed_in(world.users["olsen"])
    address = f"{listed(world.joint)}{world.contacts[0].uuid}/"
    tag = send(client, "GET", address)["ETag"]
    assert send(client, "PATCH", address, {"note": "Late.", "reason": "x"}).status_code == 428
    assert send(client, "PATCH", address, {"note": "Late."}, If_Match=tag).status_code == 400
    done = send(client, "PATCH", address, {"note": "Late.", "reason": "The clock"}, If_Match=tag)
    assert (done.status_code, done.json()["version"]) == (200, 2)
    passed = send(client, "PATCH", address, {"note": "Early.", "reason": "x"}, If_Match=tag)
    assert (passed.status_code, passed["ETag"]) == (412, done["ETag"])
    versions = send(signed_in(world.users["reyes"]), "GET", f"{address}versions/").json()["results"]
    assert [(row["version"], row["values"]["note"], row["reason"]) for row in versions] == [
        (2, "Late.", "The clock"),
        (1, "Came on time with the pay slip.", ""),
    ]
    assert versions[0]["values"]["kind"] == "OFFICE_VISIT"


def test_withdrawing_says_who_and_why(world: World) -> None:
    client = signed_in(world.users["olsen"])
    address = f"{listed(world.joint)}{world.contacts[0].uuid}/"
    done = send(client, "POST", f"{address}withdraw/", {"reason": "Wrong person"})
    assert done.status_code == 200
    assert done.json()["withdrawn"]["reason"] == "Wrong person"
    assert done.json()["withdrawn"]["by"] == "PO Olsen"
    assert send(client, "PATCH", address, {"note": "x", "reason": "y"}, If_Match=done["ETag"]).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "GOSSIP"},
        {"kind": 22},
        {"occurred_at": "2199-01-01T00:00:00Z"},
        {"occurred_at": "2026-01-01T10:00:00"},  # ten o'clock where?
        {"occurred_at": None},
        {"note": "x" * 12_001},
        {"audience": "POLICE"},
        {"author": "me"},
    ],
)
def test_what_cannot_be_used_is_named(world: World, wrong: dict[str, Any]) -> None:
    answer = send(signed_in(world.users["olsen"]), "POST", listed(world.joint), body(**wrong))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"#/{next(iter(wrong))}"


def test_a_contact_is_found_under_its_own_case_alone(world: World) -> None:
    client = signed_in(world.users["olsen"])
    assert send(client, "GET", f"{listed(world.suspect)}{world.contacts[0].uuid}/").status_code == 404


def test_reading_is_recorded(world: World) -> None:
    send(signed_in(world.users["reyes"]), "GET", f"{listed(world.joint)}{world.contacts[0].uuid}/")
    assert ("contact", 16) in trail("read", "action, categories")
