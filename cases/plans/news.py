"""What an inbox item about a goal or an action shows: the change itself, as the reader may see it now."""

from __future__ import annotations

import uuid
from typing import Any

from django.urls import reverse

from cases.plans.models import Goal
from cases.plans.querysets import part_for, versions_around
from cases.plans.wording import changes_between
from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.notices.models import OutboxEvent

SHOWN_OF_NEW = ("title", "target", "owner_text", "due_on")


def describe(actor: Actor, event: OutboxEvent, case: Case) -> dict[str, Any]:
    """Before and after of one change, its reason, and the way to the goal; {} where the reader may not see the part."""
    part = part_for(actor, event.object_type.split(".")[-1], uuid.UUID(event.object_id))
    if part is None:
        return {}
    before, after = versions_around(actor, part, event.versions["after"])
    if after is None:
        return {}
    names = after.changed_fields if before else [name for name in SHOWN_OF_NEW if name in part.VERSIONED]
    changes = changes_between(before.values if before else {}, after.values, names)
    goal = part if isinstance(part, Goal) else part.goal
    return {
        "changes": [
            {
                "label": change.label,
                "before": change.before,
                "after": change.after,
                "before_version": before.version if before else None,
                "after_version": after.version,
            }
            for change in changes
        ],
        "reason": after.reason,
        "open_url": f"{reverse('case_plan', args=[case.uuid])}#goal-{goal.uuid}",
        "open_label": "Open the plan at this goal",
    }
