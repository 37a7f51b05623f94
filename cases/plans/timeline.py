"""The joint plan in the timeline of a case: begun, and each change of a goal or action.

A version is seen by the audience that it had, and its part must still be open to the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet
from django.urls import reverse

from agencies.directory.categories import Category
from cases.plans.models import Action, ActionVersion, Audience, Goal, GoalVersion, Plan
from cases.plans.wording import LABELS
from cases.timeline.sources import Entry, Source, add_source
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case

_PLACE = ("plan", "Plan", Category.PLAN_VIEW)
_VERSION = {
    "version": "version",
    "title": "values__title",
    "changed": "changed_fields",
    "reason": "reason",
    "audience": "audience",
}


def declare() -> None:
    """Add the three sources."""
    of_goal = {**_VERSION, "goal": "goal__uuid", "part": "goal__uuid"}
    of_action = {**_VERSION, "goal": "action__goal__uuid", "part": "action__uuid"}
    by, agency = "changed_by", "changed_by_agency"
    for source in (
        Source("plan", *_PLACE, _plans, {"purpose": "purpose"}, _plan_entry),
        Source("goal", *_PLACE, _goals, of_goal, _goal_entry, by=by, agency=agency),
        Source("action", *_PLACE, _actions, of_action, _action_entry, by=by, agency=agency),
    ):
        add_source(source)


def _plans(actor: Actor, case: Case) -> QuerySet[Plan]:
    return Plan.objects.permitted(actor).filter(case=case).annotate(entry_at=F("created_at"))


def _plan_entry(case: Case, data: Mapping[str, Any]) -> Entry:
    return Entry(
        title="Joint plan started",
        text=data["purpose"],
        page=reverse("case_plan", args=[case.uuid]),
        page_label="Open the plan",
        resource=reverse("api:plan", args=[case.uuid]),
    )


def _goals(actor: Actor, case: Case) -> QuerySet[GoalVersion]:
    still_open = Goal.objects.permitted(actor).filter(case=case)
    rows = GoalVersion.objects.permitted(actor).filter(case=case, goal__in=still_open)
    return rows.annotate(entry_at=F("changed_at"))


def _actions(actor: Actor, case: Case) -> QuerySet[ActionVersion]:
    still_open = Action.objects.permitted(actor).filter(case=case)
    rows = ActionVersion.objects.permitted(actor).filter(case=case, action__in=still_open)
    return rows.annotate(entry_at=F("changed_at"))


def _goal_entry(case: Case, data: Mapping[str, Any]) -> Entry:
    return _version_entry(case, data, "Goal", reverse("api:goal", args=[data["part"]]))


def _action_entry(case: Case, data: Mapping[str, Any]) -> Entry:
    return _version_entry(case, data, "Action", reverse("api:action", args=[data["part"]]))


def _version_entry(case: Case, data: Mapping[str, Any], noun: str, resource: str) -> Entry:
    added = data["version"] == 1
    changed = "" if added else ", ".join(LABELS[name].lower() for name in data["changed"])
    said = f"“{data['reason']}”" if data["reason"] else ""
    return Entry(
        title=f"{noun} {'added' if added else 'changed'}: {data['title']}",
        text=". ".join(part for part in (changed.capitalize(), said) if part),
        by=data["by"],
        agency=data["agency"],
        audience=data["audience"],
        audience_label=Audience(data["audience"]).label,
        page=f"{reverse('case_plan', args=[case.uuid])}#goal-{data['goal']}",
        page_label="Open the plan at this goal",
        resource=resource,
    )
