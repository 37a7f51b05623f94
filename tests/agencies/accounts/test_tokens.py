"""Tokens of API clients: good until they end, are revoked, or their client is switched off; then all look alike."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agencies.accounts.models import ApiToken
from agencies.accounts.services import InvalidToken, authenticate_token, issue_token, revoke_token
from tests import services
from tests.calls import V1
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

HOUR = datetime.timedelta(hours=1)


def issue(world: World, who: str = "system", lasts: datetime.timedelta = HOUR) -> tuple[ApiToken, str]:
    """A token as the job role issues it, and its secret."""
    with services.as_job():
        return issue_token(client=world.users[who], label="test", expires_at=timezone.now() + lasts)


def call(secret: str) -> Any:
    """One call with the secret."""
    return Client(headers={"Authorization": f"Bearer {secret}"}).get(f"{V1}/cases/")


def test_the_secret_opens_the_api_and_is_kept_nowhere(world: World) -> None:
    token, secret = issue(world)
    assert call(secret).status_code == 200
    (kept,) = services.owner("SELECT t::text FROM agencies_apitoken t WHERE id = %s", token.pk)
    assert secret not in kept[0]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE agencies_apitoken SET created_at = now() - interval '1 day', expires_at = now() - interval '1 second'",
        "UPDATE agencies_user SET is_active = false WHERE kind = 'client'",
        "UPDATE agencies_user SET kind = 'person' WHERE kind = 'client'",
        "UPDATE agencies_apitoken SET digest = repeat('0', 64)",
    ],
    ids=["expired", "switched off", "no longer a client", "another secret"],
)
def test_what_ends_a_token_ends_it_with_the_next_call(world: World, statement: str) -> None:
    _, secret = issue(world)
    assert call(secret).status_code == 200
    services.owner(statement)
    refused = call(secret)
    assert (refused.status_code, refused.json()["type"]) == (401, "/help/problems/invalid-token")


def test_a_revoked_token_is_closed_at_once_and_stays_revoked_when_it_was(world: World) -> None:
    token, secret = issue(world)
    with services.as_job():
        revoke_token(token=token)
    when = ApiToken.objects.get(pk=token.pk).revoked_at
    with pytest.raises(InvalidToken):
        authenticate_token(secret)
    with services.as_job():
        revoke_token(token=token)
    assert ApiToken.objects.get(pk=token.pk).revoked_at == when


def test_people_hold_no_tokens_and_no_token_begins_past_its_end(world: World) -> None:
    with pytest.raises(ValueError, match="only API clients"):
        issue(world, "olsen")
    with pytest.raises(ValueError, match="ends later"):
        issue(world, lasts=-HOUR)
    assert not ApiToken.objects.exists()
