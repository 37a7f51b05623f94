"""The request's number, and the one transaction in which a signed-in request runs."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from agencies.accounts.services import InvalidToken, authenticate_token
from agencies.directory.models import User
from portal.errors.views import in_the_way, wrong_method
from portal.problems import problem_response
from sharing.access.context import open_context

Handler = Callable[[HttpRequest], HttpResponseBase]

_CLEAN_ID = re.compile(r"^[A-Za-z0-9._-]{8,36}$")


class RequestIdMiddleware:
    """Gives each request a number, or takes the caller's where it is harmless; logs and answers carry it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if _CLEAN_ID.match(given) else str(uuid.uuid4())  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class PageGZipMiddleware(GZipMiddleware):
    """Sends pages compressed, and the API's answers as they are: compressing makes weak ETags of strong ones.

    Django pads what it compresses by a random length, so that its size tells nothing of a secret in it (BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The page, compressed where the browser takes it."""
        if request.path.startswith("/api/"):
            return response
        return super().process_response(request, response)


class ApiHeadersMiddleware:
    """Says with each answer of the API that it is for this caller alone, and how many calls are left."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "private, no-cache")
            patch_vary_headers(response, ["Authorization", "Cookie"])
            rate = getattr(request, "rate", None)
            if rate is not None:
                scope, quota, window, left, seconds = rate
                response["RateLimit-Policy"] = f'"{scope}";q={quota};w={window}'
                response["RateLimit"] = f'"{scope}";r={left};t={seconds}'
        return response


class SessionUseMiddleware:
    """Notes that a person uses their session. What a page asks by itself is no use, else no session would ever idle."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asks_itself = request.method == "GET" and request.path in (reverse("inbox_badge"), reverse("session_left"))
        if request.user.is_authenticated and not asks_itself:
            request.session.touch()  # type: ignore[attr-defined]
        return self.get_response(request)


class ContextMiddleware:
    """Opens one transaction for a signed-in request, and in it the database's knowledge of who is asking.

    Everything the request writes commits together after the answer is made, or, where the answer is a fault of ours
    (5xx), not at all. `request.actor` is None for visitors, who run without a transaction.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor = None  # type: ignore[attr-defined]
        channel = "html"
        bearer = request.headers.get("Authorization", "")
        if request.path.startswith("/api/") and bearer.lower().startswith("bearer "):
            channel = "api"
            try:
                request.user = authenticate_token(bearer[7:].strip())
            except InvalidToken:
                return problem_response(request, 401, "invalid-token", "The token is unknown, expired or revoked.")
            request.token_authenticated = True  # type: ignore[attr-defined]
        elif request.path.startswith("/api/"):
            channel = "api"
        if not request.user.is_authenticated:
            return self._shown(request, self.get_response(request))
        try:
            return self._within(request, request.user, channel)
        except DatabaseFault as error:  # said at the commit, when the answer was made already
            answer = in_the_way(request, error)
            if answer is None:
                raise
            return answer

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page that met somebody in the way says so, and that nothing was saved. Anything else is a fault of ours."""
        answer = in_the_way(request, error) if isinstance(error, DatabaseFault) else None
        if answer is not None and transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)
        return answer

    def _within(self, request: HttpRequest, user: User, channel: str) -> HttpResponseBase:
        with transaction.atomic():
            wanted = None if "Authorization" in request.headers else request.session.get("agency_id")
            request.actor = open_context(  # type: ignore[attr-defined]
                user,
                wanted,
                channel=channel,
                request_id=request.request_id,  # type: ignore[attr-defined]
            )
            user.actor = request.actor  # type: ignore[attr-defined]
            with timezone.override(request.actor.agency.time_zone if request.actor else None):  # type: ignore[attr-defined]
                response = self._shown(request, self.get_response(request))
            if channel == "html":  # a page about people is kept by no browser and no proxy
                response.headers.setdefault("Cache-Control", "private, no-store")
            if isinstance(response, HttpResponse) and response.status_code >= 500:
                transaction.set_rollback(True)
            return response

    @staticmethod
    def _shown(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The answer, where a view of functions refused a method without a page."""
        blank = isinstance(response, HttpResponse) and response.status_code == 405 and not response.content
        return wrong_method(request, response) if blank and not request.path.startswith("/api/") else response


class KeptFormMiddleware:
    """Has the browser itself follow where a form leads that htmx sent (components/kept_form.html).

    Else htmx would read the next page, and with it the message that it shows once, behind the form. Where it leads to
    sign-in the answer is a bare 401: the page stays, with what was typed on it, and says so (static/js/timeout.js).
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.htmx.boosted and "Location" in response and 300 <= response.status_code < 400:  # type: ignore[attr-defined]
            signed_out = urlsplit(response["Location"]).path == resolve_url(settings.LOGIN_URL)
            return HttpResponse(status=401) if signed_out else HttpResponseClientRedirect(response["Location"])
        return response
