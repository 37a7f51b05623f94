"""Reading the appointments of a case: the list, one of them, and its file for another calendar."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.trail.services import record_read
from cases.appointments import services
from cases.appointments.calendar_file import MEDIA_TYPE, calendar_file
from cases.appointments.codes import Outcome
from cases.appointments.models import Appointment
from cases.appointments.querysets import ADD, appointment_for, around, coming, next_of, past, waiting, with_companions
from cases.appointments.wording import state_of, title_of
from cases.supervision.codes import CASE
from sharing.access.cursors import DamagedCursor, read_cursor, sign_cursor
from sharing.access.errors import NotAllowed, NotVisible
from sharing.access.pages import RecordPage

SHOWN = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS | Category.CONTACT_VIEW


class CaseAppointments(RecordPage):
    """What is to come on a case, and what was."""

    record_type = CASE
    action = "appointments"
    needs = {"get": Category.CONTACT_VIEW}

    def get(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """To come soonest first; past latest first, those without an outcome on top."""
        actor, case = self.actor, self.frame.record
        after = self._after()
        page = self.blocks.read(lambda: past(actor, case, after))
        ahead = self.blocks.read(lambda: coming(actor, case))
        open_ones = self.blocks.read(lambda: waiting(actor, case)) if after is None else []
        over = None if page is None else page.appointments
        with_companions(ahead, open_ones, over)
        context = {
            "tab": "appointments",
            "may_add": ADD in self.frame.opened,
            "own_agency": actor.agency_id,
            "coming": ahead,
            "waiting": open_ones,
            "past": over,
            "next_url": self._address(page.after) if page and page.after else "",
            "first_url": self._address(None) if after else "",
            "asked_at": timezone.now(),
        }
        return self.show("cases/appointments/list.html", SHOWN, context)

    def _after(self) -> tuple[datetime.datetime, int] | None:
        """Where the page before ended. Raises BadRequest rather than showing something else."""
        cursor = self.request.GET.get("after")
        if not cursor:
            return None
        try:
            moment, number = read_cursor(cursor, "appointments", str(self.record_uuid))
        except DamagedCursor:
            raise BadRequest from None
        return datetime.datetime.fromisoformat(moment), number

    def _address(self, after: tuple[datetime.datetime, int] | None) -> str:
        address = reverse("case_appointments", args=[self.record_uuid])
        if after is None:
            return address
        cursor = sign_cursor([after[0].isoformat(), after[1]], "appointments", str(self.record_uuid))
        return f"{address}?after={cursor}"


class AppointmentPage(RecordPage):
    """A page about one appointment of a case, whose UUID stands in the address as `appointment`."""

    record_type = CASE
    action = "appointments"
    appointment: Appointment

    def enter(self, category: Category) -> None:
        """Besides the case: the appointment, and for whoever changes it that their agency made it."""
        super().enter(category)
        found = appointment_for(self.actor, self.kwargs["appointment"])
        if found is None or found.case_id != self.frame.record.pk:
            raise NotVisible
        if Category.CONTACT_ADD in category and found.agency_id != self.actor.agency_id:
            raise NotAllowed(f"{found.agency.name} made this appointment; its officers alone change it.")
        self.appointment = found

    def about(self) -> dict[str, Any]:
        """What every page about the appointment says of it."""
        return {
            "tab": "appointments",
            "appointment": self.appointment,
            "title": title_of(self.appointment),
            "state": state_of(self.appointment),
        }


class ShowAppointment(AppointmentPage):
    """One appointment: what was agreed, and what is to be done about it."""

    needs = {"get": Category.CONTACT_VIEW}

    def get(self, request: HttpRequest, record: uuid.UUID, appointment: uuid.UUID) -> HttpResponse:
        """The facts, and the three things that remain: outcome, note, next appointment."""
        shown = self.appointment
        moved = around(self.actor, [shown])[shown.pk]
        may_change = ADD in self.frame.opened and shown.agency_id == self.actor.agency_id
        context = {
            **self.about(),
            "may_add": ADD in self.frame.opened,
            "may_change": may_change,
            "started": shown.starts_at - services.EARLY <= timezone.now(),
            "gone": shown.outcome in (Outcome.RESCHEDULED, Outcome.CANCELED),
            "moved_from": moved.before,
            "moved_to": moved.after,
            "next": self.blocks.read(lambda: [next_of(self.actor, self.frame.record)]),
            "asked_at": timezone.now(),
        }
        return self.show("cases/appointments/appointment.html", SHOWN, context)


class AppointmentFile(AppointmentPage):
    """One appointment for a calendar of another maker: when, a reference and a link."""

    needs = {"get": Category.CONTACT_VIEW}

    def get(self, request: HttpRequest, record: uuid.UUID, appointment: uuid.UUID) -> HttpResponse:
        """The file. It names nobody, so what it shows of the case is that there is one."""
        record_read(
            actor=self.actor,
            action="export",
            record_type=CASE,
            record_ids=[self.record_uuid],
            categories=Category.EXISTENCE,
        )
        return file_answer(calendar_file([self.appointment], timezone.now()))


def file_answer(text: str) -> HttpResponse:
    """A calendar file to keep, under a name that says nothing."""
    answer = HttpResponse(text, content_type=MEDIA_TYPE)
    answer["Content-Disposition"] = 'attachment; filename="appointments.ics"'
    return answer
