"""Reassigning cases: keys follow, each case is asked about by itself, and the database asks again."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.supervision.bundles import BUNDLES
from cases.supervision.models import Case
from cases.supervision.services import Reassigned, reassign_case, reassign_cases, state_of
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from tests.access.acts import act, leaves
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def reassign(world: World, who: str, numbers: list[int], *, to: str | None, unit: str | None) -> Reassigned:
    """Lets somebody give the cases of these numbers to an officer and a unit."""
    done: Reassigned = act(
        world,
        who,
        lambda actor: reassign_cases(
            actor=actor,
            case_uuids=[world.cases[number].uuid for number in numbers],
            officer_id=world.users[to].pk if to else None,
            unit_id=world.units[unit].pk if unit else None,
            reason="Leaves the agency",
        ),
    )
    return done


def sees(world: World, who: str, number: int) -> bool:
    """Whether the case is in somebody's sight."""
    return bool(act(world, who, lambda a: Case.objects.visible_to(a).filter(pk=world.cases[number].pk).exists()))


def test_the_keys_follow_the_unit(world: World) -> None:
    assert sees(world, "olsen", 6)
    assert not sees(world, "quist", 6)
    with leaves(changes=1, events=1):
        done = reassign(world, "mills", [6], to="quist", unit="probation/south")
    assert done == Reassigned(changed=[world.cases[6].uuid])
    assert not sees(world, "olsen", 6)
    assert sees(world, "quist", 6)
    assert owner("SELECT unit_id, officer_id, version FROM cases_case WHERE id = %s", world.cases[6].pk) == [
        (world.units["probation/south"].pk, world.users["quist"].pk, 2)
    ]
    north = world.units["probation/north"].pk
    assert owner("SELECT verb, before, after, reason FROM agencies_change ORDER BY id DESC LIMIT 1") == [
        (
            "case.reassigned",
            {"unit": north, "officer": world.users["olsen"].pk},
            {"unit": world.units["probation/south"].pk, "officer": world.users["quist"].pk},
            "Leaves the agency",
        )
    ]


def test_a_unit_without_a_case_so_far_gets_an_owners_paper(world: World) -> None:
    owner("DELETE FROM cases_casekey WHERE group_id = %s", world.units["probation/south"].pk)
    owner("DELETE FROM sharing_grant WHERE kind = 'owner' AND group_id = %s", world.units["probation/south"].pk)
    reassign(world, "mills", [6], to="quist", unit="probation/south")
    assert sees(world, "quist", 6)
    masks = owner("SELECT DISTINCT mask FROM sharing_grant WHERE kind = 'owner'")
    assert masks == [(BUNDLES["own_case"].mask,)]


def test_each_case_is_asked_about_by_itself(world: World) -> None:
    """A caseload with cases of two units, one conflicted, one restricted, one there already, one of nobody."""
    hidden = uuid.uuid4()
    done: Reassigned = act(
        world,
        "mills",
        lambda actor: reassign_cases(
            actor=actor,
            case_uuids=[*(world.cases[n].uuid for n in (0, 1, 2, 3, 14)), hidden],
            officer_id=world.users["pratt"].pk,
            unit_id=None,
            reason="Cover",
        ),
    )
    why = {str(number): reason for number, reason in done.refused}
    assert done.changed == [world.cases[0].uuid]
    assert "conflict of interest" in why[str(world.cases[2].uuid)]
    assert "already" in why[str(world.cases[1].uuid)]
    assert "already" in why[str(world.cases[3].uuid)]
    assert "does not work in the case’s unit" in why[str(world.cases[14].uuid)]
    assert why[str(hidden)] == "There is no such case, or none that you may see."
    moved = reassign(world, "mills", [1, 5], to="quist", unit="probation/south")
    assert moved.changed == [world.cases[5].uuid]
    assert "not named" in moved.refused[0][1]


