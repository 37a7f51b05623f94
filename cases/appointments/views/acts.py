"""Making an appointment, and everything that is done to one."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.models import User
from agencies.directory.words import listed
from agencies.trail.services import record_read
from cases.appointments import services
from cases.appointments.codes import Outcome
from cases.appointments.forms import AppointmentForm, CancelForm, ChangeForm, MoveForm, OutcomeForm
from cases.appointments.models import Appointment
from cases.appointments.querysets import ADD, appointment_for, clashes, colleagues
from cases.appointments.views.reading import SHOWN, AppointmentPage
from cases.appointments.wording import clash_text, moment_text, state_of, title_of
from cases.supervision.codes import CASE
from cases.supervision.readers import officers_who_read, readers_of
from sharing.access.errors import Refused, Stale
from sharing.access.pages import RecordPage, add_refusal

LATER = datetime.timedelta(days=7)
BACK = ("today", "calendar")
"""Pages from which somebody may come, and where they land again: they name nobody else's address."""


class Booking(NamedTuple):
    """Whose time is taken, and when; and which appointments are this one."""

    officers: set[User]
    begin: datetime.datetime
    lasts: datetime.timedelta
    besides: set[uuid.UUID]


class Telling(RecordPage):
    """A page on which something is saved that others learn of."""

    record_type = CASE
    action = "appointments"

    def readers(self, audience: int) -> dict[str, list[str]]:
        """Who will read it, and who is told of it, as templates/components/read_by.html takes them."""
        read_by, told = readers_of(self.actor, self.frame.record, Category.CONTACT_VIEW, audience)
        return {"read_by": read_by, "told": told}

    def say(self, what: str, audience: int, by_name: Collection[int]) -> None:
        """The message after saving: what was saved, and who will be told, these officers among them."""
        told = self.readers(audience)["told"]
        readers = officers_who_read(self.frame.record, Category.CONTACT_VIEW, audience)
        named = readers.filter(pk__in=by_name).exclude(pk=self.actor.user_id).order_by("name")
        told += [user.display for user in named if user.display not in told]
        messages.success(self.request, f"{what} {f'{listed(told)} will be told.' if told else 'Nobody else reads it.'}")

    def asks_first(self, form: Any, booking: Booking) -> bool:
        """Whether one of the officers has a visit at that time, of which nobody was told yet; the form then says so.

        Whoever saves anyway has said for which time and for whom: another one is asked about again.
        """
        officers, begin, end = booking.officers, booking.begin, booking.begin + booking.lasts
        if not officers:
            return False
        asked = " ".join([begin.isoformat(), end.isoformat(), *sorted(str(user.pk) for user in officers)])
        if self.request.POST.get("anyway") == asked:
            form.anyway = asked
            return False
        found = clashes(self.actor, {user.pk for user in officers}, begin, end, booking.besides)
        if not found:
            return False
        names = {user.pk: "" if user.pk == self.actor.user_id else user.display for user in officers}
        form.anyway, form.clashes = asked, [clash_text(one, names[one.officer_id]) for one in found]
        shown = {one.appointment.case.uuid for one in found if one.appointment}
        told = Category.EXISTENCE | Category.CONTACT_VIEW
        if shown:
            record_read(
                actor=self.actor, action="appointments", record_type=CASE, record_ids=sorted(shown), categories=told
            )
        return True


