"""Changing what a case says, closing it and reopening it, from the state in which somebody saw it."""

from __future__ import annotations

import datetime
import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.clock import database_now
from agencies.trail.services import record_change
from cases.supervision import events
from cases.supervision.codes import CASE, CLOSED_STATUSES, OPEN_STATUSES, SupervisionStatus
from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, Refused, Stale, refusing
from sharing.access.registry import shareable_of
from sharing.access.services import lock_record
from sharing.notices.outbox import publish

EDITABLE = (
    "kind",
    "status",
    "risk_level",
    "supervision_level",
    "offense",
    "offense_degree",
    "offense_date",
    "term_start",
    "term_end",
    "next_review",
)
"""What update_case() may change, in the order of the form."""


@transaction.atomic
def update_case(*, actor: Actor, case_uuid: uuid.UUID, changes: Mapping[str, Any], seen: str, reason: str = "") -> Case:
    """Change what a case says, from the state_of() it that was seen; for those who work it in the agency that owns it.

    Returns the case as it is now; where nothing differs, nothing is written and nobody is told. Raises NotVisible,
    NotAllowed, Refused, or Stale with the current case where somebody saved in between.
    """
    case = _locked(actor, case_uuid, Category.SHARE, "Only officers of the agency that owns the case may change it.")
    if state_of(case) != seen:
        raise Stale(case)
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise Refused(f"{sorted(unknown)[0]} cannot be changed.", sorted(unknown)[0])
    if changes.get("status", case.status) != case.status:
        if not case.is_open:
            raise Refused("This case is closed. Reopen it to give it another status.", "status")
        if changes["status"] not in OPEN_STATUSES:
            raise Refused("A case is closed on a page of its own, where open work is shown.", "status")
    before = _values(case, EDITABLE)
    for name, value in changes.items():
        setattr(case, name, value)
    return _save(actor, case, before, events.CHANGED, reason)


@transaction.atomic
def close_case(
    *, actor: Actor, case_uuid: uuid.UUID, status: int, closed_on: datetime.date, reason: str, seen: str
) -> Case:
    """Close a case under one of the N-DEx statuses of an ended supervision; for those who manage it.

    Shares go on until their own end. Returns the case. Raises NotVisible, NotAllowed, Refused or Stale.
    """
    case = _locked(
        actor, case_uuid, Category.MANAGE, "Only a supervisor of the agency that owns the case may close it."
    )
    if state_of(case) != seen:
        raise Stale(case)
    if not case.is_open:
        raise Refused("This case is closed already.", "status")
    if status not in CLOSED_STATUSES:
        raise Refused("Choose how the supervision ended.", "status")
    if closed_on > timezone.localdate():
        raise Refused("Choose a day that has come.", "closed_on")
    if case.term_start and closed_on < case.term_start:
        raise Refused("The supervision cannot have ended before it began.", "closed_on")
    if not reason.strip():
        raise Refused("Say in a sentence how it ended.", "reason")
    before = _values(case, ("status", "closed_on"))
    case.status, case.closed_on = status, closed_on
    return _save(actor, case, before, events.CLOSED, reason)


@transaction.atomic
def reopen_case(*, actor: Actor, case_uuid: uuid.UUID, reason: str, seen: str) -> Case:
    """Take a closed case up again, as active; for those who manage it.

    Returns the case; where it is open, nothing is written. Raises NotVisible, NotAllowed, Refused or Stale.
    """
    case = _locked(
        actor, case_uuid, Category.MANAGE, "Only a supervisor of the agency that owns the case may reopen it."
    )
    if state_of(case) != seen:
        raise Stale(case)
    if case.is_open:
        return case
    if not reason.strip():
        raise Refused("Say why the case is taken up again.", "reason")
    before = _values(case, ("status", "closed_on"))
    case.status, case.closed_on = SupervisionStatus.ACTIVE, None
    return _save(actor, case, before, events.REOPENED, reason)


def state_of(case: Case) -> str:
    """What of a case somebody saw who changes it by hand: equal as long as nothing of that changed.

    The case's version says less: it also moves when a goal of the plan does.
    """
    values = _values(case, (*EDITABLE, "closed_on", "unit_id", "officer_id"))
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


def check(case: Case) -> None:
    """Every field that people fill in, and that the term ends after it began. Raises Refused."""
    filled_in_elsewhere = ["person", "agency", "unit", "officer"]
    with refusing():
        case.full_clean(exclude=filled_in_elsewhere, validate_unique=False, validate_constraints=False)
    if case.term_end and (case.term_start is None or case.term_end < case.term_start):
        raise Refused("The term ends after it began.", "term_end")


def _locked(actor: Actor, case_uuid: uuid.UUID, category: Category, refusal: str) -> Case:
    case: Case = lock_record(actor, shareable_of(Case), case_uuid)
    if not Case.objects.permitted(actor, category).filter(pk=case.pk).exists():
        raise NotAllowed(refusal)
    return case


def _save(actor: Actor, case: Case, before: dict[str, Any], kind: str, reason: str) -> Case:
    check(case)
    after = _values(case, before)
    changed = [name for name in before if before[name] != after[name]]
    if not changed:
        return case
    case.version += 1
    case.updated_at = database_now()
    case.save(update_fields=[*changed, "version", "updated_at"])
    record_change(
        actor=actor,
        verb=kind,
        obj=case,
        record_type=CASE,
        record_id=case.uuid,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        reason=reason.strip(),
    )
    publish(actor=actor, kind=kind, record=case)
    return case


def _values(case: Case, names: Any) -> dict[str, Any]:
    """Fields of the case as the trail keeps them: dates as ISO text, codes as numbers."""
    values = {name: getattr(case, name) for name in names}
    return {name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in values.items()}
