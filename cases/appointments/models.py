"""Appointments: when and where the person is to be met, with whom, and how it went."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property

from agencies.directory.categories import Category
from cases.appointments.codes import AppointmentKind, Outcome
from cases.supervision.codes import Audience
from cases.supervision.models import CasePart


class Appointment(CasePart):
    """One time at which the person is to be met. It belongs to the agency that made it, which alone changes it.

    Its time never changes: an appointment that moves is closed as rescheduled, and another takes its place, so that
    what had been agreed stays on the record.
    """

    # What may be changed while it is to come.
    DETAILS: ClassVar[tuple[str, ...]] = ("kind", "minutes", "officer", "place", "purpose", "others", "audience")

    access_category = Category.CONTACT_VIEW
    access_audience = "audience"
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+", db_index=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False,
        help_text="Who meets the person, and in whose calendar it stands",
    )  # fmt: skip
    kind = models.CharField(max_length=20, choices=AppointmentKind.choices, default=AppointmentKind.OFFICE)
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(5), MaxValueValidator(720)], help_text="How long it is to take"
    )
    place = models.CharField(max_length=160, blank=True)
    purpose = models.CharField(max_length=200, blank=True)
    companions = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Companion", related_name="+",
        help_text="Officers who come along, and in whose calendar it stands as well",
    )  # fmt: skip
    others = models.CharField(max_length=160, blank=True, help_text="Who comes besides them and has no account here")
    audience = models.PositiveSmallIntegerField(choices=Audience.choices, default=Audience.BOTH)
    outcome = models.CharField(max_length=30, choices=Outcome.choices, blank=True)
    outcome_at = models.DateTimeField(null=True, blank=True)
    outcome_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    note = models.TextField(
        blank=True, validators=[MaxLengthValidator(4000)], help_text="What happened, or why it moved or was canceled"
    )
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by",
        help_text="The appointment whose place this one took",
    )  # fmt: skip

    class Meta(CasePart.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome="", outcome_at=None, outcome_by=None)
                | (~models.Q(outcome="") & models.Q(outcome_at__isnull=False, outcome_by__isnull=False)),
                name="appointment_outcome_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["officer", "starts_at"], name="appointment_of_officer"),
            models.Index(
                fields=["officer", "starts_at"], condition=models.Q(outcome=""), name="appointment_without_outcome"
            ),
        ]

    @cached_property
    def companion_ids(self) -> list[int]:
        """Numbers of the officers who come along, in order. One query, or none where they are at hand."""
        return sorted(user.pk for user in self.companions.all())

    @property
    def company(self) -> str:
        """Who comes besides the officer: officers by name, then whoever has no account."""
        return ", ".join([*(user.display for user in self.companions.all()), *filter(None, [self.others])])

    @property
    def ends_at(self) -> datetime.datetime:
        """When it is to be over."""
        return self.starts_at + datetime.timedelta(minutes=self.minutes)

    @property
    def tone(self) -> str:
        """How the outcome is marked: "done" where all is well, "late" where somebody has to see to it, else plain."""
        return {
            Outcome.ATTENDED_COMPLIED.value: "done",
            Outcome.ATTENDED_NOT_COMPLIED.value: "late",
            Outcome.ABSENT_UNACCEPTABLE.value: "late",
        }.get(self.outcome, "")

    @property
    def waits(self) -> bool:
        """Whether its time has come and nobody has said how it went."""
        return not self.outcome and self.starts_at <= timezone.now()


class Companion(models.Model):
    """An officer who comes along. It puts the appointment into their calendar, and opens nothing to them."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["appointment", "user"], name="companion_once")]
