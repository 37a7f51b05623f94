"""The memorandum of understanding as a record: its parties, its terms in versions, who signed them, and its clock."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from agencies.directory.models import FOREVER, AgencyKind
from sharing.agreements.codes import AgreementKind, Onward


class Agreement(models.Model):
    """What agencies signed. Every grant across agencies is its child and dies with it.

    It is live while it is signed, start ≤ now < end, and it is neither suspended nor ended early. Ending it early is
    this one row: the door reads it with every request, so no key has to change. Start and end are copies of the signed
    version's.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=160)
    kind = models.CharField(
        max_length=20,
        choices=AgreementKind.choices,
        default=AgreementKind.INFORMATION,
        db_default=AgreementKind.INFORMATION,
    )
    joinable = models.BooleanField(
        default=False, db_default=False, help_text="Others may join by their own signature alone"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(default=FOREVER)
    signed_at = models.DateTimeField(
        default=timezone.now, db_default=Now(), null=True, blank=True, help_text="None until all have signed"
    )
    suspended_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(
        "agencies.Agency", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        help_text="Who suspended it, and alone takes that back; or who ended it",
    )  # fmt: skip
    stop_reason = models.CharField(
        max_length=300, blank=True, default="", db_default="", help_text="Why it was suspended or ended"
    )
    made_by = models.ForeignKey(
        "agencies.Agency", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        help_text="Who drafted it; until it is proposed nobody else sees it",
    )  # fmt: skip
    parties = models.ManyToManyField("agencies.Agency", through="AgreementParty", related_name="agreements")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="agreement_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AgreementParty(models.Model):
    """One agency's part in an agreement, from joining to leaving."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="party_rows")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    liaison = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        help_text="Whom the other parties may ask about it",
    )  # fmt: skip

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "agency"], name="agreement_party_once")]


class AgreementVersion(models.Model):
    """The terms of an agreement as they were drafted, proposed and signed; an amendment is one more.

    The terms in force are those of the newest version that every party signed.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(default=1)
    purposes = ArrayField(models.CharField(max_length=30))
    legal_authority = models.TextField(
        validators=[MaxLengthValidator(2000)], help_text="The statutes and orders that let the parties share"
    )
    text = models.TextField(validators=[MaxLengthValidator(20_000)], help_text="What the parties agree to, in words")
    onward = models.CharField(max_length=10, choices=Onward.choices, default=Onward.NEVER)
    max_days = models.PositiveSmallIntegerField(
        default=365, validators=[MinValueValidator(1), MaxValueValidator(3650)], help_text="Longest single access"
    )
    two_sided = models.BooleanField(default=False, help_text="An access request needs a yes of both sides")
    response_hours = models.PositiveSmallIntegerField(
        default=48, validators=[MinValueValidator(1), MaxValueValidator(720)], help_text="To answer a request"
    )
    retention_days = models.PositiveSmallIntegerField(
        default=365, validators=[MaxValueValidator(3650)], help_text="How long a receiver may keep what it took out"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The last day")
    review_on = models.DateField(help_text="By when the parties look at it again; at most three years from its start")
    proposed_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True, help_text="When the last party signed")
    created_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        "agencies.Agency", on_delete=models.PROTECT, related_name="+", db_index=False, help_text="Who drafted it"
    )
    revision = models.PositiveIntegerField(default=1, help_text="Counts the changes of a draft: see If-Match")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="agreement_version_once"),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on"), review_on__gte=models.F("starts_on")),
                name="agreement_version_days",
            ),
            models.CheckConstraint(
                condition=models.Q(signed_at__isnull=True) | models.Q(proposed_at__isnull=False),
                name="agreement_version_proposed_first",
            ),
        ]


class Allowance(models.Model):
    """One bundle that agencies of one kind may be given under a version."""

    version = models.ForeignKey(AgreementVersion, on_delete=models.CASCADE, related_name="allowances")
    receiver_kind = models.CharField(max_length=30, choices=[(kind.value, kind.label) for kind in AgencyKind])
    bundle = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "receiver_kind", "bundle"], name="agreement_allowance_once")
        ]


class Signature(models.Model):
    """One agency's signature under a version: who, for which agency, and a digest of the terms that were read."""

    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="signatures")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    capacity = models.CharField(max_length=120, help_text="As what they sign: Chief Probation Officer")
    signed_at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the terms: see digest_of()")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "agency"], name="agreement_signed_once")]