@pytest.mark.parametrize(
    ("who", "outcome"),
    [
        ("olsen", "Only a supervisor"),  # works the case, and does not manage it
        ("stone", "Only a supervisor"),  # sees it by a share
        ("quist", "no such case"),  # another unit of the same agency
        ("carter", "no such case"),
        ("admin", "no such case"),
    ],
)
def test_whoever_does_not_manage_the_case_cannot_move_it(world: World, who: str, outcome: str) -> None:
    before = owner("SELECT unit_id, officer_id, version FROM cases_case WHERE id = %s", world.joint.pk)

    def attempt(actor: Any) -> Reassigned:
        return reassign_cases(
            actor=actor, case_uuids=[world.joint.uuid], officer_id=None, unit_id=None, reason="Because"
        )

    with leaves():
        done: Reassigned = act(world, who, attempt)
    assert not done.changed
    assert outcome in done.refused[0][1]
    assert owner("SELECT unit_id, officer_id, version FROM cases_case WHERE id = %s", world.joint.pk) == before


@pytest.mark.parametrize(
    ("officer", "unit", "field"),
    [
        ("reyes", None, "officer"),  # of another agency
        ("admin", "probation/north", "officer"),  # works no cases
        ("nobody", None, "officer"),
        ("olsen", "police/gang", "unit"),
    ],
)
def test_a_wrong_target_is_refused_as_a_whole(world: World, officer: str, unit: str | None, field: str) -> None:
    with leaves(), pytest.raises(Refused) as refusal:
        reassign(world, "mills", [0], to=officer, unit=unit)
    assert refusal.value.field == field


def one(world: World, who: str, number: int, *, to: str, unit: str | None = None, seen: str | None = None) -> Case:
    """Lets somebody reassign one case."""
    done: Case = act(
        world,
        who,
        lambda actor: reassign_case(
            actor=actor,
            case_uuid=world.cases[number].uuid,
            officer_id=world.users[to].pk,
            unit_id=world.units[unit].pk if unit else None,
            reason="Because",
            seen=seen,
        ),
    )
    return done


def test_one_case_raises_what_many_report(world: World) -> None:
    with pytest.raises(Stale):
        one(world, "mills", 6, to="pratt", seen="7")
    with pytest.raises(NotAllowed):
        one(world, "olsen", 6, to="pratt")
    with pytest.raises(NotVisible):
        one(world, "quist", 6, to="quist")
    with pytest.raises(Refused, match="conflict"):
        one(world, "mills", 2, to="pratt")
    with leaves(changes=1, events=1):
        assert one(world, "mills", 6, to="pratt", seen=state_of(world.cases[6])).officer_id == world.users["pratt"].pk
    with leaves():
        assert one(world, "mills", 6, to="pratt").version == 2


def test_many_cost_what_few_cost(world: World) -> None:
    def count(numbers: list[int], to: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(reassign(world, "mills", numbers, to=to, unit=None).changed) == len(numbers)
        return len(queries)

    assert count([6, 8, 10], "pratt") == count([0, 4], "pratt") <= 14


def test_the_database_asks_for_itself(world: World) -> None:
    """Whatever our code forgets: who does not manage the case moves it nowhere, nor to another agency."""

    def outcome(who: str, unit: str, officer: str) -> str:
        def ask(actor: Any) -> str:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT outcome FROM case_reassign(ARRAY[%s]::bigint[], %s, %s)",
                    [world.joint.pk, world.units[unit].pk, world.users[officer].pk],
                )
                return str(cursor.fetchone()[0])

        return str(act(world, who, ask))

    assert outcome("olsen", "probation/south", "quist") == "not_yours"
    assert outcome("stone", "police/gang", "stone") == "not_yours"
    assert outcome("quist", "probation/south", "quist") == "not_yours"
    assert outcome("mills", "police/gang", "stone") == "unit"
    assert outcome("mills", "probation/south", "olsen") == "officer"
    assert outcome("mills", "probation/south", "reyes") == "officer"
    assert owner("SELECT unit_id FROM cases_case WHERE id = %s", world.joint.pk) == [
        (world.units["probation/north"].pk,)
    ]
