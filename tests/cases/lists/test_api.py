"""The same over the API."""

from __future__ import annotations

import csv
import io

import pytest

from tests.calls import V1, send, signed_in, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def test_filters_are_kept_listed_and_removed(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    body = {"name": "High", "scope": "unit", "status": ["ACTIVE"], "risk_level": ["HIGH"]}
    made = send(olsen, "POST", f"{V1}/case-filters/", body)
    assert made.status_code == 201, made.content
    assert {name: made.json()[name] for name in body} == body
    assert [row["name"] for row in olsen.get(f"{V1}/case-filters/").json()["results"]] == ["High"]
    assert signed_in(world.users["pratt"]).get(f"{V1}/case-filters/").json()["results"] == []
    assert send(olsen, "POST", f"{V1}/case-filters/", body).status_code == 400
    removed = send(olsen, "POST", f"{V1}/case-filters/{made.json()['id']}/remove/", {})
    assert removed.status_code == 204
    assert olsen.get(f"{V1}/case-filters/").json()["results"] == []


def test_the_units_cases_are_asked_for_by_officer(world: World) -> None:
    mills, pratt = signed_in(world.users["mills"]), world.users["pratt"]
    listed = mills.get(f"{V1}/cases/?scope=unit&officer={pratt.pk}&count=true").json()
    assert listed["count"] == 7
    body = {"name": "Hers", "scope": "unit", "officer": pratt.pk}
    made = send(mills, "POST", f"{V1}/case-filters/", body).json()
    assert {name: made[name] for name in body} == body
    file = send(mills, "POST", f"{V1}/cases/export/", {"purpose": "supervision", "scope": "unit", "officer": pratt.pk})
    found = list(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
    assert len(found) == 7
    for officer, scope in (
        (world.users["reyes"].pk, "unit"),
        (2**80, "unit"),
        (pratt.pk, "shared"),
        (pratt.pk, "mine"),
    ):
        asked = {"scope": scope, "officer": officer}
        assert mills.get(f"{V1}/cases/", asked).status_code == 400, asked
        assert send(mills, "POST", f"{V1}/cases/export/", {"purpose": "supervision", **asked}).status_code == 400
        assert send(mills, "POST", f"{V1}/case-filters/", {"name": "X", **asked}).status_code == 400


def test_columns_are_chosen_and_recent_cases_listed(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    chosen = send(olsen, "POST", f"{V1}/case-columns/", {"columns": ["held", "risk"]})
    assert chosen.json() == olsen.get(f"{V1}/case-columns/").json() == {"columns": ["risk", "held"]}
    assert send(olsen, "POST", f"{V1}/case-columns/", {"columns": ["x"]}).status_code == 400
    olsen.get(f"{V1}/cases/{world.joint.uuid}/")
    (row,) = olsen.get(f"{V1}/cases/recent/").json()["results"]
    assert row["id"] == str(world.joint.uuid)


def test_a_file_of_named_cases_is_checked_and_recorded(world: World) -> None:
    reyes = signed_in(world.users["reyes"])
    body = {"purpose": "investigation", "cases": [str(world.joint.uuid), str(world.restricted.uuid)]}
    answer = send(reyes, "POST", f"{V1}/cases/export/", body)
    assert answer["Content-Type"].startswith("text/csv")
    found = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row["Case number"] for row in found] == [world.joint.number]
    assert ("export", "investigation", [world.joint.uuid]) in trail("read", "action, purpose, record_ids")
    assert send(reyes, "POST", f"{V1}/cases/export/", {"purpose": "fun"}).status_code == 400


def test_cases_are_reassigned_and_each_is_answered_for(world: World) -> None:
    mills = signed_in(world.users["mills"])
    body = {
        "cases": [str(world.joint.uuid), str(world.cases[18].uuid)],
        "officer": world.users["pratt"].email,
        "reason": "Leave",
    }
    answer = send(mills, "POST", f"{V1}/cases/reassign/", body).json()
    assert answer["changed"] == [str(world.joint.uuid)]
    assert [row["case"] for row in answer["refused"]] == [str(world.cases[18].uuid)]
    # Whether an address has an account elsewhere is not to be learnt: also not by a unit that is refused after it.
    unknown, elsewhere = (
        send(mills, "POST", f"{V1}/cases/reassign/", {**body, "officer": email, "unit": -1})
        for email in ("no@example.org", world.users["reyes"].email)
    )
    assert unknown.status_code == elsewhere.status_code == 400
    assert unknown.json()["errors"] == elsewhere.json()["errors"]
    assert send(signed_in(world.users["olsen"]), "POST", f"{V1}/cases/reassign/", body).status_code == 403
