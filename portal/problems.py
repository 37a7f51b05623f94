"""How errors are told to systems: application/problem+json (RFC 9457)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse

TYPE_BASE = "/help/problems/"


def problem(request: HttpRequest, status: int, kind: str, detail: str, **more: Any) -> dict[str, Any]:
    """The body of a problem: stable `type`, `title`, `status`, `detail`, the request's number, and what is given."""
    return {
        "type": TYPE_BASE + kind,
        "title": kind.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "request_id": getattr(request, "request_id", ""),
        **more,
    }


def problem_response(request: HttpRequest, status: int, kind: str, detail: str, **more: Any) -> JsonResponse:
    """A problem as a response."""
    response = JsonResponse(
        problem(request, status, kind, detail, **more), status=status, content_type="application/problem+json"
    )
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def exception_handler(error: Exception, context: dict[str, Any]) -> JsonResponse:
    """Filled in by the API."""
    raise error
