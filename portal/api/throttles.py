"""How often one caller may call. Counted for all processes together, on the server that carries tasks."""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

_log = structlog.get_logger(__name__)


class CallerRate(BaseThrottle):
    """So many calls a window for each caller and kind of call (`throttle_scope` of the view; see API_RATES).

    Where the counter cannot be reached the call goes on: a rate limit guards against haste, and a broker that is away
    must not close the API.
    """

    def __init__(self) -> None:
        self.wait_seconds = 1

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the caller has calls left in this window; notes for the answer's headers how many."""
        scope = getattr(view, "throttle_scope", "calls")
        quota, window = settings.API_RATES[scope]
        now = time.time()
        key = f"{scope}:{request.user.pk}:{int(now // window)}"
        try:
            counter = caches["rates"]
            counter.add(key, 0, timeout=window * 2)
            used = counter.incr(key)
        except (RedisError, OSError, ValueError) as error:
            _log.warning("rate_not_counted", error=type(error).__name__)
            return True
        self.wait_seconds = max(1, int(window - now % window))
        request._request.rate = (scope, quota, window, max(0, quota - used), self.wait_seconds)  # type: ignore[attr-defined]
        return used <= quota

    def wait(self) -> float:
        """Seconds until the next window."""
        return self.wait_seconds
