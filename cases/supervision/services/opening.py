"""Opening a case by hand: in a unit of one's own, after a look at who may be the same person."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction

from agencies.directory.categories import Category
from agencies.directory.models import Side, Unit
from agencies.directory.querysets import members_of
from agencies.trail.services import record_change, record_denial, record_read
from cases.people.models import Address, Identifier, Person
from cases.supervision import events
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from cases.supervision.services.changing import check
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, refusing
from sharing.notices.outbox import publish

WHY = {"a_number": "The same number", "name": "The same name and birth date"}
# By constraint: what is said where the actor may know of the one that has the number, and the field at fault.
_ONCE = {
    "case_number_once": ("Your agency has a case with this number.", "number"),
    "person_number_once": ("Your agency knows a person with this number.", "local_id"),
}
# Of a case in another unit, a restricted one and a conflict alike: the three must never be told apart.
_TAKEN_UNSEEN = "This number cannot be used. Ask your supervisor."


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Somebody whom the own agency knows and who may be the same person.

    `case` is set where the actor may see it; else all they learn is which unit to ask.
    """

    why: str
    unit: Unit
    case: Case | None


class PossibleDuplicate(Refused):
    """Somebody in the agency may be the same person, and nobody has said that they are not."""

    def __init__(self, found: list[Duplicate]) -> None:
        super().__init__(
            "Your agency knows somebody with the same number, or the same name and birth date. Open the case of that"
            " person, or say that this is another one.",
            "not_a_duplicate",
        )
        self.found = found


def units_to_open_in(actor: Actor) -> list[Unit]:
    """Where the actor may open a case: own units in which they work cases; all for whoever manages the whole agency."""
    if actor.side != Side.SUPERVISION:
        return []
    own = set(actor.groups_for(Category.SHARE))
    managed = set(actor.groups_for(Category.MANAGE))
    units = list(Unit.objects.filter(agency_id=actor.agency_id, closed_at__isnull=True).order_by("is_root", "name"))
    everywhere = any(unit.is_root and unit.pk in managed for unit in units)
    return [unit for unit in units if everywhere or unit.pk in own]


