"""Changing, closing and reopening a case, and the details of its person: by whom, and what it leaves behind."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from cases.people.models import Address, Alias, Identifier, Person
from cases.people.services import add_address, confirm_address, end_address, update_person
from cases.plans.services import update_goal
from cases.supervision.codes import SupervisionStatus
from cases.supervision.models import Case
from cases.supervision.services import close_case, reopen_case, state_of, update_case
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from tests.access.acts import act, leaves
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

WHO_MAY_NOT = [
    ("reyes", NotAllowed),
    ("stone", NotAllowed),
    ("patel", NotAllowed),
    ("quist", NotVisible),
    ("carter", NotVisible),
    ("admin", NotVisible),
]


def change(world: World, who: str = "olsen", *, seen: str | None = None, **changes: Any) -> Case:
    """Lets somebody change the joint case."""
    changed: Case = act(
        world,
        who,
        lambda actor: update_case(
            actor=actor, case_uuid=world.joint.uuid, changes=changes, seen=seen or state_of(world.joint)
        ),
    )
    return changed


def close(world: World, who: str = "mills", **asked: Any) -> Case:
    """Lets somebody close the joint case."""
    values = {
        "status": SupervisionStatus.COMPLETED, "closed_on": timezone.localdate(), "reason": "Term ended",
        "seen": state_of(world.joint), **asked,
    }  # fmt: skip
    closed: Case = act(world, who, lambda actor: close_case(actor=actor, case_uuid=world.joint.uuid, **values))
    return closed


def test_a_change_leaves_one_change_one_event_and_the_keys_copies(world: World) -> None:
    with leaves(changes=1, events=1):
        case = change(world, supervision_level=7, risk_level=4, next_review=None)
    assert (case.supervision_level, case.version) == (7, 2)
    verb, before, after = owner("SELECT verb, before, after FROM agencies_change ORDER BY id DESC LIMIT 1")[0]
    assert (verb, before, after) == (
        "case.changed",
        {"supervision_level": 0, "risk_level": 0},
        {"supervision_level": 7, "risk_level": 4},
    )
    assert owner("SELECT DISTINCT risk_level FROM cases_casekey WHERE content_object_id = %s", case.pk) == [(4,)]
    with leaves():
        assert change(world, seen=state_of(case), supervision_level=7).version == 2


@pytest.mark.parametrize(("who", "error"), WHO_MAY_NOT)
def test_others_change_nothing(world: World, who: str, error: type[Exception]) -> None:
    with leaves(), pytest.raises(error):
        change(world, who, supervision_level=7)


def test_a_stale_edit_is_refused_and_a_changed_goal_makes_none_stale(world: World) -> None:
    act(
        world,
        "reyes",
        lambda a: update_goal(actor=a, goal_uuid=world.goals[0].uuid, changes={"progress_now": 1}, seen_version=1),
    )
    change(world, supervision_level=7)
    with leaves(), pytest.raises(Stale) as stale:
        change(world, offense="Robbery")
    assert stale.value.current.supervision_level == 7  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"status": 8}, "status"),
        ({"status": 77}, "status"),
        ({"unit_id": 1}, "unit_id"),
        ({"restricted": True}, "restricted"),
        ({"term_end": datetime.date(2000, 1, 1)}, "term_end"),
        ({"supervision_level": 99}, "supervision_level"),
        ({"offense": "x" * 121}, "offense"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(world: World, changes: dict[str, Any], field: str) -> None:
    with leaves(), pytest.raises(Refused) as refusal:
        change(world, **changes)
    assert refusal.value.field == field


# --- Closing ----------------------------------------------------------------------------------------------------------


def test_closing_and_reopening(world: World) -> None:
    with leaves(changes=1, events=1):
        closed = close(world)
    assert (closed.status, closed.closed_on, closed.is_open) == (8, timezone.localdate(), False)
    with pytest.raises(Refused, match="Reopen"):
        change(world, seen=state_of(closed), status=1)
    with leaves(), pytest.raises(Refused, match="closed already"):
        close(world, seen=state_of(closed))

    def reopen(who: str, seen: Case) -> Case:
        reopened: Case = act(
            world,
            who,
            lambda a: reopen_case(actor=a, case_uuid=world.joint.uuid, reason="New order", seen=state_of(seen)),
        )
        return reopened

    with leaves(), pytest.raises(NotAllowed):
        reopen("olsen", closed)
    with leaves(changes=1, events=1):
        opened = reopen("mills", closed)
    assert (opened.status, opened.closed_on) == (1, None)
    with pytest.raises(Stale):
        reopen("mills", closed)
    with leaves():
        assert reopen("mills", opened).version == opened.version


@pytest.mark.parametrize(("who", "error"), [("olsen", NotAllowed), *WHO_MAY_NOT])
def test_only_who_manages_the_case_closes_it(world: World, who: str, error: type[Exception]) -> None:
    with leaves(), pytest.raises(error):
        close(world, who)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"status": 2}, "status"),
        ({"status": 77}, "status"),
        ({"closed_on": datetime.date(2100, 1, 1)}, "closed_on"),
        ({"closed_on": datetime.date(2000, 1, 1)}, "closed_on"),
        ({"reason": " "}, "reason"),
    ],
)
def test_a_case_is_closed_for_a_reason_on_a_day_that_was(world: World, asked: dict[str, Any], field: str) -> None:
    with leaves(), pytest.raises(Refused) as refusal:
        close(world, **asked)
    assert refusal.value.field == field


# --- The person -------------------------------------------------------------------------------------------------------


def amend(world: World, who: str = "olsen", *, seen: int = 1, **asked: Any) -> Person:
    """Lets somebody change the details of the joint case's person."""
    changed: Person = act(
        world,
        who,
        lambda a: update_person(
            actor=a, record_uuid=world.joint.uuid, seen_version=seen, **{"changes": {}, "reason": "", **asked}
        ),
    )
    return changed


