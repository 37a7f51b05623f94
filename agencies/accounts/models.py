"""How people and systems are signed in: sessions, letters with a link for a password, tokens."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone


class ApiToken(models.Model):
    """A secret of an API client. Only its digest is kept; the secret itself is shown once."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens")
    label = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret, hexadecimal")
    hint = models.CharField(max_length=12, help_text="First characters of the secret, to tell tokens apart")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="token_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.hint}…)"


class AccountSession(AbstractBaseSession):
    """A browser in which somebody is signed in, or a visitor's. Its end is the database's, never the cookie's.

    `expire_date` is the earlier of "idle for too long" and "signed in for too long" (see agencies.accounts.sessions).
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="sessions")
    device = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now)

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that keeps these rows."""
        from agencies.accounts.sessions import SessionStore

        return SessionStore


class AccountLetter(models.Model):
    """An e-mail about an account that is to be sent: an invitation, a link for a new password, or word of a change.

    The link is made when the letter is sent, so that no secret is kept.
    """

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Invitation"
        PASSWORD = "password", "New password"
        DETAILS = "details", "Details corrected"
        COVER = "cover", "Cover changed"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(sent_at__isnull=True), name="letter_waiting"),
            models.Index(fields=["user", "-created_at"], name="letter_of_account"),
        ]
