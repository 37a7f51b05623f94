"""How errors are told to systems: application/problem+json (RFC 9457)."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import SuspiciousOperation
from django.db import Error as DatabaseFault
from django.db import transaction
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions as rest

from agencies.trail.services import record_denial
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.access.once import BadHeader
from sharing.access.rest import BadQuery, VersionNotNamed, VersionPassed

TYPE_BASE = "/help/problems/"  # leads to a page of help: portal/help/

# Every type of problem, and what to do about it, as its page says it.
TYPES = {
    "bad-request": "The call cannot be read. Mend it before you send it again.",
    "busy": "Too much is asked at once, and nothing was saved. Send the call again after the seconds of Retry-After.",
    "changed-since-read": "Somebody changed the thing since you read it, and nothing was saved. Read it again, look at "
    "what changed, and send your change with the new ETag in If-Match.",
    "collision": "Somebody changed the same thing in the same moment, and nothing was saved. Send the call again after "
    "the seconds of Retry-After.",
    "fault": "Something failed on our side, and nothing was saved. Tell your administrator the request_id: the log has "
    "what happened under it.",
    "files-away": "The place where files of documents lie does not answer. Send the call again later.",
    "idempotency-key-reused": "The Idempotency-Key came before, with another body or address. Take a new key for each "
    "thing to be done.",
    "if-match-required": "A change has to say which version it was made from. Send the ETag that you read as If-Match.",
    "invalid-input": "Some of what was sent cannot be used, and nothing was saved. `errors` says for each value where "
    "it stands and what is wrong with it.",
    "invalid-token": "The token is unknown, has expired or was taken back. The agency’s administrator makes a new one.",
    "malformed": "The body is not well-formed JSON.",
    "method-not-allowed": "The address does not take this method. Allow names those that it takes.",
    "not-acceptable": "The answer does not exist in the form that Accept asks for. Ask for application/json.",
    "not-allowed": "You may see this, and may not do that with it. Your role or the other agency’s grant does not "
    "include it; asking again does not help.",
    "not-found": "There is nothing at the address, or nothing that you may see. The two are never told apart.",
    "not-signed-in": "The call names nobody. Send a token: Authorization: Bearer, then the token.",
    "still-running": "The first call with this Idempotency-Key has not ended. Ask again after the seconds of "
    "Retry-After.",
    "too-many-calls": "You called more often than agreed. Go on after the seconds of Retry-After.",
    "unsupported-media-type": "The body comes in a form that the address does not take. Send application/json.",
}

# One wording for "there is none" and "not for you": the two must never be told apart.
NOT_FOUND = "There is nothing here, or nothing that you may see."

# What the database says when somebody else is in the way (SQLSTATE): worth another try, and nobody's fault.
BUSY = {"55P03", "57014", "53300"}  # lock not available, statement timed out, too many connections
COLLISION = {"40001", "40P01", "23505"}  # serialization failure, deadlock, a row that somebody else just added

_log = structlog.get_logger(__name__)


def title_of(kind: str) -> str:
    """A type of problem in words: "Not found"."""
    return kind.replace("-", " ").capitalize()


def problem(request: HttpRequest, status: int, kind: str, detail: str, **more: Any) -> dict[str, Any]:
    """The body of a problem: stable `type`, `title`, `status`, `detail`, the request's number, and what is given."""
    return {
        "type": TYPE_BASE + kind,
        "title": title_of(kind),
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
    """Whatever an API view raised, as a problem. Refusals about records are put on the trail.

    A fault of ours is logged with its stack and answered with 500 and nothing of its inside.
    """
    request, view = context["request"], context["view"]
    response = _answer(error, request, view)
    if isinstance(error, (NotVisible, NotAllowed, rest.PermissionDenied)):
        record_denial(
            actor=getattr(request, "actor", None),
            action=f"{request.method} {type(view).__name__}",
            target=request.path,
            status=response.status_code,
        )
    return response


def _answer(error: Exception, request: Any, view: Any) -> JsonResponse:
    match error:
        case NotVisible() | Http404() | rest.NotFound():
            return problem_response(request, 404, "not-found", NOT_FOUND)
        case NotAllowed():
            return problem_response(request, 403, "not-allowed", str(error))
        case rest.PermissionDenied() | DjangoPermissionDenied():
            return problem_response(request, 403, "not-allowed", "This may not be done here with this account.")
        case rest.NotAuthenticated() | rest.AuthenticationFailed():
            return problem_response(request, 401, "not-signed-in", "Sign in, or send a bearer token.")
        case Refused():
            return _invalid(request, [{"in": "body", "pointer": _pointer([error.field]), "detail": str(error)}])
        case BadQuery():
            return _invalid(request, _errors(error.detail, "query"))
        case BadHeader():
            return _invalid(request, _errors(error.detail, "header"))
        case rest.ValidationError():
            return _invalid(request, _errors(error.detail, "body"))
        case Stale():
            return _passed(request, view.tag_of(error.current))
        case VersionPassed():
            return _passed(request, error.tag)
        case VersionNotNamed():
            return problem_response(request, 428, error.default_code, str(error.detail))
        case rest.Throttled():
            response = problem_response(request, 429, "too-many-calls", "Slow down; Retry-After says for how long.")
            response["Retry-After"] = str(int(getattr(error, "wait", None) or 1))
            return response
        case rest.MethodNotAllowed():
            response = problem_response(request, 405, "method-not-allowed", "This address does not take this method.")
            response["Allow"] = ", ".join(view.allowed_methods)
            return response
        case rest.ParseError() | RecursionError() | SuspiciousOperation():
            return problem_response(request, 400, "malformed", "The body is not well-formed JSON.")
        case rest.APIException():
            response = problem_response(
                request, error.status_code, str(error.default_code).replace("_", "-"), str(error.detail)
            )
            if hasattr(error, "wait"):
                response["Retry-After"] = str(error.wait)
            return response
        case DatabaseFault():
            return _database_fault(error, request)
    return _fault(error, request)


def _invalid(request: Any, errors: list[dict[str, str]]) -> JsonResponse:
    return problem_response(request, 400, "invalid-input", "Some of what was sent cannot be used.", errors=errors)


def _passed(request: Any, tag: str) -> JsonResponse:
    response = problem_response(
        request,
        412,
        "changed-since-read",
        "Somebody changed this since you read it. Read it again, and send your change with the new ETag.",
        current=request.path,
    )
    response["ETag"] = tag
    return response


def _database_fault(error: Exception, request: Any) -> JsonResponse:
    """Somebody in the way: try again. Anything else is a fault of ours."""
    state = state_of_fault(error)
    if state in BUSY:
        response = problem_response(request, 503, "busy", "Too much at once. Try again shortly.")
    elif state in COLLISION:
        response = problem_response(request, 409, "collision", "Somebody changed the same thing meanwhile. Try again.")
    else:
        return _fault(error, request)
    if transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)
    response["Retry-After"] = "1"
    return response


def state_of_fault(error: Exception) -> str:
    """The SQLSTATE of what the database raised, or nothing."""
    return getattr(error.__cause__, "pgcode", None) or ""


def _fault(error: Exception, request: Any) -> JsonResponse:
    _log.error("api_fault", path=request.path, exc_info=error)
    return problem_response(request, 500, "fault", "Something went wrong on our side. It is logged under this number.")


def _errors(detail: Any, place: str, path: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """Every message with the JSON pointer of what it is about."""
    if isinstance(detail, dict):
        found = []
        for name, below in detail.items():
            found += _errors(below, place, path if name == "non_field_errors" else (*path, str(name)))
        return found
    if isinstance(detail, list):
        found = []
        for number, below in enumerate(detail):
            deeper = isinstance(below, (dict, list))
            found += _errors(below, place, (*path, str(number)) if deeper else path)
        return found
    return [{"in": place, "pointer": _pointer(path), "detail": str(detail)}]


def _pointer(path: Any) -> str:
    """A JSON pointer (RFC 6901) in its fragment form."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path if part != "")
