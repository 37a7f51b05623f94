"""Appointments over the API: those of a case, one's own, and everything that is done to one."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import Category
from cases.appointments import services
from cases.appointments.models import Appointment
from cases.appointments.querysets import ADD, around, asked_with, with_addresses
from cases.appointments.serializers import (
    AppointmentAnswer,
    AppointmentChange,
    AppointmentInput,
    AppointmentPageAnswer,
    CancelInput,
    MoveInput,
    OutcomeInput,
    OwnParameters,
)
from cases.supervision.codes import CASE
from sharing.access.errors import NotAllowed, NotVisible
from sharing.access.rest import IF_MATCH, DoorView, PageParameters, page_of

TAGS = ["Appointments"]
JOINED = ("case", "agency", "officer", "outcome_by")


class AppointmentsView(DoorView):
    """What the resources of appointments share: a page of them, and one of them."""

    shows = AppointmentAnswer
    expands = {"case": "case_url"}

    def page(self, rows: Any, *, name: str, order: tuple[str, ...]) -> Response:
        """One page of them, and the address of the next; leaves the one read event."""
        found, following = page_of(self, with_addresses(rows.select_related(*JOINED)), name=name, order=order)
        cases = {one.case_id: one.case for one in found}
        self.note_read("appointments", cases.values(), Category.CONTACT_VIEW)
        return Response({"results": self.answers(found), "next": following})

    def answers(self, appointments: list[Appointment]) -> Any:
        """The appointments as the caller may see them."""
        context = {"around": around(self.actor, appointments)}
        return AppointmentAnswer(appointments, many=True, context=context).data

    def appointment(self, appointment_uuid: uuid.UUID) -> Appointment:
        """The appointment, if the caller may see it and do what is declared. Raises NotVisible or NotAllowed."""
        visible = Appointment.objects.permitted(self.actor).filter(uuid=appointment_uuid)
        found = with_addresses(visible.select_related(*JOINED)).first()
        if found is None:
            raise NotVisible
        self.tells_of(CASE, found.case.uuid)
        if not Appointment.objects.permitted(self.actor, self.category).filter(pk=found.pk).exists():
            raise NotAllowed("You can read this appointment, but your role or your agency's access goes no further.")
        return found

    def seen(self, appointment_uuid: uuid.UUID) -> Appointment:
        """The appointment in the version that If-Match names. Raises as appointment(), VersionNotNamed, VersionPassed.

        Only the agency that made it changes it: said before anything is asked of the caller.
        """
        found = self.appointment(appointment_uuid)
        if found.agency_id != self.actor.agency_id:
            raise NotAllowed(f"{found.agency.name} made this appointment and alone changes it.")
        self.must_match(self.tag_of(found))
        return found

    def answer(self, appointment_uuid: uuid.UUID, status: int = 200) -> Response:
        """The appointment as it is now, with its ETag."""
        found = self.appointment(appointment_uuid)
        return self.tagged(self.answers([found])[0], self.tag_of(found), status=status)


class CaseAppointmentsView(AppointmentsView):
    """The appointments of a case."""

    categories = {"get": Category.CONTACT_VIEW, "post": ADD}
    parameters = PageParameters

    @extend_schema(
        operation_id="list_case_appointments",
        parameters=[PageParameters],
        responses=AppointmentPageAnswer,
        tags=TAGS,
    )
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """List the appointments of a case, latest first, those to come at the top."""
        case = self.record(CASE, case_uuid)
        rows = Appointment.objects.permitted(self.actor).filter(case=case)
        return self.page(rows, name=f"appointments of {case_uuid}", order=("-starts_at", "-pk"))

    @extend_schema(
        operation_id="make_appointment", request=AppointmentInput, responses={201: AppointmentAnswer}, tags=TAGS
    )
    def post(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Make an appointment. Everybody entitled is told.

        That the officer or a companion has another visit at that time refuses nothing and is not told here.
        """
        self.record(CASE, case_uuid)
        values = self.body(AppointmentInput)
        made = services.make_appointment(actor=self.actor, case_uuid=case_uuid, values=values)
        return self.answer(made.uuid, status=201)


