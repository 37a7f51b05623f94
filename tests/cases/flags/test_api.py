"""Flags and cautions over the API."""

from __future__ import annotations

import pytest

from tests.calls import V1, send, signed_in, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def test_a_flag_is_set_reviewed_from_a_version_and_ended(world: World) -> None:
    olsen, reyes = signed_in(world.users["olsen"]), signed_in(world.users["reyes"])
    address = f"{V1}/cases/{world.joint.uuid}/flags/"
    body = {"kind": "veteran", "basis": "self_report", "evidence": "Papers", "audience": "BOTH", "level": "LOW"}
    assert send(olsen, "POST", address, {"kind": "veteran"}).status_code == 400
    made = send(olsen, "POST", address, body)
    assert made.status_code == 201, made.content
    flag = made.json()
    assert (flag["set_by"], flag["agency"]["short_name"]) == ("PO Olsen", "Pine Probation")
    again = send(olsen, "POST", address, body)
    assert again.json()["errors"][0]["pointer"] == "#/kind"

    review = {"note": "Seen the papers"}
    assert send(olsen, "PATCH", flag["url"], review).status_code == 428
    assert send(reyes, "PATCH", flag["url"], review, If_Match=reyes.get(flag["url"])["ETag"]).status_code == 403
    reviewed = send(olsen, "PATCH", flag["url"], review, If_Match=made["ETag"])
    assert (reviewed.status_code, reviewed.json()["review_note"]) == (200, "Seen the papers")
    stale = send(olsen, "PATCH", flag["url"], review, If_Match=made["ETag"])
    assert (stale.status_code, stale["ETag"]) == (412, reviewed["ETag"])

    assert send(reyes, "POST", f"{flag['url']}end/", {"reason": "x"}).status_code == 403
    ended = send(olsen, "POST", f"{flag['url']}end/", {"reason": "Another's papers"}).json()
    assert (ended["ended_by"], ended["end_reason"]) == ("PO Olsen", "Another's papers")
    assert [verb for (verb,) in trail("change", "verb")] == ["flag.set", "flag.reviewed", "flag.ended"]


def test_lists_keep_to_the_callers_side(world: World) -> None:
    address = f"{V1}/cases/{world.joint.uuid}/flags/"
    kinds = {
        who: {flag["kind"] for flag in signed_in(world.users[who]).get(address).json()["results"]}
        for who in ("olsen", "reyes")
    }
    assert kinds == {"olsen": {"prolific", "mental_illness"}, "reyes": {"prolific", "stalking"}}
    assert signed_in(world.users["olsen"]).get(f"{V1}/flags/{world.flags[2].uuid}/").status_code == 404


def test_a_caution_is_the_owners_to_add_and_everybodys_to_see(world: World) -> None:
    olsen, patel = signed_in(world.users["olsen"]), signed_in(world.users["patel"])
    address = f"{V1}/cases/{world.joint.uuid}/cautions/"
    body = {"text": "Needles", "review_due": str(world.flags[0].review_on)}
    assert send(patel, "POST", address, body).status_code == 403
    made = send(olsen, "POST", address, body)
    assert made.status_code == 201, made.content
    assert "Needles" in {caution["text"] for caution in patel.get(address).json()["results"]}
    again = {"note": "Still so", "review_due": str(world.flags[0].review_on)}
    reviewed = send(olsen, "PATCH", made.json()["url"], again, If_Match=made["ETag"])
    assert reviewed.json()["version"] == 2
    assert send(olsen, "POST", f"{made.json()['url']}end/", {"reason": "Clean"}).status_code == 200
