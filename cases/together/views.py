"""The share view: one case as an officer may turn the screen to the person, or have it read over the shoulder.

What both sides of the partnership may see and the person may know: agreed goals, what is done about them, the rules in
force, the next dates, whom to call. No caution, flag, level, offense, address, note or author; of the actions those of
support alone, since a visit or a check that is announced here would be none; and the given name alone.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.trail.services import record_read
from cases.plans.codes import ActionKind, ActionStatus, GoalStatus
from cases.plans.querysets import open_plan
from cases.supervision.codes import CASE
from cases.supervision.querysets import conditions_in_force
from sharing.access.pages import RecordPage

SHOWN = Category.EXISTENCE | Category.SUPERVISION | Category.CONDITIONS | Category.PLAN_VIEW
BOTH_SIDES = 0  # the audience that hides nothing from either


class ShareView(RecordPage):
    """The case to look at together."""

    record_type = CASE
    needs = {"get": Category.EXISTENCE}

    def get(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """Goals, conditions and dates, without the frame that stands around a case elsewhere."""
        case, opened = self.frame.record, self.frame.opened
        conditions = None
        if Category.CONDITIONS in opened:
            conditions = self.blocks.read(lambda: list(conditions_in_force(self.actor, case)))
        plan = self.blocks.read(lambda: [self._goals()]) if Category.PLAN_VIEW in opened else None
        record_read(
            actor=self.actor,
            action="share_view",
            record_type=CASE,
            record_ids=[case.uuid],
            categories=SHOWN & opened,
        )
        context = {
            "case": case,
            "sees": {"supervision": Category.SUPERVISION in opened, "conditions": Category.CONDITIONS in opened,
                     "plan": Category.PLAN_VIEW in opened},
            "asked_at": timezone.now(),
            "conditions": conditions,
            "plan_failed": plan is None,
            "goals": plan[0] if plan else [],
        }  # fmt: skip
        return render(request, "cases/together/together.html", context)

    def _goals(self) -> list[dict[str, Any]]:
        """Active and reached goals that both sides share, each with the actions that help the person reach it."""
        view = open_plan(self.actor, self.frame.record)
        if view is None:
            return []
        return [
            {
                "goal": goal,
                "actions": [
                    action
                    for action in view.actions.get(goal.pk, [])
                    if action.audience == BOTH_SIDES
                    and action.kind == ActionKind.SUPPORT
                    and action.status != ActionStatus.DROPPED
                ],
            }
            for goal in view.goals
            if goal.audience == BOTH_SIDES and goal.status in (GoalStatus.ACTIVE, GoalStatus.REACHED)
        ]
