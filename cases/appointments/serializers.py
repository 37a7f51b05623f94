"""Appointments as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agencies.directory.models import User
from cases.appointments.codes import ATTENDANCE, Outcome
from cases.appointments.models import Appointment
from cases.supervision.codes import Audience
from sharing.access.rest import AgencyBrief, CodeField, LinkField, Moment, PageParameters, Strict


@extend_schema_field({"type": "string", "format": "email"})
class OfficerField(serializers.Field):
    """An officer by the work address, read as the officer."""

    def to_internal_value(self, data: Any) -> Any:
        """The account, or one that is none: whether they may be named the service says, alike of both."""
        address = serializers.EmailField().run_validation(data).lower()
        return User.objects.filter(email=address, kind=User.Kind.PERSON).first() or User()

    def to_representation(self, value: Any) -> Any:
        """The address."""
        return value.email


class AppointmentChange(Strict, serializers.ModelSerializer[Appointment]):
    """What may be changed of an appointment while it is to come: only what changes."""

    audience = CodeField(Audience, required=False)
    officer = OfficerField(required=False, help_text="Who meets the person; somebody of the caller's units")
    companions = serializers.ListField(
        child=OfficerField(), required=False, max_length=50,
        help_text="All officers who come along, by work address; each must be one who may read this appointment. "
        "That one of them, or the officer, has another visit at that hour refuses nothing",
    )  # fmt: skip

    class Meta:
        model = Appointment
        fields: Sequence[str] = (*Appointment.DETAILS, "companions")


class AppointmentInput(AppointmentChange):
    """A new appointment. A person who calls meets the supervisee themselves unless `officer` says otherwise."""

    starts_at = Moment()

    class Meta(AppointmentChange.Meta):
        fields = ("starts_at", *AppointmentChange.Meta.fields)


class OutcomeInput(Strict):
    """How an appointment went."""

    outcome = serializers.ChoiceField(choices=[(code.value, code.label) for code in ATTENDANCE])
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)


class MoveInput(Strict):
    """When an appointment is to be instead, and why."""

    starts_at = Moment()
    note = serializers.CharField(max_length=300)


class CancelInput(Strict):
    """Why an appointment is called off."""

    note = serializers.CharField(max_length=300)


class OwnParameters(PageParameters):
    """Which of the caller's own appointments to list."""

    since = Moment(required=False, help_text="Those that start at this moment or later")
    before = Moment(required=False, help_text="Those that start before this moment")


class AppointmentAnswer(serializers.ModelSerializer[Appointment]):
    """An appointment of a case. `outcome` is empty while nobody has said how it went."""

    id = serializers.UUIDField(source="uuid")
    url = LinkField("appointment")
    case_url = LinkField("case", source="case")
    agency = AgencyBrief(help_text="Who made it, and alone changes it")
    officer = OfficerField()
    companions = serializers.ListField(
        child=serializers.EmailField(), source="along", help_text="Officers who come along, by work address"
    )
    officer_name = serializers.CharField(source="officer.display")
    audience = CodeField(Audience)
    outcome = serializers.ChoiceField(
        choices=[(code.value, code.label) for code in Outcome],
        allow_blank=True,
        help_text="Empty where nobody has said",
    )
    outcome_by = serializers.CharField(source="outcome_by.display", default=None, allow_null=True)
    replaces_url = serializers.SerializerMethodField(help_text="What it took the place of")
    replaced_by_url = serializers.SerializerMethodField(help_text="What took its place, where it was rescheduled")

    class Meta:
        model = Appointment
        fields = [
            "id",
            "url",
            "case_url",
            "version",
            "updated_at",
            "agency",
            "starts_at",
            *Appointment.DETAILS,
            "companions",
            "officer_name",
            "outcome",
            "outcome_at",
            "outcome_by",
            "note",
            "replaces_url",
            "replaced_by_url",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": ["string", "null"], "format": "uri-reference"})
    def get_replaces_url(self, appointment: Appointment) -> str | None:
        """The address of the appointment whose place this one took, if the caller may see it."""
        return _address(self.context["around"][appointment.pk].before)

    @extend_schema_field({"type": ["string", "null"], "format": "uri-reference"})
    def get_replaced_by_url(self, appointment: Appointment) -> str | None:
        """The address of the appointment that took this one's place, if the caller may see it."""
        return _address(self.context["around"][appointment.pk].after)


def _address(appointment: Appointment | None) -> str | None:
    return LinkField("appointment").to_representation(appointment) if appointment else None


class AppointmentPageAnswer(serializers.Serializer):
    """A page of appointments."""

    results = AppointmentAnswer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page")
