"""What answers of the API may carry of a plan beside their own: the plan of a case, the actions of a goal."""

from __future__ import annotations

import uuid
from typing import Any

from agencies.directory.categories import Category
from cases.plans.models import Action
from cases.plans.querysets import open_plans
from cases.plans.serializers import ActionAnswer, PlanAnswer
from cases.supervision.models import Case
from sharing.access.rest import DoorView
from sharing.access.shape import Expansion, register_expansion


def declare() -> None:
    """Register this feature's expansions."""
    register_expansion("plan", Expansion(PlanAnswer, plans))
    register_expansion("actions", Expansion(ActionAnswer, actions))


def plans(view: DoorView, case_uuids: list[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """The open plans of cases, by case. Four queries."""
    cases = list(Case.objects.permitted(view.actor, Category.PLAN_VIEW).filter(uuid__in=case_uuids))
    views = open_plans(view.actor, cases)
    view.note_read("expand", [found.plan.case for found in views], Category.PLAN_VIEW)
    return {
        found.plan.case.uuid: PlanAnswer(found.plan, context={"goals": found.goals, "actions": found.actions}).data
        for found in views
    }


def actions(view: DoorView, goal_uuids: list[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """The actions of goals, by goal; a goal without any is left out. One query."""
    rows = Action.objects.permitted(view.actor).filter(goal__uuid__in=goal_uuids)
    by_goal: dict[uuid.UUID, list[Action]] = {}
    for action in rows.select_related("owner_agency", "goal", "case").order_by("position", "pk"):
        by_goal.setdefault(action.goal.uuid, []).append(action)
    told = {action.case_id: action.case for found in by_goal.values() for action in found}
    view.note_read("expand", told.values(), Category.PLAN_VIEW)
    return {goal: ActionAnswer(found, many=True).data for goal, found in by_goal.items()}
