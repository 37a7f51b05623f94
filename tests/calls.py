"""Calling the API in tests: with a browser's session, or with a bearer token like a partner's system."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.test import Client
from django.utils import timezone

from agencies.accounts.services import issue_token
from agencies.directory.models import Membership, User
from tests import services
from tests.worlds import World

V1 = "/api/v1"


def signed_in(user: User, **options: Any) -> Client:
    """A browser in which this person is signed in."""
    client = Client(**options)
    client.force_login(user, backend="agencies.accounts.backends.PasswordBackend")
    return client


def bearer(user: User) -> Client:
    """A system that calls with a token of this API client."""
    with services.as_job():
        _, secret = issue_token(client=user, label="test", expires_at=timezone.now() + datetime.timedelta(hours=1))
    return Client(headers={"Authorization": f"Bearer {secret}"})


def system_of(world: World, unit: str, role: str, email: str = "feed@example.org") -> User:
    """A new API client in a unit of the world."""
    with services.as_job():
        user = User.objects.create_user(email, name="Feed", kind=User.Kind.CLIENT)
        Membership.objects.create(user=user, group_id=world.units[unit].pk, role=role)
    return user


def trail(table: str, columns: str) -> list[tuple[Any, ...]]:
    """What the trail holds, oldest first: `table` is change, read or denial. The app's role cannot read it."""
    return services.owner(f"SELECT {columns} FROM agencies_{table} ORDER BY id")


def send(client: Client, method: str, url: str, body: Any = None, **headers: str) -> Any:
    """One call with a JSON body, or a form where a file is in it; headers with underscores: If_Match='"1-…"'."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    call = getattr(client, method.lower())
    if method == "GET":
        return call(url, headers=named)
    files = [value for value in body.values() if isinstance(value, UploadedFile)] if isinstance(body, dict) else []
    for file in files:
        file.seek(0)
    if files:
        return call(url, data=body, headers=named)
    return call(url, data=body, content_type="application/json", headers=named)
