"""What happened that somebody should know, who is told of it, and what was sent."""

import datetime
import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from agencies.directory.models import FOREVER


class OutboxEvent(models.Model):
    """An event, written in the same transaction as the change it tells of. Carries numbers, never content."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=60)
    record_type = models.CharField(max_length=40)
    record_id = models.UUIDField()
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    versions = models.JSONField(default=dict, help_text="Version numbers before and after")
    # Who was entitled by a grant that the event itself ended: groups, since the door no longer knows them.
    group_ids = models.JSONField(default=list)
    user_ids = models.JSONField(default=list, help_text="Whom it concerns by name, besides those whose key says so")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor_agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    relayed_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(relayed_at__isnull=True), name="outbox_pending"
            ),
            models.Index(fields=["record_id", "-created_at"], name="outbox_of_record"),
        ]


class InboxItem(models.Model):
    """One event in one person's inbox, for the agency for which they may know of it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event = models.ForeignKey(OutboxEvent, on_delete=models.PROTECT, related_name="inbox_items")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="inbox_items")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    # Through which of their units they were told: its members see who of them has taken it on.
    unit = models.ForeignKey("agencies.Unit", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "user", "agency"], name="inbox_once")]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="inbox_by_time"),
            models.Index(
                fields=["user"], condition=models.Q(read_at__isnull=True, done_at__isnull=True), name="inbox_unread"
            ),
        ]


class Claim(models.Model):
    """One of a unit has taken on what its members were told."""

    event = models.ForeignKey(OutboxEvent, on_delete=models.PROTECT, related_name="claims")
    unit = models.ForeignKey("agencies.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "unit"], name="claim_once")]


class NoticePreference(models.Model):
    """How somebody wants to be told of one kind of event. Without a row: in the inbox, and by e-mail at once."""

    class Mail(models.TextChoices):
        AT_ONCE = "at_once", "At once"
        DIGEST = "digest", "In the daily summary"
        NEVER = "never", "Never"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=60)
    inbox = models.BooleanField(default=True)
    mail = models.CharField(max_length=10, choices=Mail.choices, default=Mail.AT_ONCE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="preference_once"),
            models.CheckConstraint(
                condition=models.Q(inbox=True) | models.Q(mail="never"), name="preference_mail_leads_to_the_inbox"
            ),
        ]


class NoticeTimes(models.Model):
    """When somebody wants no e-mail, and when their daily summary: times of day where their agency is."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="notice_times"
    )
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    digest_at = models.TimeField(default=datetime.time(7))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_begin_and_end",
            ),
        ]


class Webhook(models.Model):
    """An address of a partner's system, to which the news of one API client is sent as signed messages."""

    class Off(models.TextChoices):
        BY_HAND = "by_hand", "Switched off by an administrator"
        FAILING = "failing", "Switched off because it took no message for three days"
        GONE = "gone", "Switched off because it answered that it is gone"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="webhooks")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    url = models.CharField(max_length=500)
    kinds = ArrayField(models.CharField(max_length=60), default=list, help_text="Kinds of event; none means every kind")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    off_at = models.DateTimeField(null=True, blank=True)
    off_reason = models.CharField(max_length=10, choices=Off.choices, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True, help_text="Nothing was taken since")
    # One message at a time, and after a failure none for a while: a slow system holds up nobody else's news.
    resume_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["agency", "id"], name="webhook_of_agency")]


class WebhookSecret(models.Model):
    """What signs the messages of a webhook. The web's database role adds secrets and cannot read them again."""

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="secrets")
    secret = models.CharField(max_length=80)
    hint = models.CharField(max_length=12, help_text="First characters of the secret, to tell two apart")
    created_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(default=FOREVER)


class Delivery(models.Model):
    """One message over one channel to one person or system about one event.

    Who is told for two agencies has an item in the inbox of each, and one mail, for the one they were told for first.
    """

    class Channel(models.TextChoices):
        INBOX = "inbox", "Inbox"
        EMAIL = "email", "E-mail"
        DIGEST = "digest", "Daily summary"
        WEBHOOK = "webhook", "Webhook"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        SENT = "sent", "Sent"
        WITHDRAWN = "withdrawn", "No longer entitled"
        READ = "read", "Read before it was sent"
        FAILED = "failed", "Given up"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event = models.ForeignKey(
        OutboxEvent, on_delete=models.PROTECT, null=True, related_name="deliveries", help_text="None for a test"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deliveries")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, null=True, related_name="deliveries", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    # What the last attempt over a webhook came to.
    attempted_at = models.DateTimeField(null=True, blank=True)
    answer = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status")
    failure = models.CharField(max_length=60, blank=True)
    milliseconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["event", "user", "channel"], condition=models.Q(webhook__isnull=True), name="delivery_once"
            ),
            models.UniqueConstraint(fields=["event", "webhook"], name="delivery_once_a_webhook"),
            models.CheckConstraint(
                condition=models.Q(channel="webhook", webhook__isnull=False)
                | (~models.Q(channel="webhook") & models.Q(webhook__isnull=True, event__isnull=False)),
                name="delivery_knows_its_webhook",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(state="pending"), name="delivery_pending"),
            models.Index(
                fields=["webhook", "-id"], condition=models.Q(webhook__isnull=False), name="delivery_of_webhook"
            ),
        ]
