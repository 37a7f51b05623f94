"""Rate limits of the API: they start, they stop, and they never close the API because a counter is away."""

from __future__ import annotations

import pytest
from django.test import override_settings

from tests.calls import V1, send, signed_in
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

RATES = {"calls": (5, 60), "search": (2, 60), "openings": (1, 60)}


@pytest.fixture(autouse=True)
def _frozen_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """One minute by our own clock, so that no test straddles two windows or meets another's counts."""
    moments = iter(range(10**6))
    start = 6_000_000_000 + next(_starts) * 600
    monkeypatch.setattr("sharing.access.rates.time.time", lambda: start + next(moments) / 1000)


_starts = iter(range(10**6))


@override_settings(API_RATES=RATES)
def test_a_caller_in_haste_is_told_when_to_come_back(world: World) -> None:
    olsen, reyes = signed_in(world.users["olsen"]), signed_in(world.users["reyes"])
    answers = [olsen.get(f"{V1}/agreements/") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[0]["RateLimit-Policy"] == '"calls";q=5;w=60'
    assert answers[0]["RateLimit"].startswith('"calls";r=4;t=')
    assert 1 <= int(answers[5]["Retry-After"]) <= 60
    assert answers[5].json()["type"] == "/help/problems/too-many-calls"
    assert reyes.get(f"{V1}/agreements/").status_code == 200
    # Searches are counted by themselves.
    assert [send(olsen, "POST", f"{V1}/searches/", {"words": "Pike"}).status_code for _ in range(3)] == [200, 200, 429]
    # So are attempts to open a case, each of which looks for namesakes.
    assert [send(olsen, "POST", f"{V1}/cases/", {}).status_code for _ in range(2)] == [400, 429]


@override_settings(API_RATES=RATES)
def test_the_next_window_is_open_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    olsen = signed_in(world.users["olsen"])
    monkeypatch.setattr("sharing.access.rates.time.time", lambda: 7_000_000_000)
    statuses = [olsen.get(f"{V1}/agreements/").status_code for _ in range(6)]
    monkeypatch.setattr("sharing.access.rates.time.time", lambda: 7_000_000_060)
    assert (statuses[-1], olsen.get(f"{V1}/agreements/").status_code) == (429, 200)


def test_a_counter_that_is_away_closes_nothing(world: World) -> None:
    away = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    local = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    with override_settings(API_RATES=RATES, CACHES={"default": local, "rates": away}):
        olsen = signed_in(world.users["olsen"])
        answers = [olsen.get(f"{V1}/agreements/") for _ in range(7)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0]