def test_details_numbers_and_names_change_at_once(world: World) -> None:
    with leaves(changes=1, events=1):
        person = amend(
            world,
            changes={"given_name": "Toby", "birth_date": datetime.date(1980, 3, 10)},
            numbers={"state_id": "FL999", "fbi": "F1"},
            aliases=[{"given_name": "Tobi", "family_name": "Hall"}, {"given_name": "", "family_name": " "}],
        )
    assert person.version == 2
    whole = {"person_id": person.pk}
    parts = act(
        world,
        "olsen",
        lambda a: (
            set(Identifier.objects.permitted(a).filter(**whole).values_list("kind", "value")),
            list(Alias.objects.permitted(a).filter(**whole).values_list("given_name", "family_name")),
        ),
    )
    assert parts == ({("state_id", "FL999"), ("fbi", "F1")}, [("Tobi", "Hall")])
    after = owner("SELECT after FROM agencies_change ORDER BY id DESC LIMIT 1")[0][0]
    assert after == {
        "given_name": "Toby", "birth_date": "1980-03-10", "state_id": "FL999", "fbi": "F1", "aliases": ["Tobi Hall"],
    }  # fmt: skip
    assert act(world, "olsen", lambda a: Case.objects.search(a, words=["tobi"]))
    with leaves():
        assert amend(world, seen=2, changes={"given_name": "Toby"}).version == 2
    with leaves(), pytest.raises(Stale):
        amend(world, seen=1, changes={"given_name": "Tobias"})


