"""The start of the day."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from agencies.trail.services import record_read
from cases.supervision.codes import CASE
from portal.today.querysets import actions, news_rows, reviews, soon_rows, work_rows
from sharing.access.pages import Blocks, Page


class Today(Page):
    """What waits for somebody, and what changed. Each block fails alone and says so."""

    needs = {"get": NOTHING}

    def get(self, request: HttpRequest) -> HttpResponse:
        """Work with a day, news, and the next seven days."""
        actor, blocks = self.actor, Blocks()
        due_reviews = blocks.read(lambda: reviews(actor))
        due_actions = blocks.read(lambda: actions(actor))
        news = blocks.read(lambda: news_rows(actor))
        work = None
        if due_reviews is not None and due_actions is not None:
            work = work_rows(actor, due_reviews, due_actions)
        shown = {case.uuid for case in due_reviews or []}
        shown |= {action.case.uuid for action in due_actions or []}
        shown |= {row["case"].uuid for row in news or [] if row["case"] is not None}
        record_read(
            actor=actor,
            action="today",
            record_type=CASE,
            record_ids=sorted(shown),
            categories=Category.EXISTENCE
            | (Category.SUPERVISION if due_reviews else NOTHING)
            | (Category.PLAN_VIEW if due_actions else NOTHING),
        )
        context = {
            "section": "today",
            "today": timezone.localdate(),
            "work": work,
            "late": sum(1 for row in work or [] if row["late"]),
            "news": news,
            "soon": soon_rows(due_reviews or []),
            "loaded_at": timezone.now(),
        }
        return render(request, "portal/today/today.html", context)
