"""Opening a case by hand: where, of whom, after which question, and what the database refuses by itself."""

from __future__ import annotations

import datetime
import json
import uuid
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from cases.people.models import Address, Identifier
from cases.supervision.models import Case
from cases.supervision.services import PossibleDuplicate, open_case, possible_duplicates, units_to_open_in
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused
from tests.access.acts import act, leaves
from tests.pages import trail
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

ANNA: dict[str, Any] = {
    "local_id": "P90001",
    "given_name": "Anna",
    "family_name": "Novak",
    "birth_date": datetime.date(1991, 5, 4),
    "sex": "F",
}
CASE = {"number": "C90001", "kind": 1, "term_start": datetime.date(2026, 11, 1), "term_end": datetime.date(2028, 11, 1)}


def opened(world: World, who: str = "olsen", unit: str = "probation/north", **asked: Any) -> Case:
    """Lets somebody open a case of Anna Novak, who is new."""
    values = {"person": ANNA, "numbers": {}, "address": None, "case": CASE, "officer_id": None, **asked}
    done: Case = act(world, who, lambda a: open_case(actor=a, unit_id=world.units[unit].pk, **values))
    return done


def sees(world: World, who: str, case: Case) -> bool:
    """Whether the case is in somebody's sight."""
    return bool(act(world, who, lambda a: Case.objects.visible_to(a).filter(pk=case.pk).exists()))


def test_a_case_is_opened_with_its_owners_keys(world: World) -> None:
    home = {"street": "1 Oak Street", "city": "Riverton", "state": "FL"}
    with leaves(changes=1, events=1, keys=2):
        case = opened(world, numbers={"state_id": "FL1", "fbi": ""}, address=home, officer_id=world.users["olsen"].pk)
    assert [sees(world, who, case) for who in ("olsen", "pratt", "mills")] == [True, True, True]
    assert [sees(world, who, case) for who in ("quist", "reyes", "patel", "admin")] == [False] * 4

    def parts(actor: Actor) -> tuple[Any, ...]:
        person = {"person_id": case.person_id}
        return (
            list(Identifier.objects.permitted(actor).filter(**person).values_list("kind", "value")),
            Address.objects.permitted(actor).filter(**person).count(),
        )

    assert act(world, "pratt", parts) == ([("state_id", "FL1")], 1)
    assert (case.status, case.officer_id, case.restricted) == (1, world.users["olsen"].pk, False)
    assert len(act(world, "pratt", lambda a: Case.objects.search(a, words=["novak"]))) == 1


@pytest.mark.parametrize(
    ("who", "unit", "error"),
    [
        ("olsen", "probation/south", Refused),  # not their unit
        ("olsen", "probation/root", Refused),
        ("mills", "probation/root", Refused),  # manages two units, not the agency
        ("olsen", "police/gang", Refused),
        ("reyes", "police/gang", NotAllowed),
        ("carter", "provider/clinic", NotAllowed),
        ("admin", "probation/root", NotAllowed),
    ],
)
def test_cases_are_opened_in_ones_own_unit(world: World, who: str, unit: str, error: type[Exception]) -> None:
    with leaves(), pytest.raises(error):
        opened(world, who, unit)


def test_whoever_manages_the_agency_opens_anywhere_in_it(world: World) -> None:
    owner(
        "UPDATE agencies_membership SET role = 'supervisor' WHERE user_id = %s AND group_id = %s",
        world.users["admin"].pk,
        world.units["probation/root"].pk,
    )
    assert sees(world, "quist", opened(world, "admin", "probation/south"))
    assert len(act(world, "admin", units_to_open_in)) == 3


def test_an_agency_of_the_other_side_opens_no_cases(world: World) -> None:
    owner("UPDATE agencies_membership SET role = 'supervising_officer' WHERE user_id = %s", world.users["reyes"].pk)
    with leaves(), pytest.raises(NotAllowed):
        opened(world, "reyes", "police/gang")
    assert refused_by_the_database(world, "reyes", "police/gang")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"case": {**CASE, "number": "C00001"}}, "number"),
        ({"case": {**CASE, "number": ""}}, "number"),
        ({"case": {**CASE, "term_end": datetime.date(2026, 1, 1)}}, "term_end"),
        ({"person": {**ANNA, "family_name": ""}}, "family_name"),
        ({"person": {**ANNA, "local_id": "P00015"}, "not_a_duplicate": True}, "local_id"),  # of another unit
    ],
)
def test_what_cannot_be_is_refused_at_its_field(world: World, asked: dict[str, Any], field: str) -> None:
    with leaves(), pytest.raises(Refused) as refusal:
        opened(world, **asked)
    assert refusal.value.field == field


def test_an_officer_of_another_unit_is_refused(world: World) -> None:
    for officer in ("quist", "reyes", "admin"):
        with leaves(), pytest.raises(Refused) as refusal:
            opened(world, officer_id=world.users[officer].pk)
        assert refusal.value.field == "officer"


def test_the_same_form_sent_twice_opens_once(world: World) -> None:
    token = uuid.uuid4()
    with leaves(changes=1, events=1, keys=2):
        assert opened(world, case_uuid=token).pk == opened(world, case_uuid=token).pk


# --- Who may be the same person ---------------------------------------------------------------------------------------

TOBIAS = {**ANNA, "given_name": "tobias", "family_name": "HALLETT", "birth_date": datetime.date(1980, 3, 9)}


def test_a_new_person_who_resembles_a_known_one_needs_a_word(world: World) -> None:
    with leaves(), pytest.raises(PossibleDuplicate) as interruption:
        opened(world, person=TOBIAS)
    [found] = interruption.value.found
    assert (found.why, found.unit.name) == ("The same name and birth date", "North")
    assert found.case is not None
    assert found.case.uuid == world.joint.uuid
    assert opened(world, person=TOBIAS, not_a_duplicate=True).person_id != world.joint.person_id


