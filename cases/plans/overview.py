"""The plan's part of a case's overview."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import Category
from cases.plans.models import Action, Goal, Plan
from cases.supervision.closing import OpenWork
from cases.supervision.models import Case
from cases.supervision.overview import Date, Read
from sharing.access.actors import Actor

GOALS_SHOWN = 3
SHOWN_OF_A_GOAL = ("title", "progress_now", "progress_target", "progress_unit")


def plan_summary(actor: Actor, case: Case, read: Read) -> dict[str, Any]:
    """The open plan, its first active goals, and the day by which its next action is due. One query."""
    if Category.PLAN_VIEW not in case.opened:
        return {}
    found = read(lambda: [_plan(actor, case)])
    if found is None:
        return {"plan_failed": True}
    plan = found[0]
    due = plan.next_due if plan else None
    return {
        "plan": plan,
        "goals": [Goal(**shown) for shown in plan.first_goals] if plan else [],
        "dates": [Date(due, plan.next_title, due < timezone.localdate())] if plan and due else [],
    }


def _plan(actor: Actor, case: Case) -> Any:
    of_plan = {"plan_id": OuterRef("pk")}
    waiting = Action.objects.permitted(actor).filter(**of_plan, status="open", due_on__isnull=False)
    first = waiting.order_by("due_on", "pk")
    goals = Goal.objects.permitted(actor).filter(**of_plan, status="active").order_by("position", "pk")
    shown = goals.values(shown=JSONObject(**{name: name for name in SHOWN_OF_A_GOAL}))
    plans = Plan.objects.permitted(actor).filter(case=case).exclude(status="closed")
    return plans.annotate(
        next_due=Subquery(first.values("due_on")[:1]),
        next_title=Subquery(first.values("title")[:1]),
        first_goals=ArraySubquery(shown[:GOALS_SHOWN]),
    ).first()


def open_work(actor: Actor, case: Case) -> list[OpenWork]:
    """The goals and actions of the open plan that are neither done nor dropped. Two queries."""
    goals = Goal.objects.permitted(actor).filter(case=case, status="active").exclude(plan__status="closed").count()
    actions = Action.objects.permitted(actor).filter(case=case, status="open").exclude(plan__status="closed").count()
    if not goals and not actions:
        return []
    said = f"{goals} active goal{'' if goals == 1 else 's'} and {actions} open action{'' if actions == 1 else 's'}"
    return [OpenWork(f"{said} in the joint plan", reverse("case_plan", args=[case.uuid]))]