def possible_duplicates(*, actor: Actor, person: Mapping[str, Any], numbers: Mapping[str, str]) -> list[Duplicate]:
    """Who in the actor's agency may be this person: same number, or same names and birth date; one a case.

    `numbers` are identifiers by kind. The look is recorded for every case told of. Nobody of another agency is told of.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id, case_uuid, unit_id, why FROM person_duplicates(%s, %s, %s, %s, %s::text[])",
            [
                person["given_name"],
                person["family_name"],
                person.get("birth_date"),
                person.get("local_id") or None,
                [f"{kind}:{value}" for kind, value in numbers.items() if value],
            ],
        )
        rows = cursor.fetchall()
    seen = {case.pk: case for case in Case.objects.listed(actor, [row[1] for row in rows])} if rows else {}
    units = Unit.objects.in_bulk({row[2] for row in rows}) if rows else {}
    record_read(
        actor=actor,
        action="duplicates",
        record_type=CASE,
        record_ids=[row[1] for row in rows],
        categories=Category.EXISTENCE,
    )
    return [Duplicate(WHY[why], units[unit], seen.get(number)) for number, _, unit, why in rows]


@transaction.atomic
def open_case(
    *,
    actor: Actor,
    person: Mapping[str, Any] | uuid.UUID,
    numbers: Mapping[str, str],
    address: Mapping[str, Any] | None,
    case: Mapping[str, Any],
    unit_id: int,
    officer_id: int | None,
    not_a_duplicate: bool = False,
    case_uuid: uuid.UUID | None = None,
) -> Case:
    """Open a case: of a new person, or by UUID of one whose case the actor works already.

    `numbers` are identifiers by kind and `address` is a home; both belong to a new person alone. With `case_uuid`,
    given out with the form, opening it again returns what the first time opened. Raises NotAllowed, NotVisible,
    Refused, or PossibleDuplicate where a new person resembles a known one and `not_a_duplicate` is not said.
    """
    if case_uuid:
        opened = Case.objects.visible_to(actor).filter(uuid=case_uuid).first()
        if opened:
            return opened
    units = {unit.pk: unit for unit in units_to_open_in(actor)}
    if not units:
        raise NotAllowed("Your role does not open cases.")
    if unit_id not in units:
        raise Refused("Choose one of your units.", "unit")
    if officer_id is not None and not members_of([unit_id], having=Category.SHARE).filter(pk=officer_id).exists():
        raise Refused("Choose an officer of the unit who works cases.", "officer")
    new = Case(uuid=case_uuid or uuid.uuid4(), unit_id=unit_id, officer_id=officer_id, **case)
    check(new)
    somebody = _person_of(actor, person, numbers, not_a_duplicate)
    try:
        number = _insert(actor, somebody, new)
    except (IntegrityError, Refused):
        opened = Case.objects.visible_to(actor).filter(uuid=case_uuid).first() if case_uuid else None
        if opened:  # the same form, sent twice at once
            return opened
        raise
    found: Case = Case.objects.visible_to(actor).get(pk=number)
    new_person = not isinstance(person, uuid.UUID)
    if new_person:
        Identifier.objects.bulk_create(
            Identifier(person_id=found.person_id, kind=kind, value=value) for kind, value in numbers.items() if value
        )
        if address:
            _add_home(found.person_id, address)
    told = {name: _plain(value) for name, value in case.items()}
    record_change(
        actor=actor,
        verb=events.OPENED,
        obj=found,
        record_type=CASE,
        record_id=found.uuid,
        after={**told, "unit": unit_id, "officer": officer_id, "new_person": new_person},
    )
    publish(actor=actor, kind=events.OPENED, record=found)
    return found


def _person_of(
    actor: Actor, person: Mapping[str, Any] | uuid.UUID, numbers: Mapping[str, str], not_a_duplicate: bool
) -> Person:
    """The person, new and unsaved, or known. Raises NotVisible, Refused or PossibleDuplicate."""
    if isinstance(person, uuid.UUID):
        known = Person.objects.permitted(actor, Category.SHARE).filter(uuid=person, agency_id=actor.agency_id).first()
        if known is None:
            raise NotVisible
        return known
    made = Person(**person)
    with refusing():
        made.full_clean(exclude=["agency"], validate_unique=False, validate_constraints=False)
    if not not_a_duplicate:
        found = possible_duplicates(actor=actor, person=person, numbers=numbers)
        if found:
            raise PossibleDuplicate(found)
    return made


def _insert(actor: Actor, person: Person, case: Case) -> int:
    """Let the database open the case, since no role of ours writes keys. Returns its number.

    Raises Refused where a number is taken.
    """
    columns = {"id": person.pk} if person.pk else _columns(person)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT case_open(%s::jsonb, %s::jsonb)", [_json(columns), _json(_columns(case))])
            return int(cursor.fetchone()[0])
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        if constraint not in _ONCE:
            raise
        raise _taken(actor, constraint, person, case) from None


def _taken(actor: Actor, constraint: str, person: Person, case: Case) -> Refused:
    """The refusal of a number that is taken, in words that tell of nobody whom the actor may not know of.

    Whoever tries numbers of which they may not know leaves a denial each.
    """
    words, field = _ONCE[constraint]
    own = {"agency_id": actor.agency_id}
    if field == "number":
        value, seen = case.number, Case.objects.visible_to(actor).filter(number=case.number, **own).exists()
    else:
        value = person.local_id
        seen = Person.objects.visible_to(actor).filter(local_id=value, **own).exists()
    if seen:
        return Refused(words, field)
    record_denial(actor=actor, action="open_case", target=f"{field} {value}", status=400, detail="taken, unseen")
    return Refused(_TAKEN_UNSEEN, field)


def _add_home(person_id: int, address: Mapping[str, Any]) -> None:
    home = Address(person_id=person_id, kind=Address.Kind.RESIDENCE, **address)
    with refusing():
        home.full_clean(exclude=["person"], validate_unique=False)
    home.save(force_insert=True)


def _columns(row: Person | Case) -> dict[str, Any]:
    fields = [field for field in row._meta.concrete_fields if field.name != "id"]
    return {str(field.column): getattr(row, field.attname) for field in fields}


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, cls=DjangoJSONEncoder)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
