"""How the API learns who calls: the middleware has read the bearer token; this hands the answer on."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class TokenAuthentication(BaseAuthentication):
    """Bearer tokens of API clients (Authorization: Bearer …), checked in ContextMiddleware before the transaction."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """The client found by the middleware, or None so that the next class is asked."""
        if getattr(request._request, "token_authenticated", False):
            return request._request.user, None
        return None

    def authenticate_header(self, request: Request) -> str:
        """What a 401 tells the caller to send."""
        return "Bearer"
