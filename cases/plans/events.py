"""The events of a joint plan: whoever may see the plan is told that a part of it changed, never what it now says."""

from agencies.directory.categories import Category
from sharing.notices.registry import EventKind, register

GROUP = "Plans"

STARTED = "plan.started"
GOAL_ADDED = "plan.goal_added"
GOAL_CHANGED = "plan.goal_changed"
ACTION_ADDED = "plan.action_added"
ACTION_CHANGED = "plan.action_changed"


def declare() -> None:
    """Register the kinds of event of plans."""
    register(EventKind(STARTED, Category.PLAN_VIEW, GROUP, "Plan started", "{agency} started a joint plan"))
    for kind, wording in (
        (GOAL_ADDED, "{agency} added a goal"),
        (GOAL_CHANGED, "{agency} changed a goal"),
        (ACTION_ADDED, "{agency} added an action"),
        (ACTION_CHANGED, "{agency} changed an action"),
    ):
        register(EventKind(kind, Category.PLAN_VIEW, GROUP, "Plan changed", wording))
