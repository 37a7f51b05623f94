"""The plan's part of a case's overview."""

from __future__ import annotations

import json
from typing import Any

from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import Category
from cases.plans.models import Action, Goal, Plan
from cases.supervision.closing import OpenWork
from cases.supervision.models import Case
from cases.supervision.overview import Date, Read
from sharing.access.actors import Actor
from sharing.access.querysets import seen_in
from sharing.access.rows import Arguments, read_joined

GOALS_SHOWN = 3
SHOWN_OF_A_GOAL = ("title", "progress_now", "progress_target", "progress_unit")


def plan_summary(actor: Actor, case: Case, read: Read) -> dict[str, Any]:
    """The open plan, its first active goals, and the day by which its next action is due. One query."""
    if Category.PLAN_VIEW not in case.opened:
        return {}
    found = read(lambda: _plans(actor, case))
    if found is None:
        return {"plan_failed": True}
    row = next(iter(found), None)
    due = row["due"] if row else None
    return {
        "plan": row["p"] if row else None,
        "goals": [Goal(**shown) for shown in json.loads(row["goals"] or "[]")] if row else [],
        "dates": [Date(due, row["title"], due < timezone.localdate())] if row and due else [],
    }


def _plans(actor: Actor, case: Case) -> list[dict[str, Any]]:
    """The open plan as a kept statement reads it, `due` and `title` of its next action, and `goals` as JSON."""
    write = Arguments()
    seen = {name: seen_in(model, name, actor, write) for name, model in (("p", Plan), ("a", Action), ("g", Goal))}
    shown = ", ".join(f"'{name}', g.{name}" for name in SHOWN_OF_A_GOAL)
    goals = f"""(SELECT jsonb_agg(q.shown)::text FROM (
        SELECT jsonb_build_object({shown}) AS shown FROM cases_goal g
         WHERE g.plan_id = p.id AND g.status = 'active' AND {seen["g"]}
         ORDER BY g.position, g.id LIMIT {GOALS_SHOWN}) q)"""
    tail = f"""FROM cases_plan p LEFT JOIN LATERAL (
        SELECT a.due_on, a.title FROM cases_action a
         WHERE a.plan_id = p.id AND a.status = 'open' AND a.due_on IS NOT NULL AND {seen["a"]}
         ORDER BY a.due_on, a.id LIMIT 1) n ON true
      WHERE p.case_id = {write("case", case.pk)} AND p.status <> 'closed' AND {seen["p"]} ORDER BY p.id LIMIT 1"""
    return read_joined({"p": Plan}, tail, write.values, {"due": "n.due_on", "title": "n.title", "goals": goals})


def open_work(actor: Actor, case: Case) -> list[OpenWork]:
    """The goals and actions of the open plan that are neither done nor dropped. Two queries."""
    goals = Goal.objects.permitted(actor).filter(case=case, status="active").exclude(plan__status="closed").count()
    actions = Action.objects.permitted(actor).filter(case=case, status="open").exclude(plan__status="closed").count()
    if not goals and not actions:
        return []
    said = f"{goals} active goal{'' if goals == 1 else 's'} and {actions} open action{'' if actions == 1 else 's'}"
    return [OpenWork(f"{said} in the joint plan", reverse("case_plan", args=[case.uuid]))]
