"""The joint plan in the timeline of a case: begun, and each change of a goal or action.

A version is seen by the audience that it had, and its part must still be open to the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from agencies.directory.categories import Category
from cases.plans.models import Action, ActionVersion, Audience, Goal, GoalVersion, Plan
from cases.plans.wording import LABELS
from cases.timeline.sources import Entry, Source, add_source, of_case

if TYPE_CHECKING:
    from cases.supervision.models import Case

_PLACE = ("plan", "Plan", Category.PLAN_VIEW)
_VERSION = {
    "version": "t.version",
    "title": "t.values->'title'",
    "changed": "t.changed_fields",
    "reason": "t.reason",
    "audience": "t.audience",
}
_GOAL = "JOIN cases_goal g ON g.id = t.goal_id"
_ACTION = "JOIN cases_action a ON a.id = t.action_id JOIN cases_goal g ON g.id = a.goal_id"


def declare() -> None:
    """Add the three sources."""
    goals = of_case(GoalVersion, joins=_GOAL, with_parts={"g": Goal})
    actions = of_case(ActionVersion, joins=_ACTION, with_parts={"a": Action})
    of_goal = {**_VERSION, "goal": "g.uuid", "part": "g.uuid"}
    of_action = {**_VERSION, "goal": "g.uuid", "part": "a.uuid"}
    at, by, agency = "t.changed_at", "t.changed_by_id", "t.changed_by_agency_id"
    for source in (
        Source("plan", *_PLACE, of_case(Plan), "t.created_at", {"purpose": "t.purpose"}, _plan_entry),
        Source("goal", *_PLACE, goals, at, of_goal, _goal_entry, by=by, agency=agency),
        Source("action", *_PLACE, actions, at, of_action, _action_entry, by=by, agency=agency),
    ):
        add_source(source)


def _plan_entry(case: Case, data: Mapping[str, Any]) -> Entry:
    return Entry(
        title="Joint plan started",
        text=data["purpose"],
        page=reverse("case_plan", args=[case.uuid]),
        page_label="Open the plan",
        resource=reverse("api:plan", args=[case.uuid]),
    )


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
