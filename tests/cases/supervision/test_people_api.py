"""The list of people over the API: whom the caller sees by some case, each once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import services
from tests.calls import V1, bearer, signed_in, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

PEOPLE = f"{V1}/people/"


def listed(client: Any, **asked: Any) -> list[dict[str, Any]]:
    """Everybody the caller is told of, page by page."""
    found, address = [], PEOPLE
    while address:
        response = client.get(address, asked if address == PEOPLE else None)
        assert response.status_code == 200, response.content
        found += response.json()["results"]
        address = response.json()["next"]
    return found


def surnames(rows: list[dict[str, Any]]) -> list[str]:
    """Their family names, in order."""
    return [row["name"]["sur"] for row in rows]


def one_person_for(world: World, *numbers: int) -> None:
    """Makes these cases, latest change first, those of the first one's person."""
    for age, number in enumerate(numbers):
        services.owner(
            "UPDATE cases_case SET person_id = %s, updated_at = now() - %s * interval '1 minute' WHERE id = %s",
            world.cases[numbers[0]].person_id, age, world.cases[number].pk,
        )  # fmt: skip


def test_everybody_seen_by_a_case_is_listed_once_and_nobody_else(world: World) -> None:
    for who, numbers in {
        "olsen": set(range(14)),
        "quist": set(range(14, 20)),
        "reyes": {n for n in range(16) if n != 1},
        "carter": {3},
        "admin": set(),
    }.items():
        people = {str(world.cases[n].person.uuid) for n in numbers}
        for limit in (200, 3):
            rows = [row["id"] for row in listed(signed_in(world.users[who]), limit=limit)]
            assert sorted(rows) == sorted(people), (who, limit)


def test_a_person_with_two_cases_stands_where_the_latest_does(world: World) -> None:
    one_person_for(world, 5, 9)
    rows = listed(signed_in(world.users["olsen"]), limit=1)
    assert rows[0]["id"] == str(world.cases[5].person.uuid)
    assert [case["id"] for case in rows[0]["cases"]] == [str(world.cases[n].uuid) for n in (5, 9)]
    assert len({row["id"] for row in rows}) == len(rows) == 13


def test_a_case_that_is_hidden_neither_shows_nor_moves_its_person(world: World) -> None:
    one_person_for(world, 1, 9)  # the first is restricted: reyes knows of the second alone
    rows = listed(signed_in(world.users["reyes"]), limit=1)
    (row,) = [row for row in rows if row["id"] == str(world.cases[1].person.uuid)]
    assert [case["number"] for case in row["cases"]] == [world.cases[9].number]
    assert world.cases[1].number not in str(rows)


def test_name_and_contact_tells_the_name_alone(world: World) -> None:
    (row,) = listed(signed_in(world.users["carter"]))
    assert surnames([row]) == ["Souza"]
    assert [row[field] for field in ("birth_date", "sex", "race")] == [None, None, None]
    assert [case["number"] for case in row["cases"]] == [None]
    assert world.referred.number not in str(row)
    assert listed(signed_in(world.users["carter"]), status="ACTIVE") == []


def test_a_status_is_that_of_some_case(world: World) -> None:
    quist = signed_in(world.users["quist"])
    assert [row["id"] for row in listed(quist, status="ABSCONDER")] == [str(world.cases[16].person.uuid)]
    # The latest case has another status: the person stands where the one does that has it.
    one_person_for(world, 14, 16)
    (row,) = listed(quist, status="ABSCONDER")
    assert [case["id"] for case in row["cases"]] == [str(world.cases[n].uuid) for n in (14, 16)]
    assert quist.get(PEOPLE, {"status": "NOPE"}).status_code == 400


def test_a_page_costs_the_same_at_five_people_and_at_all_and_is_one_read(world: World) -> None:
    system = bearer(world.users["system"])
    costs = []
    for limit in (5, 50):
        with CaptureQueriesContext(connection) as captured:
            assert len(system.get(PEOPLE, {"limit": limit}).json()["results"]) >= 5
        costs.append(len(captured))
    assert costs[0] == costs[1] <= 9, "\n".join(query["sql"] for query in captured.captured_queries)
    assert trail("read", "action, cardinality(record_ids)")[0] == ("list", 5)
