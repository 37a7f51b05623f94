"""Tokens of API clients: issued once, checked with every call, revoked at once. And how people want their pages."""

from __future__ import annotations

import datetime
import hashlib
import secrets
import time
import uuid
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

from agencies.accounts.models import ApiToken
from agencies.directory.clock import DatabaseNow, database_now
from agencies.directory.models import User

PREFIX = "ccd_"


class InvalidToken(Exception):
    """The token is unknown, expired, revoked, or its client is switched off. All four look alike."""


def _digest(secret: str) -> str:
    # The secret has 256 random bits: a fast hash is enough, there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()


def issue_token(
    *,
    client: User,
    label: str,
    expires_at: datetime.datetime,
    created_by: User | None = None,
    token_uuid: uuid.UUID | None = None,
) -> tuple[ApiToken, str]:
    """A new token for an API client. Returns the row and the secret, which cannot be read again.

    Raises ValueError for an account that is not an API client or an end that is past.
    """
    if client.kind != User.Kind.CLIENT:
        raise ValueError("only API clients hold tokens")
    now = database_now()
    if expires_at <= now:
        raise ValueError("a token ends later than now")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        uuid=token_uuid or uuid.uuid4(),
        user=client,
        label=label,
        digest=_digest(secret),
        hint=secret[:10],
        created_at=now,
        created_by=created_by,
        expires_at=expires_at,
    )
    return token, secret


def authenticate_token(secret: str) -> User:
    """The API client that holds this secret now. Raises InvalidToken."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(
            digest=_digest(secret),
            revoked_at__isnull=True,
            expires_at__gt=DatabaseNow(),
            user__is_active=True,
            user__kind=User.Kind.CLIENT,
        )
        .first()
    )
    if token is None:
        raise InvalidToken
    return token.user


def revoke_token(*, token: ApiToken) -> None:
    """Close a token at once; closing it again changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=DatabaseNow())


def keep_preference(*, user: User, name: str, value: Any) -> None:
    """Keep how a person wants pages to look, inside the caller's transaction; `value` is what JSON can hold."""
    kept = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    kept.preferences[name] = value
    kept.save(update_fields=["preferences"])
    user.preferences = kept.preferences


def confirmed_recently(request: HttpRequest) -> bool:
    """Whether whoever uses this session typed their password within the last ACCOUNT_REAUTHENTICATION_TIMEOUT seconds.

    CJIS Security Policy IA-11 asks for a fresh authentication before a privileged act.
    """
    moments = [record["at"] for record in get_authentication_records(request, request.user)]
    return bool(time.time() - max(moments, default=0.0) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