class OwnAppointmentsView(AppointmentsView):
    """The appointments in the caller's own calendar."""

    categories = {"get": Category.CONTACT_VIEW}
    parameters = OwnParameters

    @extend_schema(
        operation_id="list_own_appointments", parameters=[OwnParameters], responses=AppointmentPageAnswer, tags=TAGS
    )
    def get(self, request: Request) -> Response:
        """List the appointments at which the caller meets the person or comes along, soonest first."""
        asked = asked_with([self.actor.user_id], self.asked.get("since"), self.asked.get("before"))
        rows = Appointment.objects.permitted(self.actor).filter(asked)
        return self.page(rows, name="own appointments", order=("starts_at", "pk"))


class AppointmentView(AppointmentsView):
    """One appointment."""

    categories = {"get": Category.CONTACT_VIEW, "patch": ADD}

    @extend_schema(operation_id="read_appointment", responses=AppointmentAnswer, tags=TAGS)
    def get(self, request: Request, appointment_uuid: uuid.UUID) -> Response:
        """Read an appointment."""
        found = self.appointment(appointment_uuid)
        self.note_read("appointments", [found.case], Category.CONTACT_VIEW)
        return self.tagged(self.answers([found])[0], self.tag_of(found))

    @extend_schema(operation_id="change_appointment", request=AppointmentChange, responses=AppointmentAnswer, tags=TAGS)
    def patch(self, request: Request, appointment_uuid: uuid.UUID) -> Response:
        """Change the details of an appointment from the version named in If-Match. To change its time, move it."""
        seen = self.seen(appointment_uuid)
        services.change_appointment(
            actor=self.actor,
            appointment_uuid=appointment_uuid,
            changes=self.body(AppointmentChange, partial=True),
            seen_version=seen.version,
        )
        return self.answer(appointment_uuid)


class AppointmentOutcomeView(AppointmentsView):
    """How an appointment went."""

    categories = {"post": ADD}

    @extend_schema(
        operation_id="record_outcome",
        request=OutcomeInput,
        responses=AppointmentAnswer,
        parameters=[IF_MATCH],
        tags=TAGS,
    )
    def post(self, request: Request, appointment_uuid: uuid.UUID) -> Response:
        """Record whether the person came and complied, or correct what was recorded."""
        seen = self.seen(appointment_uuid)
        asked = self.body(OutcomeInput)
        services.record_outcome(actor=self.actor, appointment_uuid=appointment_uuid, seen_version=seen.version, **asked)
        return self.answer(appointment_uuid)


class AppointmentMoveView(AppointmentsView):
    """Putting another appointment in the place of one."""

    categories = {"post": ADD}

    @extend_schema(
        operation_id="move_appointment",
        request=MoveInput,
        responses={201: AppointmentAnswer},
        parameters=[IF_MATCH],
        tags=TAGS,
    )
    def post(self, request: Request, appointment_uuid: uuid.UUID) -> Response:
        """Close the appointment as rescheduled, and make one at another time, which is the answer.

        Companions go along; another visit at that hour refuses nothing.
        """
        seen = self.seen(appointment_uuid)
        asked = self.body(MoveInput)
        made = services.move_appointment(
            actor=self.actor, appointment_uuid=appointment_uuid, seen_version=seen.version, **asked
        )
        return self.answer(made.uuid, status=201)


class AppointmentCancelView(AppointmentsView):
    """Calling an appointment off."""

    categories = {"post": ADD}

    @extend_schema(
        operation_id="cancel_appointment",
        request=CancelInput,
        responses=AppointmentAnswer,
        parameters=[IF_MATCH],
        tags=TAGS,
    )
    def post(self, request: Request, appointment_uuid: uuid.UUID) -> Response:
        """Call the appointment off. Everybody entitled is told."""
        seen = self.seen(appointment_uuid)
        asked = self.body(CancelInput)
        services.cancel_appointment(
            actor=self.actor, appointment_uuid=appointment_uuid, seen_version=seen.version, **asked
        )
        return self.answer(appointment_uuid)
