"""Contacts: what happened between an officer and the person, each version kept; and what is not saved yet."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from agencies.directory.categories import Category
from cases.contacts.codes import ContactAudience, ContactKind, ContactLocation, ContactOutcome
from cases.supervision.models import CasePart
from sharing.access.querysets import PartQuerySet

NOTE_LENGTH = 12_000


class Contact(CasePart):
    """One contact, as its author's agency tells it: visit, call, office, talk with others, police contact.

    It is corrected and withdrawn, never changed in silence nor deleted. Its author reads it even where their keys let
    them add contacts and not read others'.
    """

    # What a version keeps and a correction may change, in the order of the form.
    VERSIONED: ClassVar[tuple[str, ...]] = (
        "kind",
        "occurred_at",
        "timed",
        "location",
        "place",
        "outcome",
        "note",
        "audience",
    )

    access_category = Category.CONTACT_VIEW
    access_audience = "audience"
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    author_agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+", db_index=False)
    audience = models.PositiveSmallIntegerField(choices=ContactAudience.choices, default=ContactAudience.BOTH)
    kind = models.PositiveSmallIntegerField(choices=ContactKind.choices)
    occurred_at = models.DateTimeField()
    timed = models.BooleanField(default=True, help_text="False where only the day is known")
    location = models.PositiveSmallIntegerField(choices=ContactLocation.choices, default=ContactLocation.NOT_STATED)
    place = models.CharField(max_length=120, blank=True, help_text="Where, in words")
    outcome = models.PositiveSmallIntegerField(choices=ContactOutcome.choices, default=ContactOutcome.NOT_STATED)
    note = models.CharField(max_length=NOTE_LENGTH, blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    withdraw_reason = models.CharField(max_length=300, blank=True)

    class Meta(CasePart.Meta):
        indexes = [models.Index(fields=["case", "-occurred_at", "-id"], name="contact_latest")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdraw_reason="")
                | (models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~models.Q(withdraw_reason="")),
                name="contact_withdrawn_by_somebody",
            ),
        ]


class ContactVersion(models.Model):
    """A contact as it was after one change, so that nothing said is lost. Seen as its contact was at that version."""

    access_category = Category.CONTACT_VIEW
    access_audience = "audience"
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="versions", db_index=False)
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    author_agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+", db_index=False)
    audience = models.PositiveSmallIntegerField(choices=ContactAudience.choices)
    version = models.PositiveIntegerField()
    values = models.JSONField()
    changed_fields = ArrayField(models.CharField(max_length=30), default=list)
    reason = models.CharField(max_length=300, blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = PartQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "version"], name="contact_version_once")]


class Draft(models.Model):
    """What somebody typed into a form about a record and has not saved: theirs alone, and gone when it is saved.

    It stands on the server, so that neither a time-out nor a dead phone loses it and nothing stays on the device.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.CASCADE, related_name="+", db_index=False)
    form = models.CharField(max_length=30, help_text="Which form: contact")
    record_id = models.UUIDField()
    values = models.JSONField()
    updated_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "agency", "form", "record_id"], name="draft_once")]
