"""A POST sent twice under one `Idempotency-Key` has one effect, and the second gets the first one's answer.

The answer is kept in the transaction of the effect, so that a process killed in between has done nothing and the next
try does it all. An advisory lock of that transaction says "still running": it ends with the transaction however that
ends, and leaves nothing to clear up. Only answers that changed something (2xx) are kept: whatever was refused had no
effect and may be tried again, as after access was given. Follows draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.http import HttpResponse, QueryDict
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import NOTHING, Category, with_prerequisites
from agencies.directory.clock import DatabaseNow, database_now
from agencies.directory.roles import ACTS
from sharing.access.actors import Actor
from sharing.access.errors import NotVisible
from sharing.access.models import KeptAnswer
from sharing.access.registry import is_part, part_of

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_FOR = datetime.timedelta(hours=24)
KEPT_HEADERS = ("Content-Type", "ETag", "Location")

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class BadHeader(ValidationError):
    """A header of the call cannot be read (400)."""


class KeyReused(APIException):
    """The key came before, with another body or address (422)."""

    status_code = 422
    default_detail = "This Idempotency-Key was used for another call. Take a new key for each thing to be done."
    default_code = "idempotency-key-reused"


class StillRunning(APIException):
    """The first call under this key has not ended (409)."""

    status_code = 409
    default_detail = "The first call with this Idempotency-Key is still running. Ask again shortly."
    default_code = "still-running"
    wait = 1  # seconds


def key_of(request: Request) -> str | None:
    """The key that the call carries, or None. Raises BadHeader for one that is no key."""
    given = request.headers.get(HEADER)
    if given is None:
        return None
    key = given.strip().removeprefix('"').removesuffix('"')  # the draft writes it as a quoted string; most do not
    if not _KEY.fullmatch(key):
        raise BadHeader({HEADER: ["Send 1 to 200 visible ASCII characters, such as a UUID."]})
    return key


def once(view: Any, key: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler, run at most once under this key of this caller. `view.about` is what its answer tells of."""

    def answer(request: Request, *args: Any, **kwargs: Any) -> Any:
        asked = _fingerprint(request)
        kept = _claim(view.actor, key)
        if kept is not None:
            return _again(view, kept, asked)
        response = handler(request, *args, **kwargs)
        if 200 <= response.status_code < 300:
            _keep(view.actor, key, asked, response, view.about)
        return response

    return answer


def forget_expired() -> int:
    """Delete the answers whose day is over; for the job role. Returns how many."""
    return KeptAnswer.objects.filter(until__lte=DatabaseNow()).delete()[0]


def _claim(actor: Actor, key: str) -> KeptAnswer | None:
    """The answer kept under the key, or None where the caller now holds it. Raises StillRunning."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"idempotency {actor.user_id} {actor.agency_id} {key}"],
        )
        if not cursor.fetchone()[0]:
            raise StillRunning
    own = KeptAnswer.objects.filter(user_id=actor.user_id, agency_id=actor.agency_id, key=key)
    own.filter(until__lte=DatabaseNow()).delete()
    return own.first()


def _again(view: Any, kept: KeptAnswer, fingerprint: str) -> HttpResponse:
    """The kept answer, which is a read of what it tells of.

    Raises KeyReused, or NotVisible where the caller may no longer know of the record or of the part.
    """
    if kept.fingerprint != fingerprint:
        raise KeyReused
    records, shown = [], NOTHING
    for label, number, category in kept.about:
        model = apps.get_model(label)
        found = model._default_manager.permitted(view.actor, category).filter(uuid=number).first()
        if found is None:
            raise NotVisible
        if is_part(model):
            shown |= part_of(model).category
        else:
            records.append(found)
            shown |= Category(category)
    view.note_read("replay", records, with_prerequisites(shown) & ~ACTS)
    response = HttpResponse(kept.body, status=kept.status, headers=kept.headers)
    response[REPLAYED] = "true"
    return response


def _keep(actor: Actor, key: str, fingerprint: str, response: Any, about: list[tuple[str, str, int]]) -> None:
    plain = not isinstance(response, Response)
    data = None if plain else getattr(response, "kept_data", response.data)  # an answer with a secret keeps it out
    body = response.content if plain else b"" if data is None else JSONRenderer().render(data)
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    KeptAnswer.objects.create(
        user_id=actor.user_id,
        agency_id=actor.agency_id,
        key=key,
        fingerprint=fingerprint,
        status=response.status_code,
        headers=headers if plain else {**headers, "Content-Type": "application/json"},
        body=body.decode(),
        about=about,
        until=database_now() + KEPT_FOR,
    )


def _fingerprint(request: Request) -> str:
    """What the call asks: address and body. Two spellings of one body are one (order of names, a form's boundary)."""
    seen = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    data = request.data
    if not isinstance(data, QueryDict):
        seen.update(json.dumps(data, sort_keys=True).encode())
        return seen.hexdigest()
    for name, values in sorted(data.lists()):
        for value in values:
            seen.update(f"\n{name}\n".encode())
            if isinstance(value, UploadedFile):
                seen.update(f"{value.name}\n{value.size}\n".encode())
                for chunk in value.chunks():
                    seen.update(chunk)
                value.seek(0)
            else:
                seen.update(str(value).encode())
    return seen.hexdigest()
