"""How often one caller may call, as REST framework asks it."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from sharing.access.rates import spend


class CallerRate(BaseThrottle):
    """So many calls a window for each caller and kind of call (`rates` of the view; see API_RATES)."""

    def __init__(self) -> None:
        self.wait_seconds = 1

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the caller has calls left in this window; notes for the answer's headers how many."""
        spent = spend(getattr(view, "rates", {}).get((request.method or "").lower(), "calls"), request.user.pk or 0)
        if spent is None:
            return True
        self.wait_seconds = spent.seconds
        request._request.rate = (spent.scope, spent.quota, spent.window, spent.left, spent.seconds)  # type: ignore[attr-defined]
        return spent.allowed

    def wait(self) -> float:
        """Seconds until the next window."""
        return self.wait_seconds
