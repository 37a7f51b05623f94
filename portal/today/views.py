"""The start of the day."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from agencies.directory.dates import local_day
from agencies.trail.services import record_read
from cases.appointments.models import Appointment
from cases.appointments.querysets import ADD
from cases.appointments.rows import MAY_NOT_LOOK, dressed
from cases.lists.addresses import list_address
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from cases.supervision.querysets import OWN_OPEN_BY_REVIEW
from portal.agency.querysets import DUE_WITHIN, covered_by
from portal.today.querysets import (
    EVERY,
    ROWS,
    Work,
    action_work,
    actions,
    appointments,
    case_work,
    manages_reviews,
    news_rows,
    outcomes,
    own_cases,
    plan_work,
    plans,
    reviews,
    soon,
)
from sharing.access.pages import Blocks, Page

# What each kind of work tells of its case.
SAYS = {
    "Outcomes to record": Category.CONTACT_VIEW,
    "Case reviews": Category.SUPERVISION,
    "Actions": Category.PLAN_VIEW,
    "Plan reviews": Category.PLAN_VIEW,
}


class Today(Page):
    """Appointments, what waits for somebody, what changed, and the next days. Each block fails alone and says so."""

    needs = {"get": NOTHING}

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; with `all`, every row of work and not the first ones alone."""
        actor, blocks = self.actor, Blocks()
        coming = blocks.read(lambda: appointments(actor))
        late_outcomes = blocks.read(lambda: outcomes(actor))
        cases = blocks.read(lambda: own_cases(actor))
        due_actions = blocks.read(lambda: actions(actor))
        due_plans = blocks.read(lambda: plans(actor))
        news = blocks.read(lambda: news_rows(actor))
        manages = manages_reviews(actor)
        of_units = blocks.read(lambda: reviews(actor)) if manages else None

        today = timezone.localdate()
        slots = None if coming is None else [one for one in coming if local_day(one.starts_at) == today]
        dressed(actor, slots or [], blocks)
        waiting: dict[str, list[Work] | None] = {
            "Outcomes to record": late_outcomes,
            "Case reviews": None if cases is None else case_work(cases),
            "Actions": None if due_actions is None else action_work(due_actions),
            "Plan reviews": None if due_plans is None else plan_work(due_plans),
        }
        every = [row for rows in waiting.values() for row in rows or []]
        every.sort(key=lambda row: row.due)
        shown = every[: EVERY if "all" in request.GET else ROWS]
        dates = soon([one for one in coming or [] if one not in (slots or [])], cases or [], due_plans or [])
        told: dict[Category, list[Case]] = {
            Category.CONTACT_VIEW: [one.case for one in slots or []],
            Category.CAUTIONS: [one.case for one in slots or []],
            Category.EXISTENCE: [row["case"] for row in news or [] if isinstance(row["case"], Case)],
        }
        for date in dates:
            told.setdefault(date.says, []).append(date.case)
        for label, rows in waiting.items():
            told.setdefault(SAYS[label], []).extend(row.case for row in rows or [] if row in shown)
        self._note_read(told)
        context = {
            "section": "today",
            "today": today,
            "slots": slots,
            "next_one": _next(slots or []),
            "may_look": Category.CONTACT_VIEW in actor.role_mask,
            "may_add": ADD & ~actor.role_mask == NOTHING,
            "not_shared_text": MAY_NOT_LOOK,
            "work": shown,
            "work_number": len(every),
            "late": sum(1 for row in every if row.late),
            "work_missing": [name for name, rows in waiting.items() if rows is None],
            "manages": manages,
            "reviews": of_units,
            "reviews_url": list_address(OWN_OPEN_BY_REVIEW),
            "days": DUE_WITHIN.days,
            "news": news,
            "soon": dates,
            "soon_missing": [
                name
                for name, rows in (("Court dates", coming), ("Reviews and ends of terms", cases), ("Plans", due_plans))
                if rows is None
            ],
            "covering": blocks.read(lambda: list(covered_by(actor))),
            "loaded_at": timezone.now(),
        }
        return render(request, "portal/today/today.html", context)

    def _note_read(self, shown: dict[Category, list[Case]]) -> None:
        """The one read event: every case on the page, and what the page showed of some."""
        ids: set[uuid.UUID] = {case.uuid for cases in shown.values() for case in cases}
        categories = Category.EXISTENCE
        for category, cases in shown.items():
            if cases:
                categories |= category
        record_read(actor=self.actor, action="today", record_type=CASE, record_ids=sorted(ids), categories=categories)


def _next(slots: list[Appointment]) -> Appointment | None:
    """The appointment that comes next, or is on now."""
    now = timezone.now()
    return next((one for one in slots if not one.outcome and one.ends_at > now), None)
