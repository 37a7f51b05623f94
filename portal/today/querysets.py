"""What waits for somebody today: reviews and actions with a day, and news. Each block is read by itself."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.models import Side
from cases.plans.models import Action
from cases.supervision.models import Case
from cases.supervision.querysets import MINE, REVIEW, CaseFilter
from sharing.access.actors import Actor
from sharing.notices.querysets import inbox_page

AHEAD = datetime.timedelta(days=7)
ROWS = 12
NEWS = 5


def reviews(actor: Actor) -> list[Case]:
    """The actor's own cases whose review is late or falls within the next days, soonest first."""
    if Category.SUPERVISION not in actor.role_mask:
        return []
    page = Case.objects.page(actor, CaseFilter(scope=MINE, sort=REVIEW), limit=ROWS)
    last = timezone.localdate() + AHEAD
    return [case for case in page.cases if case.next_review and case.next_review <= last]


def actions(actor: Actor) -> list[Action]:
    """Open actions that are late or due within the next days: on the actor's cases, and those of the partner agency."""
    mine = Q(case__officer_id=actor.user_id)
    if actor.side != Side.SUPERVISION:
        mine |= Q(owner_agency=actor.agency)
    rows = Action.objects.permitted(actor).filter(mine, status="open", due_on__lte=timezone.localdate() + AHEAD)
    return list(rows.select_related("case__person", "goal", "owner_agency").order_by("due_on", "pk")[:ROWS])


def work_rows(actor: Actor, due_reviews: list[Case], due_actions: list[Action]) -> list[dict[str, Any]]:
    """Both kinds of work as rows of the page, soonest first."""
    today = timezone.localdate()
    rows: list[dict[str, Any]] = [
        {
            "due": case.next_review,
            "title": f"Review the case of {case.person.display}",
            "second": f"{case.get_kind_display()}, {case.number}",
            "agency": None,
            "url": reverse("case_overview", args=[case.uuid]),
            "label": "Open case",
        }
        for case in due_reviews
        if case.next_review and case.next_review <= today
    ]
    rows += [
        {
            "due": action.due_on,
            "title": f"{action.title}: {action.case.person.display}",
            "second": action.owner_text or (action.owner_agency.name if action.owner_agency else "Joint plan"),
            "agency": action.owner_agency,
            "url": f"{reverse('case_plan', args=[action.case.uuid])}#goal-{action.goal.uuid}",
            "label": "Open plan",
        }
        for action in due_actions
    ]
    for row in rows:
        row["late"] = row["due"] < today
    return sorted(rows, key=lambda row: row["due"])


def soon_rows(due_reviews: list[Case]) -> list[dict[str, Any]]:
    """Reviews still to come in the next days."""
    today = timezone.localdate()
    return [
        {
            "on": case.next_review,
            "url": reverse("case_overview", args=[case.uuid]),
            "person": case.person.display,
            "text": "Review",
        }
        for case in due_reviews
        if case.next_review and case.next_review > today
    ]


def news_rows(actor: Actor) -> list[dict[str, Any]]:
    """The newest news in the inbox."""
    return [
        {
            "url": reverse("inbox_item", args=[news.item.uuid]),
            "person": news.record.person.display if isinstance(news.record, Case) else "",
            "text": news.title,
            "by": news.line,
            "agency": news.item.event.actor_agency,
            "at": news.item.created_at,
            "case": news.record if isinstance(news.record, Case) else None,
        }
        for news in inbox_page(actor, size=NEWS).news
    ]
