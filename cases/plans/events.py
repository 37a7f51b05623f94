"""The events of a joint plan: who is told that something changed, never what it now says; and how an inbox shows one.

Whoever may see the plan is told. What changed is read when the news is opened, as the reader may see it then.
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from django.urls import reverse

from agencies.directory.categories import Category
from cases.plans.models import Action, Goal, GoalVersion
from cases.plans.querysets import part_for, versions_around
from cases.plans.wording import changes_between
from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.notices.models import OutboxEvent
from sharing.notices.registry import EventKind, register, register_view

GROUP = "Plans"

STARTED = "plan.started"
GOAL_ADDED = "plan.goal_added"
GOAL_CHANGED = "plan.goal_changed"
ACTION_ADDED = "plan.action_added"
ACTION_CHANGED = "plan.action_changed"
PART_CLOSED = "plan.part_closed"

SHOWN_OF_NEW = ("title", "target", "owner_text", "due_on")
_VERSIONED = {Goal._meta.label_lower: "goal", Action._meta.label_lower: "action"}


class Told(NamedTuple):
    """The goal or action that an event tells of, and its versions before and after. `before` is None for a new one."""

    part: Goal | Action
    before: GoalVersion | None
    after: GoalVersion


def declare() -> None:
    """Register the kinds of event of plans, and how goals and actions are shown in an inbox."""
    register(EventKind(STARTED, Category.PLAN_VIEW, GROUP, "Plan started", "{agency} started a joint plan"))
    for kind, wording in (
        (GOAL_ADDED, "{agency} added a goal"),
        (GOAL_CHANGED, "{agency} changed a goal"),
        (ACTION_ADDED, "{agency} added an action"),
        (ACTION_CHANGED, "{agency} changed an action"),
    ):
        register(EventKind(kind, Category.PLAN_VIEW, GROUP, "Plan changed", wording))
    closed = ("Part of a plan closed", "{agency} now keeps a part of the plan to its own side")
    register(EventKind(PART_CLOSED, Category.PLAN_VIEW, GROUP, *closed, closing=True))
    for object_type in _VERSIONED:
        register_view(object_type, describe)


def told_by(actor: Actor, event: OutboxEvent) -> Told | None:
    """What an event tells this reader now; None where it is about no goal or action, or one hidden from them."""
    name = _VERSIONED.get(event.object_type)
    part = part_for(actor, name, uuid.UUID(event.object_id)) if name else None
    if part is None:
        return None
    before, after = versions_around(actor, part, event.versions["after"])
    return Told(part, before, after) if after else None


def describe(actor: Actor, event: OutboxEvent, case: Case) -> dict[str, Any]:
    """Before and after of one change, its reason, and the way to its goal; {} where the reader may not see the part."""
    told = told_by(actor, event)
    if told is None:
        return {}
    part, before, after = told
    names = after.changed_fields if before else [name for name in SHOWN_OF_NEW if name in part.VERSIONED]
    changes = changes_between(before.values if before else {}, after.values, names)
    kind = "goal" if isinstance(part, Goal) else "action"
    shown = {
        "text": f"{'changed' if before else 'added'} the {kind} “{part.title}”",
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
    }
    # An action that one side kept to itself stays where the other closed the goal above it: no way on then.
    goal = part if isinstance(part, Goal) else Goal.objects.permitted(actor).filter(pk=part.goal_id).first()
    if goal:
        shown["open_url"] = f"{reverse('case_plan', args=[case.uuid])}#goal-{goal.uuid}"
        shown["open_label"] = "Open the plan at this goal"
    return shown
