"""Guessing passwords is slowed down, for the guesser and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.pages import Visitor
from tests.worlds import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def refusal(response: Any) -> list[str]:
    """What the page says was wrong, and nothing else of it."""
    return [str(error) for errors in response.context["form"].errors.values() for error in errors]


def test_after_five_wrong_passwords_even_the_right_one_waits(world: World, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "20/m/ip,5/15m/key"}
    cache.clear()
    login = reverse("account_login")
    visitor = Visitor(world.users["olsen"])
    visitor.client.logout()
    mine = {"login": "olsen@example.org", "password": PASSWORD}
    for _ in range(5):
        assert visitor.post(login, mine | {"password": "guess"}).status_code == 200
    locked = visitor.post(login, mine)
    assert locked.status_code == 200
    stranger = visitor.post(login, {"login": "nobody.here@example.org", "password": "guess"})
    assert refusal(locked) == refusal(stranger)
    other = Visitor(world.users["mills"])
    other.client.logout()
    assert other.post(login, mine | {"login": "mills@example.org"})["Location"] == "/"
    cache.clear()
