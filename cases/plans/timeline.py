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
from cases.timeline.sources import Entry, Source, add_source, said_by, who_said
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case

_KIND, _LABEL = "plan", "Plan"
_VERSION = {
    "version": "version",
    "title": "values__title",
    "changed": "changed_fields",
    "reason": "reason",
    "audience": "audience",
}


def declare() -> None:
    """Add the three sources."""
    changed = {**_VERSION, **said_by("changed_by", "changed_by_agency")}
    of_goal = {**changed, "goal": "goal__uuid", "part": "goal__uuid"}
    of_action = {**changed, "goal": "action__goal__uuid", "part": "action__uuid"}
    for code, rows, told, entry in (
        ("plan", _plans, {"purpose": "purpose"}, _plan_entry),
        ("goal", _goals, of_goal, _goal_entry),
        ("action", _actions, of_action, _action_entry),
    ):
        add_source(Source(code, _KIND, _LABEL, Category.PLAN_VIEW, rows, told, entry))


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
    by, agency = who_said(data)
    added = data["version"] == 1
    changed = "" if added else ", ".join(LABELS[name].lower() for name in data["changed"])
    said = f"“{data['reason']}”" if data["reason"] else ""
    return Entry(
        title=f"{noun} {'added' if added else 'changed'}: {data['title']}",
        text=". ".join(part for part in (changed.capitalize(), said) if part),
        by=by,
        agency=agency,
        audience=data["audience"],
        audience_label=Audience(data["audience"]).label,
        page=f"{reverse('case_plan', args=[case.uuid])}#goal-{data['goal']}",
        page_label="Open the plan at this goal",
        resource=resource,
    )
