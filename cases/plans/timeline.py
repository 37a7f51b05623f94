"""The joint plan in the timeline of a case: begun, and each change of a goal or action.

A version is seen by the audience that it had, and its part must still be open to the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet
from django.db.models.functions import JSONObject
from django.urls import reverse

from agencies.directory.categories import Category
from cases.plans.models import Action, ActionVersion, Audience, Goal, GoalVersion, Plan
from cases.plans.wording import LABELS
from cases.timeline.sources import Entry, Source, add_source, said_by, who_said
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case

_KIND, _LABEL = "plan", "Plan"


def declare() -> None:
    """Add the three sources."""
    for code, rows, entry in (
        ("plan", _plans, _plan_entry),
        ("goal", _goals, _goal_entry),
        ("action", _actions, _action_entry),
    ):
        add_source(Source(code, _KIND, _LABEL, Category.PLAN_VIEW, rows, entry))


def _plans(actor: Actor, case: Case) -> QuerySet[Plan]:
    rows = Plan.objects.permitted(actor).filter(case=case)
    return rows.annotate(entry_at=F("created_at"), entry_data=JSONObject(purpose="purpose"))


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
    return _versions(rows, goal="goal__uuid", part="goal__uuid")


def _actions(actor: Actor, case: Case) -> QuerySet[ActionVersion]:
    still_open = Action.objects.permitted(actor).filter(case=case)
    rows = ActionVersion.objects.permitted(actor).filter(case=case, action__in=still_open)
    return _versions(rows, goal="action__goal__uuid", part="action__uuid")


def _versions(rows: QuerySet[Any], **parts: str) -> QuerySet[Any]:
    told = JSONObject(
        version="version",
        title="values__title",
        changed="changed_fields",
        reason="reason",
        audience="audience",
        **parts,
        **said_by("changed_by", "changed_by_agency"),
    )
    return rows.annotate(entry_at=F("changed_at"), entry_data=told)


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
