"""One officer's own appointments: a week as an agenda, the same as a file, and the way to a new one."""

from __future__ import annotations

import datetime

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from agencies.trail.services import record_read
from cases.appointments.calendar_file import calendar_file
from cases.appointments.forms import PersonForm
from cases.appointments.models import Appointment
from cases.appointments.querysets import ADD, own_between
from cases.appointments.rows import MAY_NOT_LOOK, dressed
from cases.appointments.views.reading import file_answer
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from cases.supervision.querysets import MINE, CaseFilter
from sharing.access.actors import Actor
from sharing.access.pages import Blocks, Page

WEEK, DAY = datetime.timedelta(days=7), datetime.timedelta(days=1)
EXPORTED = datetime.timedelta(days=92)
OWN_CASES = 200


def record_shown(actor: Actor, action: str, appointments: list[Appointment], categories: Category) -> None:
    """The read event of a list of one's own appointments."""
    shown = sorted({one.case.uuid for one in appointments})
    record_read(actor=actor, action=action, record_type=CASE, record_ids=shown, categories=categories)


class Calendar(Page):
    """My appointments of a week, day by day."""

    needs = {"get": NOTHING}

    def get(self, request: HttpRequest) -> HttpResponse:
        """The week of the day that the address names, or of today."""
        actor, blocks, today = self.actor, Blocks(), timezone.localdate()
        chosen = self._day()
        monday = chosen - DAY * chosen.weekday()
        may_look = Category.CONTACT_VIEW in actor.role_mask
        found = blocks.read(lambda: own_between(actor, monday, monday + WEEK - DAY)) if may_look else []
        dressed(actor, found or [], blocks)
        record_shown(actor, "calendar", found or [], Category.EXISTENCE | Category.CONTACT_VIEW | Category.CAUTIONS)
        by_day: dict[datetime.date, list[Appointment]] = {}
        for one in found or []:
            by_day.setdefault(timezone.localtime(one.starts_at).date(), []).append(one)
        days = [monday + DAY * number for number in range(7)]
        context = {
            "section": "today",
            "days": [{"day": day, "rows": by_day.get(day, []), "today": day == today} for day in days],
            "loaded": found is not None,
            "number": len(found or []),
            "may_look": may_look,
            "not_shared_text": MAY_NOT_LOOK,
            "may_add": ADD & ~actor.role_mask == NOTHING,
            "monday": monday,
            "sunday": monday + WEEK - DAY,
            "this_week": monday <= today < monday + WEEK,
            "before_url": _week(monday - WEEK),
            "after_url": _week(monday + WEEK),
            "asked_at": timezone.now(),
        }
        return render(request, "cases/appointments/calendar.html", context)

    def _day(self) -> datetime.date:
        """The day asked for. Raises BadRequest for what is none."""
        asked = self.request.GET.get("day")
        if not asked:
            return timezone.localdate()
        try:
            day = datetime.date.fromisoformat(asked)
        except ValueError:
            raise BadRequest from None
        if not 1990 <= day.year <= 2100:
            raise BadRequest
        return day


def _week(monday: datetime.date) -> str:
    return f"{reverse('calendar')}?day={monday.isoformat()}"


class CalendarFile(Page):
    """My appointments of the next three months for a calendar of another maker."""

    needs = {"get": Category.CONTACT_VIEW}

    def get(self, request: HttpRequest) -> HttpResponse:
        """The file: of each when, a reference and a link, and nothing about anyone."""
        today = timezone.localdate()
        found = own_between(self.actor, today, today + EXPORTED)
        record_shown(self.actor, "export", found, Category.EXISTENCE)
        return file_answer(calendar_file(found, timezone.now()))


class CalendarNew(Page):
    """A new appointment begins with the person: one of one's own cases, or whom a search finds."""

    needs = {"get": Category.EXISTENCE, "post": Category.EXISTENCE}

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self.show_form(PersonForm(cases=self.own_cases()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """On to the case's form."""
        form = PersonForm(request.POST, cases=self.own_cases())
        if not form.is_valid():
            return self.show_form(form, status=400)
        return redirect("appointment_new", form.cleaned_data["case"])

    def own_cases(self) -> list[Case]:
        """The cases of which the actor is officer of record."""
        cases = Case.objects.page(self.actor, CaseFilter(scope=MINE), limit=OWN_CASES).cases
        self.shown = [case.uuid for case in cases]
        return cases

    def show_form(self, form: PersonForm, status: int = 200) -> HttpResponse:
        """The page; one read event for the names in it."""
        record_read(
            actor=self.actor,
            action="list",
            record_type=CASE,
            record_ids=self.shown,
            categories=Category.EXISTENCE,
        )
        context = {"section": "today", "form": form, "own": bool(self.shown)}
        return render(self.request, "cases/appointments/whom.html", context, status=status)
