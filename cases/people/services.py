"""Changing what an agency knows of a person: details, numbers, other names, addresses.

A person is changed through one of their cases, by those who work it in the agency that owns it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.clock import database_now
from agencies.trail.services import record_change
from cases.people import events
from cases.people.models import Address, Alias, Identifier, Person
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale, refusing
from sharing.access.registry import part_of
from sharing.access.services import lock_record, sent_before
from sharing.notices.outbox import publish

EDITABLE = ("given_name", "middle_name", "family_name", "suffix", "birth_date", "sex", "race")
"""What update_person() may change of the person's own row, in the order of the form."""
PLACE = ("kind", "street", "city", "state", "postal_code", "phone")
NAMES = ("given_name", "middle_name", "family_name")


@transaction.atomic
def update_person(
    *,
    actor: Actor,
    record_uuid: uuid.UUID,
    changes: Mapping[str, Any],
    seen_version: int,
    numbers: Mapping[str, str] | None = None,
    aliases: Sequence[Mapping[str, str]] | None = None,
    reason: str = "",
) -> Person:
    """Change a person's details; `numbers` (by kind) and `aliases`, where given, are all that there are from now on.

    Returns the person as they are now; where nothing differs, nothing is written and nobody is told. Raises NotVisible,
    NotAllowed, Refused, or Stale with the current person where somebody saved in between.
    """
    record, person = _locked(actor, record_uuid, Category.SHARE)
    if person.version != seen_version:
        raise Stale(person)
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise Refused(f"{sorted(unknown)[0]} cannot be changed.", sorted(unknown)[0])
    before = _values(actor, person)
    for name, value in changes.items():
        setattr(person, name, value)
    _check(person, but=["agency"])
    if numbers is not None:
        _set_numbers(actor, person, numbers)
    if aliases is not None:
        _set_aliases(actor, person, aliases)
    after = _values(actor, person)
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        own = [name for name in changed if name in EDITABLE]
        _touch(person, own)
        _finish(
            actor, events.CHANGED, record, person,
            before={name: before[name] for name in changed}, after={name: after[name] for name in changed},
            reason=reason,
        )  # fmt: skip
    return person


@transaction.atomic
def add_address(
    *, actor: Actor, record_uuid: uuid.UUID, values: Mapping[str, Any], address_uuid: uuid.UUID | None = None
) -> Address:
    """Add an address, confirmed today unless `confirmed_on` says otherwise. Returns it.

    With `address_uuid`, given out with the form, adding it again returns what the first time added. Raises NotVisible,
    NotAllowed or Refused.
    """
    record, person = _locked(actor, record_uuid, Category.SHARE | Category.LOCATION)
    address = Address(
        person=person, uuid=address_uuid or uuid.uuid4(), **{"confirmed_on": timezone.localdate(), **values}
    )
    _check(address, but=["person"])
    known = Address.objects.permitted(actor).filter(person=person, uuid=address_uuid).first() if address_uuid else None
    if known:
        sent_before(*({name: _told(row)[name] for name in PLACE} for row in (known, address)))
        return known
    address.save(force_insert=True)
    _touch(person, [])
    _finish(actor, events.ADDRESS_CHANGED, record, address, before={}, after=_told(address), reason="")
    return address


@transaction.atomic
def confirm_address(*, actor: Actor, address_uuid: uuid.UUID, record_uuid: uuid.UUID) -> Address:
    """Note that somebody found the address right today; again changes nothing. Returns it. Raises as add_address()."""
    return _change_address(actor, record_uuid, address_uuid, "confirmed_on")


@transaction.atomic
def end_address(*, actor: Actor, address_uuid: uuid.UUID, record_uuid: uuid.UUID) -> Address:
    """Note that the person is no longer there; again changes nothing. Returns it. Raises as add_address()."""
    return _change_address(actor, record_uuid, address_uuid, "ended_on")


