"""What was done, read and refused. The application's database role can add rows and nothing else."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone


class Entry(models.Model):
    """What every entry of the trail says: when, who, for whom, in which request.

    Names are copied and numbers are plain, so that an entry outlives what it speaks of.
    """

    at = models.DateTimeField(default=timezone.now)
    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=170)
    agency_id = models.BigIntegerField(null=True)
    agency_name = models.CharField(max_length=120, blank=True)
    channel = models.CharField(max_length=10, help_text="html, api, task or command")
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        abstract = True


class Change(Entry):
    """One change to one thing: the verb, the thing, the fields before and after."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    verb = models.CharField(max_length=60)
    record_type = models.CharField(max_length=40, blank=True)
    record_id = models.UUIDField(null=True, help_text="The shareable record the thing is part of")
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["record_id", "-at"], name="change_of_record")]


class Read(Entry):
    """One answer that showed records to somebody: which, which categories, and why."""

    action = models.CharField(max_length=30, help_text="list, detail, search, export …")
    record_type = models.CharField(max_length=40)
    record_ids = ArrayField(models.UUIDField())
    categories = models.IntegerField(help_text="Bits of Category that were shown")
    purpose = models.CharField(max_length=30, blank=True)

    class Meta:
        indexes = [
            GinIndex(fields=["record_ids"], name="read_of_record"),
            models.Index(fields=["-at"], name="read_by_time"),
            models.Index(fields=["user_id", "-id"], condition=models.Q(action="detail"), name="read_by_person"),
        ]


class Denial(Entry):
    """One refusal. Written on a connection of its own, so that it outlives the refused transaction."""

    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200, help_text="What was asked for; never a name")
    status = models.PositiveSmallIntegerField()
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="denial_by_time")]


class SignIn(Entry):
    """One attempt to sign in, and one end of a session. Holds no address that was typed: it might be a password."""

    class Outcome(models.TextChoices):
        IN = "in", "Signed in"
        FAILED = "failed", "Refused"
        OUT = "out", "Signed out"

    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    device = models.CharField(max_length=60, blank=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user_id", "-at"], name="sign_in_of_account")]