def ask(world: World, who: str, person: dict[str, Any], **numbers: str) -> list[Any]:
    """Lets somebody ask who may be this person."""
    found: list[Any] = act(world, who, lambda a: possible_duplicates(actor=a, person=person, numbers=numbers))
    return found


def test_names_turned_round_aliases_and_numbers_are_noticed(world: World) -> None:
    turned = {**TOBIAS, "given_name": "Hallett", "family_name": "Tobias"}
    alias = {**TOBIAS, "given_name": "Ace", "family_name": "Of Spades"}
    for person in (turned, alias, {**ANNA, "local_id": "P00000"}):
        assert [row.case.uuid for row in ask(world, "olsen", person)] == [world.joint.uuid], person
    number = f"FL{world.joint.pk:08}"
    assert [row.why for row in ask(world, "olsen", ANNA, state_id=number)] == ["The same number"]
    assert not ask(world, "olsen", ANNA, fbi=number)
    assert not ask(world, "olsen", {**TOBIAS, "birth_date": datetime.date(1980, 3, 10)})
    assert not ask(world, "olsen", {**TOBIAS, "birth_date": None})


def test_another_units_person_is_a_unit_to_ask_and_nothing_else(world: World) -> None:
    wanda = {**ANNA, "given_name": "Wanda", "family_name": "Kowalski", "birth_date": datetime.date(1995, 3, 9)}
    [found] = ask(world, "olsen", wanda)
    assert found.case is None
    assert found.unit.name == "South"
    [read] = trail("read", action="duplicates")
    assert (read["user_name"], read["record_ids"]) == ("PO Olsen", [world.cases[15].uuid])


def test_nobody_is_told_of_restricted_cases_conflicts_or_other_agencies(world: World) -> None:
    maria = {**ANNA, "given_name": "Maria", "family_name": "Rodriguez", "birth_date": datetime.date(1981, 3, 9)}
    devon = {**ANNA, "given_name": "Devon", "family_name": "Pike", "birth_date": datetime.date(1982, 3, 9)}
    assert ask(world, "olsen", maria)  # named on it
    assert not ask(world, "quist", maria)
    assert not ask(world, "pratt", devon)
    assert ask(world, "olsen", devon)
    owner("UPDATE agencies_membership SET role = 'supervising_officer' WHERE user_id = %s", world.users["reyes"].pk)
    for who in ("reyes", "carter", "admin"):
        assert not ask(world, who, TOBIAS)
    assert not trail("read", action="duplicates", user_name="PO Pratt")


def test_a_second_case_of_a_known_person(world: World) -> None:
    person = owner("SELECT uuid FROM cases_person WHERE id = %s", world.joint.person_id)[0][0]
    case = opened(world, person=uuid.UUID(str(person)))
    assert case.person_id == world.joint.person_id
    hidden = owner("SELECT uuid FROM cases_person WHERE id = %s", world.cases[15].person_id)[0][0]
    with leaves(), pytest.raises(NotVisible):
        opened(world, person=uuid.UUID(str(hidden)), case={**CASE, "number": "C90002"})


# --- The second wall --------------------------------------------------------------------------------------------------


def refused_by_the_database(world: World, who: str, unit: str, **more: Any) -> bool:
    """Whether the function refuses, when our own code has forgotten to ask."""
    person = {**ANNA, "uuid": uuid.uuid4(), "birth_date": "1991-05-04", "middle_name": "", "suffix": "", "race": ""}
    case = {
        "uuid": uuid.uuid4(), "number": uuid.uuid4().hex[:10], "unit_id": world.units[unit].pk, "kind": 1,
        "risk_level": 0, "supervision_level": 0, "offense": "", "offense_degree": "", **more,
    }  # fmt: skip
    person_id = case.pop("person_id", None)
    columns = {"id": person_id} if person_id else person

    def attempt(actor: Actor) -> bool:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT case_open(%s::jsonb, %s::jsonb)",
                    [json.dumps(columns, default=str), json.dumps(case, default=str)],
                )
        except ProgrammingError:
            return True
        return False

    return bool(act(world, who, attempt))


def test_the_database_asks_for_itself(world: World) -> None:
    assert not refused_by_the_database(world, "olsen", "probation/north")
    assert refused_by_the_database(world, "olsen", "probation/south")
    assert refused_by_the_database(world, "mills", "probation/root")
    assert refused_by_the_database(world, "admin", "probation/root")
    assert refused_by_the_database(world, "reyes", "police/gang")
    assert refused_by_the_database(world, "olsen", "police/gang")
    assert refused_by_the_database(world, "olsen", "probation/north", officer_id=world.users["quist"].pk)
    assert refused_by_the_database(world, "olsen", "probation/north", person_id=world.cases[15].person_id)
    assert not refused_by_the_database(world, "olsen", "probation/north", person_id=world.joint.person_id)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO cases_case SELECT * FROM cases_case LIMIT 1",
        "INSERT INTO cases_person SELECT * FROM cases_person LIMIT 1",
        "UPDATE cases_case SET officer_id = NULL",
        "UPDATE cases_case SET number = 'x'",
        "UPDATE cases_case SET person_id = person_id",
        "UPDATE cases_person SET local_id = 'x'",
        "UPDATE cases_person SET agency_id = agency_id",
        "DELETE FROM cases_person",
        "DELETE FROM cases_address",
    ],
)
def test_the_application_may_not(world: World, statement: str) -> None:
    def attempt(actor: Actor) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    with pytest.raises(ProgrammingError):
        act(world, "mills", attempt)