class NewAppointment(Telling):
    """Make an appointment on a case."""

    needs = {"get": ADD, "post": ADD}

    def get(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """The form; after an earlier appointment it begins as that one was, a week on."""
        earlier = self._earlier()
        form = AppointmentForm(actor=self.actor, case=self.frame.record, about=earlier or self._fresh())
        if earlier:
            local = timezone.localtime(earlier.starts_at)
            form.initial.update(time=local.time(), day=max(local.date() + LATER, timezone.localdate()))
        return self.show_form(form)

    def post(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """Make it; a second post of the same form finds the first one's appointment."""
        form = AppointmentForm(request.POST, actor=self.actor, case=self.frame.record, about=self._fresh())
        if not form.is_valid():
            return self.show_form(form, status=400)
        values, token = form.values(), form.cleaned_data["token"]
        lasts = datetime.timedelta(minutes=values["minutes"])
        if self.asks_first(form, Booking(form.officers(), values["starts_at"], lasts, {token})):
            return self.show_form(form, status=409)
        try:
            made = services.make_appointment(
                actor=self.actor,
                case_uuid=record,
                values=values,
                appointment_uuid=token,
            )
        except Refused as refusal:
            add_refusal_of_time(form, refusal)
            return self.show_form(form, status=400)
        self.say(f"{title_of(made)} made.", made.audience, services.concerned(None, made))
        return redirect("case_appointments", record)

    def show_form(self, form: AppointmentForm, status: int = 200) -> HttpResponse:
        """The form page."""
        context = {
            "tab": "appointments",
            "form": form,
            "heading": "New appointment",
            "save_label": "Make the appointment",
            "back_url": reverse("case_appointments", args=[self.record_uuid]),
        }
        return self.show("cases/appointments/form.html", SHOWN, context, status=status)

    def _fresh(self) -> Appointment:
        """An appointment with the officer of record where that is a colleague, else with whoever makes it."""
        officer_id = self.frame.record.officer_id
        known = officer_id and colleagues(self.actor).filter(pk=officer_id).exists()
        return Appointment(officer_id=officer_id if known else self.actor.user_id)

    def _earlier(self) -> Appointment | None:
        """The appointment after which this one comes, if the address names one of this case."""
        try:
            named = uuid.UUID(self.request.GET.get("after", ""))
        except ValueError:
            return None
        found = appointment_for(self.actor, named)
        return found if found and found.case_id == self.frame.record.pk else None


class AppointmentAct(AppointmentPage, Telling):
    """Something done to one appointment. Subclasses say what."""

    needs = {"get": ADD, "post": ADD}
    heading: ClassVar[str] = ""
    save_label: ClassVar[str] = ""

    def get(self, request: HttpRequest, record: uuid.UUID, appointment: uuid.UUID) -> HttpResponse:
        """The form."""
        return self.show_form(self.make_form())

    def post(self, request: HttpRequest, record: uuid.UUID, appointment: uuid.UUID) -> HttpResponse:
        """Do it; errors beside their fields, and a stale change beside what stands there now."""
        form = self.make_form(request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        booking = self.booked(form)
        if booking and self.asks_first(form, booking):
            return self.show_form(form, status=409)
        before = services.values_of(self.appointment)
        try:
            done = self.save(form)
        except Refused as refusal:
            add_refusal_of_time(form, refusal)
            return self.show_form(form, status=400)
        except Stale as stale:
            current: Any = stale.current
            if not self.is_so(form, current):
                return self.show_stale(form, current)
            done = current  # the same form sent twice, or two people said the same
        came_from = self.came_from()
        said = f"{self.frame.record.person.display}: {self.said(done)}" if came_from else self.said(done)
        self.say(said, done.audience, services.concerned(before, done))
        return redirect(came_from) if came_from else redirect("appointment", record, done.uuid)

    # What subclasses give

    def make_form(self, data: Any = None) -> Any:
        """The form."""
        raise NotImplementedError

    def save(self, form: Any) -> Appointment:
        """Call the one service. Raises Refused or Stale."""
        raise NotImplementedError

    def is_so(self, form: Any, current: Appointment) -> bool:
        """Whether the appointment already is as the form would have it."""
        raise NotImplementedError

    def said(self, done: Appointment) -> str:
        """The first sentence of the message after it."""
        raise NotImplementedError

    def booked(self, form: Any) -> Booking | None:
        """Whose time it takes that it did not take before, if anybody's."""
        return None

    # What all of them share

    def came_from(self) -> str:
        """The page from which somebody came, by its name; "" for the appointment's own."""
        named = (self.request.POST or self.request.GET).get("from", "")
        return named if named in BACK else ""

    def show_form(self, form: Any, status: int = 200, current: Appointment | None = None) -> HttpResponse:
        """The form page; with `current`, above it what somebody saved meanwhile."""
        came_from = self.came_from()
        own = reverse("appointment", args=[self.record_uuid, self.appointment.uuid])
        context = {
            **self.about(),
            **({} if "audience" in form.fields else self.readers(self.appointment.audience)),
            "form": form,
            "heading": self.heading,
            "save_label": self.save_label,
            "came_from": came_from,
            "back_url": reverse(came_from) if came_from else own,
            "current": current,
            "current_state": state_of(current) if current else "",
        }
        return self.show("cases/appointments/form.html", SHOWN, context, status=status)

    def show_stale(self, form: Any, current: Appointment) -> HttpResponse:
        """What was typed, under what stands there now; sent again, it is put in its place."""
        form.data = {**form.data.dict(), "seen_version": str(current.version)}
        return self.show_form(form, status=409, current=current)


def add_refusal_of_time(form: forms.Form, refusal: Refused) -> None:
    """A service's refusal beside its field; what is wrong with the moment stands at the day."""
    if refusal.field == "starts_at":
        refusal = Refused(str(refusal), "day")
    add_refusal(form, refusal)


class RecordOutcome(AppointmentAct):
    """Say how it went."""

    heading, save_label = "Record the outcome", "Save outcome"

    def make_form(self, data: Any = None) -> OutcomeForm:
        """One choice, none made beforehand: what is saved was meant."""
        shown = self.appointment
        known = {"outcome": shown.outcome, "note": shown.note, "seen_version": shown.version}
        return OutcomeForm(data, initial=known)

    def save(self, form: OutcomeForm) -> Appointment:
        """Record it."""
        asked = form.cleaned_data
        return services.record_outcome(
            actor=self.actor,
            appointment_uuid=self.appointment.uuid,
            outcome=asked["outcome"],
            note=asked["note"],
            seen_version=asked["seen_version"],
        )

    def is_so(self, form: OutcomeForm, current: Appointment) -> bool:
        """Whether the same outcome and note are recorded."""
        return (current.outcome, current.note) == (form.cleaned_data["outcome"], form.cleaned_data["note"])

    def said(self, done: Appointment) -> str:
        """How it went."""
        return f"{title_of(done)}: {done.get_outcome_display().lower()}."


class ChangeAppointment(AppointmentAct):
    """Change its details."""

    heading, save_label = "Change the appointment", "Save appointment"

    def make_form(self, data: Any = None) -> ChangeForm:
        """The details as they are."""
        return ChangeForm(data, actor=self.actor, case=self.frame.record, about=self.appointment)

    def save(self, form: ChangeForm) -> Appointment:
        """Change it."""
        return services.change_appointment(
            actor=self.actor,
            appointment_uuid=self.appointment.uuid,
            changes=form.details(),
            seen_version=form.cleaned_data["seen_version"],
        )

    def is_so(self, form: ChangeForm, current: Appointment) -> bool:
        """Whether the details are the same."""
        wanted = form.details()
        along = {user.pk for user in wanted.pop("companions")} - {wanted["officer"].pk}
        same = all(getattr(current, name) == value for name, value in wanted.items())
        return same and along == set(current.companion_ids)

    def booked(self, form: ChangeForm) -> Booking | None:
        """Whoever is new at it; everybody, where it takes longer."""
        shown, lasts = self.appointment, datetime.timedelta(minutes=form.cleaned_data["minutes"])
        longer = shown.starts_at + lasts > shown.ends_at
        officers = form.officers() - (set() if longer else {shown.officer, *shown.companions.all()})
        return Booking(officers, shown.starts_at, lasts, {shown.uuid})

    def said(self, done: Appointment) -> str:
        """What was saved."""
        return f"{title_of(done)} saved."


class MoveAppointment(AppointmentAct):
    """Another day or time."""

    heading, save_label = "Reschedule", "Move the appointment"

    def make_form(self, data: Any = None) -> MoveForm:
        """Day, time and why."""
        return MoveForm(data, actor=self.actor, about=self.appointment)

    def save(self, form: MoveForm) -> Appointment:
        """Move it; a second post of the same form finds the first one's appointment."""
        asked = form.cleaned_data
        return services.move_appointment(
            actor=self.actor,
            appointment_uuid=self.appointment.uuid,
            starts_at=asked["starts_at"],
            note=asked["note"],
            seen_version=asked["seen_version"],
            new_uuid=asked["token"],
        )

    def is_so(self, form: MoveForm, current: Appointment) -> bool:
        """Never: a second post of the same form is known by its token."""
        return False

    def booked(self, form: MoveForm) -> Booking | None:
        """Everybody who is to be there."""
        shown, asked = self.appointment, form.cleaned_data
        officers = {shown.officer, *shown.companions.all()}
        return Booking(officers, asked["starts_at"], shown.ends_at - shown.starts_at, {shown.uuid, asked["token"]})

    def said(self, done: Appointment) -> str:
        """Whereto it moved, and who could not come along."""
        left = [user.display for user in self.appointment.companions.all() if user.pk not in done.companion_ids]
        lost = f" {listed(left)} cannot come along any more." if left else ""
        return f"{done.get_kind_display()} moved to {moment_text(done.starts_at)}.{lost}"


class CancelAppointment(AppointmentAct):
    """Call it off."""

    heading, save_label = "Cancel the appointment", "Cancel the appointment"

    def make_form(self, data: Any = None) -> CancelForm:
        """Why."""
        return CancelForm(data, initial={"seen_version": self.appointment.version})

    def save(self, form: CancelForm) -> Appointment:
        """Call it off."""
        return services.cancel_appointment(
            actor=self.actor,
            appointment_uuid=self.appointment.uuid,
            note=form.cleaned_data["note"],
            seen_version=form.cleaned_data["seen_version"],
        )

    def is_so(self, form: CancelForm, current: Appointment) -> bool:
        """Whether it is off."""
        return current.outcome == Outcome.CANCELED

    def said(self, done: Appointment) -> str:
        """That it is off."""
        return f"{title_of(done)} canceled."
