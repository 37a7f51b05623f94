"""Appointments over the API: lists page by page, changes from the version that was read, and what each leaves."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.calls import V1, send, signed_in, trail
from tests.cases.appointments.test_pages import many
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def url(world: World, number: int = 0, act: str = "") -> str:
    return f"{V1}/appointments/{world.appointments[number].uuid}/{act}"


def of_joint(world: World) -> str:
    return f"{V1}/cases/{world.joint.uuid}/appointments/"


def later(days: int = 3) -> str:
    return (timezone.now() + datetime.timedelta(days=days)).isoformat()


def walked(client: Any, address: str | None) -> list[str]:
    """The ids of a list, page by page to its end."""
    found: list[str] = []
    while address:
        answer = client.get(address).json()
        found += [row["id"] for row in answer["results"]]
        address = answer["next"]
    return found


def test_a_cases_appointments_and_ones_own_are_listed_to_the_end(world: World) -> None:
    many(world, 9)
    olsen, reyes = signed_in(world.users["olsen"]), signed_in(world.users["reyes"])
    everything = walked(olsen, of_joint(world) + "?limit=4")
    assert len(everything) == len(set(everything)) == 12
    assert str(world.appointments[1].uuid) not in walked(reyes, of_joint(world))
    assert walked(reyes, f"{V1}/appointments/") == [str(world.appointments[2].uuid)]
    own = walked(olsen, f"{V1}/appointments/?limit=4")
    assert len(own) == 11
    assert own[0] == str(world.appointments[0].uuid)
    since = timezone.now().isoformat().replace("+00:00", "Z")
    assert str(world.appointments[0].uuid) not in walked(olsen, f"{V1}/appointments/?since={since}")
    cursor = olsen.get(of_joint(world) + "?limit=4").json()["next"].split("?")[1]
    assert olsen.get(f"{V1}/cases/{world.cases[2].uuid}/appointments/?{cursor}").status_code == 400


def test_a_list_costs_the_same_at_five_rows_and_at_fifty(world: World) -> None:
    many(world, 50)
    olsen = signed_in(world.users["olsen"])
    for address in (of_joint(world), f"{V1}/appointments/"):
        costs = []
        for limit in (5, 50):
            with CaptureQueriesContext(connection) as caught:
                assert len(olsen.get(address, {"limit": limit}).json()["results"]) == limit
            costs.append(len(caught))
        assert costs[0] == costs[1] <= 9, [query["sql"][:200] for query in caught.captured_queries]


def test_one_is_made_changed_and_ended_from_the_version_that_was_read(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    body = {"starts_at": later(), "kind": "home", "officer": "PRATT@example.org", "audience": "SUPERVISION"}
    made = send(olsen, "POST", of_joint(world), body)
    assert made.status_code == 201
    assert (made.json()["officer"], made.json()["audience"]) == ("pratt@example.org", "SUPERVISION")
    own = made.json()["url"]
    assert send(olsen, "PATCH", own, {"place": "Gate"}, If_Match='"9-1"').status_code == 412
    changed = send(olsen, "PATCH", own, {"place": "Gate"}, If_Match=made["ETag"])
    assert (changed.status_code, changed.json()["place"], changed.json()["version"]) == (200, "Gate", 2)
    assert send(olsen, "PATCH", own, {"starts_at": later()}, If_Match=changed["ETag"]).status_code == 400
    early = send(olsen, "POST", own + "outcome/", {"outcome": "attended_complied"}, If_Match=changed["ETag"])
    assert early.json()["errors"][0]["pointer"] == "#/outcome"
    moved = send(olsen, "POST", own + "move/", {"starts_at": later(5), "note": "Shift"}, If_Match=changed["ETag"])
    assert moved.status_code == 201
    assert moved.json()["replaces_url"] == own
    assert olsen.get(own).json()["replaced_by_url"] == moved.json()["url"]
    ended = send(olsen, "POST", moved.json()["url"] + "cancel/", {"note": "Sick"}, If_Match=moved["ETag"])
    assert (ended.status_code, ended.json()["outcome"], ended.json()["note"]) == (200, "canceled", "Sick")
    assert [verb for (verb,) in trail("change", "verb")] == [
        "appointment.made",
        "appointment.changed",
        "appointment.moved",
        "appointment.canceled",
    ]


def test_every_act_names_the_version_it_was_made_from(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    bodies = {
        "outcome/": {"outcome": "attended_complied"},
        "move/": {"starts_at": later(), "note": "x"},
        "cancel/": {"note": "x"},
    }
    for act, body in bodies.items():
        assert send(olsen, "POST", url(world, act=act), body).status_code == 428
        assert send(olsen, "POST", url(world, act=act), body, If_Match='"9-1"').status_code == 412
    recorded = send(
        olsen, "POST", url(world, act="outcome/"), bodies["outcome/"], If_Match=olsen.get(url(world))["ETag"]
    )
    assert (recorded.status_code, recorded.json()["outcome_by"]) == (200, "PO Olsen")


def test_what_it_replaced_is_told_to_those_alone_who_may_see_it(world: World) -> None:
    """The old one stays the supervision's own, the new one is opened to both: its link would tell of the old."""
    olsen = signed_in(world.users["olsen"])
    court = url(world, 1)
    body = {"starts_at": later(9), "note": "x"}
    moved = send(olsen, "POST", court + "move/", body, If_Match=olsen.get(court)["ETag"])
    send(olsen, "PATCH", moved.json()["url"], {"audience": "BOTH"}, If_Match=moved["ETag"])
    partner = signed_in(world.users["reyes"]).get(moved.json()["url"])
    assert partner.status_code == 200
    assert partner.json()["replaces_url"] is None


def test_whoever_may_not_is_told_no_more_than_they_may_know(world: World) -> None:
    body, tag = {"outcome": "attended_complied"}, '"1-1"'
    for who, status in (("reyes", 403), ("patel", 404), ("quist", 404), ("carter", 404)):
        answer = send(signed_in(world.users[who]), "POST", url(world, act="outcome/"), body, If_Match=tag)
        assert answer.status_code == status, who


def test_an_address_is_not_told_apart_from_a_strangers(world: World) -> None:
    """Whatever else is wrong with the call, and wherever the stranger works."""
    olsen = signed_in(world.users["olsen"])
    for body, pointer in (
        ({"starts_at": later()}, "#/officer"),
        ({"starts_at": "nonsense"}, "#/starts_at"),
        ({"starts_at": later(), "audience": "POLICE"}, "#/audience"),
        ({"starts_at": later(), "minutes": 1}, "#/minutes"),
    ):
        answers = [
            send(olsen, "POST", of_joint(world), {**body, "officer": address}).json()
            for address in ("x@y.zz", world.users["carter"].email)
        ]
        assert [answer["errors"] for answer in answers] == [answers[0]["errors"]] * 2
        assert answers[0]["errors"][0]["pointer"] == pointer