@pytest.mark.parametrize(("who", "error"), WHO_MAY_NOT)
def test_others_change_no_details(world: World, who: str, error: type[Exception]) -> None:
    with leaves(), pytest.raises(error):
        amend(world, who, changes={"given_name": "Toby"})
    with leaves(), pytest.raises(error):
        act(world, who, lambda a: add_address(actor=a, record_uuid=world.joint.uuid, values={}))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"changes": {"family_name": ""}}, "family_name"),
        ({"changes": {"sex": "?"}}, "sex"),
        ({"changes": {"local_id": "P1"}}, "local_id"),
        ({"numbers": {"fbi": "9" * 41}}, "value"),
        ({"aliases": [{"given_name": "x" * 61}]}, "given_name"),
    ],
)
def test_details_that_cannot_be_are_refused(world: World, asked: dict[str, Any], field: str) -> None:
    with leaves(), pytest.raises(Refused) as refusal:
        amend(world, **asked)
    assert refusal.value.field == field


def test_addresses_are_added_confirmed_and_ended(world: World) -> None:
    case = {"record_uuid": world.joint.uuid}
    new = {"kind": "work", "street": "9 Mill Lane", "city": "Riverton", "state": "FL"}
    with leaves(changes=1, events=1):
        made = act(world, "olsen", lambda a: add_address(actor=a, values=new, **case))
    with leaves():  # confirmed when it was added
        act(world, "olsen", lambda a: confirm_address(actor=a, address_uuid=made.uuid, **case))
    with leaves(changes=1, events=1):
        act(world, "olsen", lambda a: end_address(actor=a, address_uuid=made.uuid, **case))
    with leaves():
        act(world, "olsen", lambda a: end_address(actor=a, address_uuid=made.uuid, **case))
    with leaves(), pytest.raises(Refused):
        act(world, "olsen", lambda a: confirm_address(actor=a, address_uuid=made.uuid, **case))
    other = Address(uuid=owner("SELECT uuid FROM cases_address WHERE person_id = %s", world.cases[3].person_id)[0][0])
    with leaves(), pytest.raises(NotVisible):
        act(world, "olsen", lambda a: end_address(actor=a, address_uuid=other.uuid, **case))


# --- The second wall --------------------------------------------------------------------------------------------------


def forced(world: World, who: str, statement: str) -> int:
    """How many rows somebody changes with a statement of their own; -1 where the database refuses it."""

    def attempt(actor: Actor) -> int:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
                return int(cursor.rowcount)
        except ProgrammingError:
            return -1

    return int(act(world, who, attempt))


def test_the_database_asks_for_itself(world: World) -> None:
    case, person = f"WHERE id = {world.joint.pk}", f"WHERE id = {world.joint.person_id}"
    for column in ("supervision_level = 7", "term_end = NULL", "next_review = '2027-01-01'", "status = 2"):
        assert forced(world, "olsen", f"UPDATE cases_case SET {column} {case}") == 1, column
        assert forced(world, "reyes", f"UPDATE cases_case SET {column.replace('7', '6')}, offense = 'x' {case}") == -1
        assert forced(world, "quist", f"UPDATE cases_case SET {column} {case}") == 0
    for close_by in ("status = 8", "closed_on = '2026-11-01'"):
        assert forced(world, "olsen", f"UPDATE cases_case SET {close_by} {case}") == -1
        assert forced(world, "mills", f"UPDATE cases_case SET {close_by} {case}") == 1
    assert forced(world, "reyes", f"UPDATE cases_case SET updated_at = now() {case}") == 1  # the move of a list
    assert forced(world, "olsen", f"UPDATE cases_person SET given_name = 'Toby' {person}") == 1
    for who in ("reyes", "patel", "quist", "admin"):
        assert forced(world, who, f"UPDATE cases_person SET given_name = 'Mine' {person}") == 0
        for table in ("cases_alias", "cases_identifier"):
            assert forced(world, who, f"DELETE FROM {table} WHERE person_id = {world.joint.person_id}") == 0
        alias = f"(gen_random_uuid(), {world.joint.person_id}, 'x', '', 'x', 'alias')"
        columns = "(uuid, person_id, given_name, middle_name, family_name, kind)"
        assert forced(world, who, f"INSERT INTO cases_alias {columns} VALUES {alias}") == -1
        assert forced(world, who, "UPDATE cases_address SET street = 'x'") == 0
