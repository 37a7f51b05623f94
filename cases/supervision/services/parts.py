"""How every service that writes a part of a case ends: the case moves, then trail and outbox."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.db.models import F

from agencies.trail.services import record_change
from cases.supervision.codes import CASE, Audience
from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.notices.outbox import publish


def shown_to_both(part: Any, before: dict[str, Any]) -> bool:
    """Whether both sides see the part, or saw it as it was before."""
    audience = getattr(part, "audience", Audience.BOTH)
    return Audience.BOTH in (audience, before.get("audience", audience))


def move_to_top(case_id: int, at: datetime.datetime) -> None:
    """Put the locked case at the top of everybody's list."""
    Case.objects.filter(pk=case_id).update(updated_at=at, version=F("version") + 1)


def finish_part(
    *,
    actor: Actor,
    part: Any,
    kind: str,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str = "",
    user_ids: Iterable[int] = (),
) -> None:
    """Move the case of a part that was just saved to the top of everybody's list, then write trail and outbox.

    `user_ids` are people whom it concerns by name. What one side keeps to itself moves nothing that the other side
    sees, or the move would tell of it.
    """
    if shown_to_both(part, before):
        move_to_top(part.case_id, part.updated_at)
    case = Case.objects.visible_to(actor).get(pk=part.case_id)
    record_change(
        actor=actor,
        verb=kind,
        obj=part,
        record_type=CASE,
        record_id=case.uuid,
        before=before,
        after=after,
        reason=reason,
    )
    versions = {"before": part.version - 1, "after": part.version}
    publish(actor=actor, kind=kind, record=case, obj=part, versions=versions, user_ids=user_ids)
