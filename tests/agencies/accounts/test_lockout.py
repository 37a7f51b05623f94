"""Guessing passwords is slowed down, for the guesser and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.pages import Visitor
from tests.worlds import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def test_after_five_wrong_passwords_even_the_right_one_waits(world: World, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
    cache.clear()
    login = reverse("account_login")
    visitor = Visitor(world.users["olsen"])
    visitor.client.logout()
    mine = {"login": "olsen@example.org", "password": PASSWORD}
    for _ in range(5):
        assert visitor.post(login, mine | {"password": "guess"}).status_code == 200
    locked = visitor.post(login, mine)
    assert locked.status_code == 200
    assert "Too many failed" in locked.content.decode()
    other = Visitor(world.users["mills"])
    other.client.logout()
    assert other.post(login, mine | {"login": "mills@example.org"})["Location"] == "/"
    cache.clear()
