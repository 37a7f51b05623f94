"""How errors are shown to people. Missing and hidden share one page, to the last byte."""

from __future__ import annotations

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from portal.problems import BUSY, COLLISION, NOT_FOUND, problem_response, state_of_fault


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. Our own sentence names the field; a library's words are not shown."""
    reason = str(exception) if isinstance(exception, BadRequest) else ""
    if request.path.startswith("/api/"):
        return problem_response(request, 400, "bad-request", reason or "The request cannot be read.")
    return render(request, "400.html", {"reason": reason}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: seen, but not permitted."""
    reason = str(exception) if isinstance(exception, PermissionDenied) else ""
    if request.path.startswith("/api/"):
        return problem_response(request, 403, "not-allowed", reason or "You may not do this.")
    return render(request, "403.html", {"reason": reason}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: missing, or hidden."""
    if request.path.startswith("/api/"):
        return problem_response(request, 404, "not-found", NOT_FOUND)
    return render(request, "404.html", status=404)


def fault(request: HttpRequest) -> HttpResponse:
    """500: nothing was saved, and here is the number under which the log has it."""
    request_id = getattr(request, "request_id", "")
    if request.path.startswith("/api/"):
        return problem_response(request, 500, "fault", "Something failed on our side. Nothing was saved.")
    return render(request, "500.html", {"request_id": request_id}, status=500)


def no_token(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its token."""
    return render(request, "403_csrf.html", status=403)


def wrong_method(request: HttpRequest, refused: HttpResponseBase) -> HttpResponse:
    """405, with the methods that the address takes."""
    response = render(request, "405.html", status=405)
    response["Allow"] = refused["Allow"]
    return response


def in_the_way(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """503 where the database was too busy, 409 where somebody changed the same thing; None for a fault of ours.

    The caller has undone, or will undo, whatever the request wrote.
    """
    state = state_of_fault(error)
    status = 503 if state in BUSY else 409 if state in COLLISION else 0
    if not status:
        return None
    if request.path.startswith("/api/"):
        kind = "busy" if status == 503 else "collision"
        response: HttpResponse = problem_response(request, status, kind, "Nothing was saved. Try again shortly.")
    else:
        request_id = getattr(request, "request_id", "")
        response = render(request, f"{status}.html", {"request_id": request_id}, status=status)
    response["Retry-After"] = "1"
    return response