def _change_address(actor: Actor, record_uuid: uuid.UUID, address_uuid: uuid.UUID, field: str) -> Address:
    record, person = _locked(actor, record_uuid, Category.SHARE | Category.LOCATION)
    address = Address.objects.permitted(actor).filter(person=person, uuid=address_uuid).first()
    if address is None:
        raise NotVisible
    today = timezone.localdate()
    if address.ended_on is not None:
        if field == "ended_on":
            return address
        raise Refused("This address has ended. Add it again where the person is back.")
    if getattr(address, field) == today:
        return address
    before = _told(address)
    setattr(address, field, today)
    address.save(update_fields=[field])
    _touch(person, [])
    name, after = field, _told(address)
    _finish(
        actor,
        events.ADDRESS_CHANGED,
        record,
        address,
        before={name: before[name]},
        after={name: after[name]},
        reason="",
    )
    return address


def _locked(actor: Actor, record_uuid: uuid.UUID, category: Category) -> tuple[Any, Person]:
    """The case and its person, both locked, cases before people as every writer does."""
    shareable = part_of(Person).shareable
    record = lock_record(actor, shareable, record_uuid)
    if not shareable.records.permitted(actor, category).filter(pk=record.pk).exists():
        raise NotAllowed("Only officers of the agency that owns the case may change the person’s details.")
    return record, Person.objects.select_for_update(no_key=True).get(pk=record.person_id)


def _set_numbers(actor: Actor, person: Person, numbers: Mapping[str, str]) -> None:
    held = {row.kind: row for row in Identifier.objects.permitted(actor).filter(person=person)}
    for kind in Identifier.Kind.values:
        value, row = (numbers.get(kind) or "").strip(), held.get(kind)
        if row and not value:
            row.delete()
        elif row and row.value != value:
            row.value = value
            _check(row, but=["person"])
            row.save(update_fields=["value"])
        elif value and not row:
            made = Identifier(person=person, kind=kind, value=value)
            _check(made, but=["person"])
            made.save(force_insert=True)


def _set_aliases(actor: Actor, person: Person, aliases: Sequence[Mapping[str, str]]) -> None:
    wanted = {tuple(alias.get(name, "").strip() for name in NAMES) for alias in aliases}
    wanted.discard(("", "", ""))
    for row in Alias.objects.permitted(actor).filter(person=person):
        name = tuple(getattr(row, part) for part in NAMES)
        if name in wanted:
            wanted.remove(name)
        else:
            row.delete()
    for name in sorted(wanted):
        made = Alias(person=person, **dict(zip(NAMES, name, strict=True)))
        _check(made, but=["person"])
        made.save(force_insert=True)


def _values(actor: Actor, person: Person) -> dict[str, Any]:
    """What the trail keeps of a person: the row, the numbers by kind, the other names."""
    values = {name: getattr(person, name) for name in EDITABLE}
    values |= dict.fromkeys(Identifier.Kind.values, "")
    values |= dict(Identifier.objects.permitted(actor).filter(person=person).values_list("kind", "value"))
    aliases = Alias.objects.permitted(actor).filter(person=person).values_list(*NAMES)
    values["aliases"] = sorted(" ".join(part for part in alias if part) for alias in aliases)
    return {name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in values.items()}


def _told(address: Address) -> dict[str, Any]:
    values = {name: getattr(address, name) for name in (*PLACE, "confirmed_on", "ended_on")}
    return {name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in values.items()}


def _touch(person: Person, changed: list[str]) -> None:
    """The person is one version further, and confirmed: whoever changes a detail has looked at it."""
    person.updated_at = person.confirmed_at = database_now()
    person.unconfirmed_since = None
    person.version += 1
    person.save(update_fields=[*changed, "updated_at", "confirmed_at", "unconfirmed_since", "version"])


def _check(row: models.Model, *, but: list[str]) -> None:
    with refusing():
        row.full_clean(exclude=but, validate_unique=False, validate_constraints=False)


def _finish(
    actor: Actor, kind: str, record: Any, obj: Any, *, before: dict[str, Any], after: dict[str, Any], reason: str
) -> None:
    """Trail and outbox. The case is not touched: what of the person changed is not everybody's to see."""
    label = record._meta.label_lower
    record_change(
        actor=actor, verb=kind, obj=obj, record_type=label, record_id=record.uuid, before=before, after=after,
        reason=reason.strip(),
    )  # fmt: skip
    publish(actor=actor, kind=kind, record=record, obj=obj)
