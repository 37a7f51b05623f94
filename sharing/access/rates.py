"""How often one person or system may ask. Counted for pages and calls together, on the server that carries tasks."""

from __future__ import annotations

import time
from typing import NamedTuple

import structlog
from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError

_log = structlog.get_logger(__name__)


class Spent(NamedTuple):
    """How a window stands after one more: what is allowed in how many seconds, what is left, when the next begins."""

    scope: str
    quota: int
    window: int
    left: int
    seconds: int
    allowed: bool


def spend(scope: str, user_id: int) -> Spent | None:
    """Count one more of this kind (see API_RATES) for this account; None where the counter cannot be reached.

    Then the asking goes on: a rate limit guards against haste, and a broker that is away must not close the house.
    """
    quota, window = settings.API_RATES[scope]
    now = time.time()
    key = f"{scope}:{user_id}:{int(now // window)}"
    try:
        counter = caches["rates"]
        counter.add(key, 0, timeout=window * 2)
        used = counter.incr(key)
    except (RedisError, OSError, ValueError) as error:
        _log.warning("rate_not_counted", error=type(error).__name__)
        return None
    return Spent(scope, quota, window, max(0, quota - used), max(1, int(window - now % window)), used <= quota)
