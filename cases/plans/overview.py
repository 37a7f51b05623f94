"""The plan's part of a case's overview."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from agencies.directory.categories import Category
from cases.plans.models import Action, Goal, Plan
from cases.supervision.models import Case
from cases.supervision.overview import Date, Read
from sharing.access.actors import Actor

GOALS_SHOWN = 3


def plan_summary(actor: Actor, case: Case, read: Read) -> dict[str, Any]:
    """The open plan, its first active goals, and the day by which its next action is due. Two queries."""
    if Category.PLAN_VIEW not in case.opened:
        return {}
    found = read(lambda: [_plan(actor, case)])
    goals = read(lambda: _goals(actor, case))
    if found is None or goals is None:
        return {"plan_failed": True}
    plan = found[0]
    due = plan.next_due if plan else None
    return {
        "plan": plan,
        "goals": goals,
        "dates": [Date(due, plan.next_title, due < timezone.localdate())] if plan and due else [],
    }


def _plan(actor: Actor, case: Case) -> Plan | None:
    waiting = Action.objects.permitted(actor).filter(plan_id=OuterRef("pk"), status="open", due_on__isnull=False)
    plans = Plan.objects.permitted(actor).filter(case=case).exclude(status="closed")
    first = waiting.order_by("due_on", "pk")
    return plans.annotate(
        next_due=Subquery(first.values("due_on")[:1]), next_title=Subquery(first.values("title")[:1])
    ).first()


def _goals(actor: Actor, case: Case) -> list[Goal]:
    goals = Goal.objects.permitted(actor).filter(case=case, status="active").exclude(plan__status="closed")
    return list(goals.order_by("position", "pk")[:GOALS_SHOWN])
