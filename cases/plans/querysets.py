"""A case's plan as one actor may see it, read in a fixed number of queries."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import F
from django.utils import timezone

from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.plans.models import Action, Goal, GoalVersion, Plan
    from cases.supervision.models import Case


CHANGED_LATELY = datetime.timedelta(days=14)


@dataclass(slots=True)
class PlanView:
    """A plan, its goals in order, and each goal's actions in order: what the actor may see of them."""

    plan: Plan
    goals: list[Goal] = field(default_factory=list)
    actions: dict[int, list[Action]] = field(default_factory=dict)


def open_plan(actor: Actor, case: Case) -> PlanView | None:
    """The case's draft or active plan, or None where there is none or it is not the actor's to see. Three queries."""
    return next(iter(open_plans(actor, [case])), None)


def open_plans(actor: Actor, cases: list[Case]) -> list[PlanView]:
    """The draft or active plans of several cases, as far as they are the actor's to see. Three queries."""
    plan_model, goal_model, action_model = (apps.get_model("cases", n) for n in ("Plan", "Goal", "Action"))
    by_id = {case.pk: case for case in cases}
    plans = plan_model.objects.permitted(actor).filter(case_id__in=by_id).exclude(status="closed")
    views = {plan.pk: PlanView(plan) for plan in plans}
    if not views:
        return []
    for view in views.values():
        view.plan.case = by_id[view.plan.case_id]
    goals = goal_model.objects.permitted(actor).filter(plan__in=views).select_related("changed_by")
    for goal in goals.order_by("position", "pk"):
        view = views[goal.plan_id]
        goal.plan, goal.case = view.plan, view.plan.case
        view.goals.append(goal)
    actions = action_model.objects.permitted(actor).filter(plan__in=views).select_related("owner_agency")
    for action in actions.order_by("position", "pk"):
        views[action.plan_id].actions.setdefault(action.goal_id, []).append(action)
    return list(views.values())


@dataclass(frozen=True, slots=True)
class Change:
    """A goal's newest change: the version before it and the one after."""

    before: GoalVersion
    after: GoalVersion


def latest_changes(actor: Actor, goals: list[Goal]) -> dict[int, Change]:
    """The newest change of each goal that changed lately: goal number → change. One query."""
    since = timezone.now() - CHANGED_LATELY
    wanted = [goal for goal in goals if goal.version > 1 and goal.updated_at >= since]
    rows = apps.get_model("cases", "GoalVersion").objects.permitted(actor).filter(goal__in=wanted)
    rows = rows.filter(version__gte=F("goal__version") - 1).select_related("changed_by", "changed_by_agency")
    kept = {(row.goal_id, row.version): row for row in rows}
    pairs = ((goal.pk, kept.get((goal.pk, goal.version - 1)), kept.get((goal.pk, goal.version))) for goal in wanted)
    return {goal: Change(before, after) for goal, before, after in pairs if before and after}


def version_at(actor: Actor, part: Goal | Action, version: int) -> GoalVersion | None:
    """A goal or an action as one version kept it, if the actor may see that version."""
    link = str(type(part)._meta.model_name)
    rows = apps.get_model("cases", f"{link}version").objects.permitted(actor).filter(**{link: part}, version=version)
    return rows.select_related("changed_by_agency").first()


def versions_around(actor: Actor, part: Goal | Action, after: int) -> tuple[GoalVersion | None, GoalVersion | None]:
    """A goal's or action's version `after` and the one before it, as the actor may see them. One query."""
    link = str(type(part)._meta.model_name)
    model = apps.get_model("cases", f"{link}version")
    rows = model.objects.permitted(actor).filter(**{link: part}, version__in=[after - 1, after])
    found = {row.version: row for row in rows.select_related("changed_by", "changed_by_agency")}
    return found.get(after - 1), found.get(after)


def part_for(actor: Actor, model_name: str, part_uuid: uuid.UUID) -> Goal | Action | None:
    """A goal or an action with its plan and case, if the actor may see it."""
    model = apps.get_model("cases", model_name)
    return model.objects.permitted(actor).filter(uuid=part_uuid).select_related("plan", "case").first()
