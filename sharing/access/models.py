"""Circles, grants, and the abstract tables that a shareable model makes concrete."""

import uuid

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.utils import timezone
from guardian.models import GroupObjectPermissionBase

from agencies.directory.models import FOREVER
from sharing.agreements.codes import Purpose


class Circle(models.Model):
    """A partnership as a principal: one group whose members are units of several agencies, under an agreement."""

    group = models.OneToOneField(Group, on_delete=models.PROTECT, primary_key=True, related_name="circle")
    name = models.CharField(max_length=120, unique=True)
    agreement = models.ForeignKey("sharing.Agreement", on_delete=models.PROTECT, related_name="circles")

    def __str__(self) -> str:
        return self.name


class CircleUnit(models.Model):
    """One unit's place in a circle. Read at query time: joining or leaving rewrites no key."""

    circle = models.ForeignKey(Circle, on_delete=models.CASCADE, related_name="unit_rows")
    unit = models.ForeignKey("agencies.Unit", on_delete=models.PROTECT, related_name="circle_rows")
    joined_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(default=FOREVER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "circle"], name="circle_unit_once")]


class Grant(models.Model):
    """The paper on which access rests: who may see what, why, on what basis, until when.

    Owner and standing grants name no single record: their keys say which records they cover. A grant never changes
    what it opens; it can only be revoked, or its end moved.
    """

    class Kind(models.TextChoices):
        OWNER = "owner", "Owner"
        STANDING = "standing", "Standing"
        SHARE = "share", "Share"
        REQUEST = "request", "Approved request"
        REFERRAL = "referral", "Referral"
        EMERGENCY = "emergency", "Emergency"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    record_type = models.CharField(max_length=40)
    record_id = models.UUIDField(null=True, blank=True)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="grants", help_text="The principal")
    bundle = models.CharField(max_length=20)
    mask = models.IntegerField(help_text="The bundle's categories, narrowed")
    purpose = models.CharField(max_length=30, choices=Purpose.choices)
    legal_basis = models.CharField(max_length=200, blank=True)
    agreement = models.ForeignKey(
        "sharing.Agreement", on_delete=models.PROTECT, null=True, blank=True, related_name="grants"
    )
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    issued_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(default=FOREVER)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    revoke_reason = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["record_id"], condition=models.Q(record_id__isnull=False), name="grant_of_record"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(kind__in=["owner", "standing"], record_id__isnull=True)
                    | (~models.Q(kind__in=["owner", "standing"]) & models.Q(record_id__isnull=False))
                ),
                name="grant_names_its_record",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["owner", "share", "emergency"]) | models.Q(agreement__isnull=False),
                name="grant_has_its_agreement",
            ),
            models.CheckConstraint(condition=models.Q(mask__gt=0), name="grant_opens_something"),
            models.UniqueConstraint(
                fields=["record_type", "group"], condition=models.Q(kind="owner"), name="grant_one_owner_paper"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.bundle} to {self.group_id}"


class RecordKey(GroupObjectPermissionBase):
    """What a grant issues: one row per grant and record, guardian's truth and the list's index at once.

    A concrete table adds `content_object`, which with the grant is its primary key, and copies of the columns that
    lists sort and filter by: a key that moves is written anew in every index it has, so that it has few. Only the
    database's own functions write it, from the grants; the application's role can read it and nothing else.
    """

    permission = models.ForeignKey(Permission, on_delete=models.PROTECT, db_index=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, db_index=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, db_index=False, related_name="+")
    agreement_id = models.IntegerField(default=0, help_text="0 where the grant needs no agreement")
    until = models.DateTimeField(help_text="The earlier end of grant and agreement")
    mask = models.IntegerField()
    restricted = models.BooleanField()

    class Meta:
        abstract = True
        unique_together = ()


class RecordExclusion(models.Model):
    """Somebody who may not see one record whatever their keys say: a conflict of interest."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True


class NamedPrincipal(models.Model):
    """A principal named on a restricted record: the only keys that open it are theirs."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True


class KeptAnswer(models.Model):
    """What a POST was answered under its caller's Idempotency-Key, for a day. Written with the effect (see once.py).

    `about` names the records and parts that the answer tells of, each with the category asked (0 for a part: its own):
    the door is asked again before it is given out again.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of address and body")
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    about = models.JSONField(default=list)
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "agency", "key"], name="kept_answer_once")]
