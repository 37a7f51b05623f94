"""Giving cases to another officer or unit of the agency that owns them. The keys follow in the same transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from agencies.directory.categories import Category
from agencies.directory.models import Unit
from agencies.directory.querysets import members_of
from agencies.trail.services import ChangeOf, record_changes
from cases.supervision import events
from cases.supervision.models import Case
from cases.supervision.querysets import UNIT, CaseFilter, officer_to_list
from cases.supervision.services.changing import state_of
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.notices.outbox import publish_many

NOT_VISIBLE = "There is no such case, or none that you may see."
NOT_YOURS = "Only a supervisor of the agency that owns the case may reassign it."
_WHY_NOT = {
    "not_yours": NOT_YOURS,
    "unit": "The unit does not belong to the agency that owns the case.",
    "officer": "The officer does not work in the case’s unit.",
    "excluded": "The officer has a conflict of interest with this case.",
    "restricted": "The case is restricted, and the unit is not named on it.",
    "same": "The case is with this officer and unit already.",
}


def officer_named(actor: Actor, email: str | None) -> int | None:
    """The number of the officer with this address in the caller's agency; None for none. Raises Refused."""
    if not email:
        return None
    units = Unit.objects.filter(agency_id=actor.agency_id).values("pk")
    officer = members_of(units, having=Category.SHARE).filter(email__iexact=email).first()
    if officer is None:
        raise Refused("Choose an officer of your agency who works cases.", "officer")
    return int(officer.pk)


def check_officer_asked(actor: Actor, narrowed: CaseFilter) -> None:
    """Raises Refused where a list is to be narrowed to an officer by whom the actor cannot ask."""
    if narrowed.officer is None:
        return
    if narrowed.scope != UNIT:
        raise Refused("By officer the cases of your units are narrowed: ask for the scope “unit” too.", "officer")
    if officer_to_list(actor, narrowed.officer) is None:
        raise Refused("Choose an officer of your units.", "officer")


@dataclass(frozen=True, slots=True)
class Reassigned:
    """What became of each case: UUIDs of those that moved, and of the others with the reason in words."""

    changed: list[uuid.UUID] = field(default_factory=list)
    refused: list[tuple[uuid.UUID, str]] = field(default_factory=list)


@transaction.atomic
def reassign_cases(
    *, actor: Actor, case_uuids: Sequence[uuid.UUID], officer_id: int | None, unit_id: int | None, reason: str
) -> Reassigned:
    """Give cases to an officer of record and a unit of their agency; each is asked about by itself.

    Without a unit each case stays in its own; without an officer nobody is officer of record. Returns what moved and
    what did not, in the order given; a case that is there already is refused as such and nothing is written for it.
    The number of queries does not grow with the number of cases. Raises Refused where the target itself is wrong.
    """
    _check_target(actor, officer_id, unit_id, reason)
    return _move(actor, list(dict.fromkeys(case_uuids)), officer_id, unit_id, reason.strip())[0]


@transaction.atomic
def reassign_case(
    *,
    actor: Actor,
    case_uuid: uuid.UUID,
    officer_id: int | None,
    unit_id: int | None,
    reason: str,
    seen: str | None = None,
) -> Case | None:
    """Give one case to an officer and a unit. As reassign_cases(), with refusals raised.

    Returns the case, or None where the actor no longer sees it in its new unit. Where it is there already, nothing is
    written. Raises NotVisible, NotAllowed, Refused, or Stale where `seen` is given and is not the state_of() it now.
    """
    if unit_id is not None and Case.objects.visible_to(actor).filter(uuid=case_uuid, unit_id=unit_id).exists():
        unit_id = None  # it stays where it is, in a unit that has been closed as well
    _check_target(actor, officer_id, unit_id, reason)
    _, outcomes = _move(actor, [case_uuid], officer_id, unit_id, reason.strip(), seen)
    outcome = outcomes.get(case_uuid)
    case = Case.objects.visible_to(actor).filter(uuid=case_uuid).first()
    if outcome is None or (outcome == "not_yours" and case is None):
        raise NotVisible
    if outcome == "not_yours":
        raise NotAllowed(NOT_YOURS)
    if outcome in ("unit", "officer", "excluded", "restricted"):
        raise Refused(_WHY_NOT[outcome], "unit" if outcome in ("unit", "restricted") else "officer")
    return case


def _check_target(actor: Actor, officer_id: int | None, unit_id: int | None, reason: str) -> None:
    if not reason.strip():
        raise Refused("Say why the case is reassigned.", "reason")
    own = Unit.objects.filter(agency_id=actor.agency_id, closed_at__isnull=True)
    if unit_id is not None and not own.filter(pk=unit_id).exists():
        raise Refused("Choose a unit of your agency.", "unit")
    # The database asks for each case whether the officer works in its unit; here, whether they work cases at all.
    if (
        officer_id is not None
        and not members_of(own.values("pk"), having=Category.SHARE).filter(pk=officer_id).exists()
    ):
        raise Refused("Choose an officer of your agency who works cases.", "officer")


def _move(
    actor: Actor,
    case_uuids: list[uuid.UUID],
    officer_id: int | None,
    unit_id: int | None,
    reason: str,
    seen: str | None = None,
) -> tuple[Reassigned, dict[uuid.UUID, str]]:
    visible = Case.objects.visible_to(actor).filter(uuid__in=case_uuids).order_by("pk")
    cases = {case.pk: case for case in visible.select_for_update(no_key=True, of=("self",))}
    for case in cases.values():
        if seen is not None and state_of(case) != seen:
            raise Stale(case)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id, outcome FROM case_reassign(%s::bigint[], %s, %s)", [[*cases], unit_id, officer_id]
        )
        outcomes = {cases[number].uuid: outcome for number, outcome in cursor.fetchall()}
    moved = [case for case in cases.values() if outcomes[case.uuid] == "changed"]
    record_changes(
        actor=actor,
        verb=events.REASSIGNED,
        changes=[
            ChangeOf(
                case,
                before={"unit": case.unit_id, "officer": case.officer_id},
                after={"unit": case.unit_id if unit_id is None else unit_id, "officer": officer_id},
            )
            for case in moved
        ],
        reason=reason,
    )
    publish_many(actor=actor, kind=events.REASSIGNED, records=moved)
    found = Reassigned()
    for case_uuid in case_uuids:
        outcome = outcomes.get(case_uuid)
        if outcome == "changed":
            found.changed.append(case_uuid)
        else:
            found.refused.append((case_uuid, _WHY_NOT[outcome] if outcome else NOT_VISIBLE))
    return found, outcomes
