"""A case's plan as one actor may see it, read in a fixed number of queries."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.apps import apps

from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.plans.models import Action, Goal, GoalVersion, Plan
    from cases.supervision.models import Case


@dataclass(slots=True)
class PlanView:
    """A plan, its goals in order, and each goal's actions in order: what the actor may see of them."""

    plan: Plan
    goals: list[Goal] = field(default_factory=list)
    actions: dict[int, list[Action]] = field(default_factory=dict)


def open_plan(actor: Actor, case: Case) -> PlanView | None:
    """The case's draft or active plan, or None where there is none or it is not the actor's to see. Three queries."""
    plan_model, goal_model, action_model = (apps.get_model("cases", n) for n in ("Plan", "Goal", "Action"))
    plan = plan_model.objects.permitted(actor).filter(case_id=case.pk).exclude(status="closed").first()
    if plan is None:
        return None
    view = PlanView(plan)
    view.goals = list(goal_model.objects.permitted(actor).filter(plan=plan).order_by("position", "pk"))
    for goal in view.goals:
        goal.plan, goal.case = plan, case
    actions = action_model.objects.permitted(actor).filter(plan=plan).select_related("owner_agency")
    for action in actions.order_by("position", "pk"):
        view.actions.setdefault(action.goal_id, []).append(action)
    return view


def versions_around(actor: Actor, part: Goal | Action, after: int) -> tuple[GoalVersion | None, GoalVersion | None]:
    """A goal's or action's version `after` and the one before it, as the actor may see them. One query."""
    link = type(part)._meta.model_name
    model = apps.get_model("cases", f"{link}version")
    rows = model.objects.permitted(actor).filter(**{link: part}, version__in=[after - 1, after])
    found = {row.version: row for row in rows.select_related("changed_by", "changed_by_agency")}
    return found.get(after - 1), found.get(after)


def part_for(actor: Actor, model_name: str, part_uuid: uuid.UUID) -> Goal | Action | None:
    """A goal or an action with its plan and case, if the actor may see it."""
    model = apps.get_model("cases", model_name)
    return model.objects.permitted(actor).filter(uuid=part_uuid).select_related("plan", "case").first()
