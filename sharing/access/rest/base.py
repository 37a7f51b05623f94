"""The base of every resource: a declared category, known parameters, one door, and a version seen before a change."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import http_date
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agencies.accounts.services import confirmed_recently
from agencies.directory.categories import Category
from agencies.trail.services import record_read
from sharing.access.actors import Actor
from sharing.access.cursors import DamagedCursor, read_cursor, sign_cursor
from sharing.access.errors import NotAllowed, NotVisible
from sharing.access.once import BadHeader, key_of, once
from sharing.access.permissions import declared_method
from sharing.access.registry import is_part, shareable_of
from sharing.access.rest.fields import NoParameters, Strict
from sharing.access.shape import EXPAND, FIELDS, mistakes, names_in, shaped

_TAG = re.compile(r'(W/)?"[^"]*"')
_EXPANDED = re.compile(r'\+[0-9a-f]{32}"$')


class BadQuery(ValidationError):
    """A parameter of the address is unknown or wrong (400)."""


class VersionNotNamed(APIException):
    """A change that does not say which version it was made from (428)."""

    status_code = 428
    default_detail = "Send If-Match with the ETag that you read, so that nobody's change is lost."
    default_code = "if-match-required"


class VersionPassed(Exception):
    """The version named is not the current one (412). `tag` is the current one."""

    def __init__(self, tag: str) -> None:
        super().__init__("changed since it was read")
        self.tag = tag


class Deprecated(NamedTuple):
    """An operation that will go: since when that is said, until when it works, and what takes its place.

    The end is a year after the beginning at the earliest (RFC 9745, RFC 8594).
    """

    since: datetime.datetime
    until: datetime.datetime
    successor: str

    @property
    def headers(self) -> dict[str, str]:
        """As an answer says it."""
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": http_date(self.until.timestamp()),
            "Link": f'<{self.successor}>; rel="successor-version"',
        }


@dataclass(slots=True)
class Shown:
    """What one answer shows of records of one type, put together until the answer is ready."""

    action: str
    record_ids: dict[uuid.UUID, None] = field(default_factory=dict)  # each once, in the order shown
    categories: int = 0


class DoorView(APIView):
    """A resource: names its category per method, knows its parameters, and finds records through the door alone."""

    categories: ClassVar[Mapping[str, Category]] = {}
    weighty: ClassVar[frozenset[str]] = frozenset()  # methods for which a person's password must be fresh
    parameters: ClassVar[type[Strict]] = NoParameters
    rates: ClassVar[Mapping[str, str]] = {}  # method → kind of call that is counted apart, see API_RATES
    http_method_names = ["get", "head", "post", "patch"]
    # A POST that only asks, such as a search: it keeps no answer under an Idempotency-Key, but answers anew.
    only_asks: ClassVar[bool] = False
    # What GET shows: one such thing, or a list of them as `results`. Named, it takes `fields`.
    shows: ClassVar[type[serializers.Serializer] | None] = None
    # What `expand` may add to each thing: name of the expansion → the field by which the thing names it.
    expands: ClassVar[Mapping[str, str]] = {}
    # Set where the resource will go.
    deprecated: ClassVar[Deprecated | None] = None
    asked: dict[str, Any]
    asked_fields: list[str]
    asked_expansions: list[str]
    about: list[tuple[str, str, int]]  # the records and parts that the answer tells of: type, UUID, category
    reads: dict[str, Shown]  # type of record → what the answer shows of such records

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answers in UTC: systems read it, whatever the agency's zone."""
        self.reads = {}
        with timezone.override(datetime.UTC):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates, asks policy and rate, then reads the parameters."""
        super().initial(request, *args, **kwargs)
        by_session = not getattr(request._request, "token_authenticated", False)
        if declared_method(request) in self.weighty and by_session and not confirmed_recently(request._request):
            raise NotAllowed("Type your password again at /accounts/reauthenticate/ before this.")
        self.about, self.asked_fields, self.asked_expansions = [], [], []
        method = str(request.method).lower()
        handler = getattr(self, method, None)
        self.asked = self._read_parameters(request) if handler else {}
        if handler and method in ("get", "head"):
            self.__dict__[method] = self._reading(handler)
        elif handler and method == "post" and not self.only_asks:
            key = key_of(request)
            if key is not None:
                self.__dict__[method] = once(self, key, handler)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Leaves the read event of what the answer shows; says, good or not, that the resource will go."""
        if response.status_code < 400:  # a refusal shows nothing of what was looked up for it
            self._record_reads()
        if self.deprecated is not None:
            for name, value in self.deprecated.headers.items():
                response[name] = value
        return super().finalize_response(request, response, *args, **kwargs)

    @property
    def actor(self) -> Actor:
        """Who calls."""
        actor: Actor = self.request.actor  # type: ignore[attr-defined]
        return actor

    @property
    def category(self) -> Category:
        """What the called method declares."""
        return self.categories[declared_method(self.request)]

    def record(self, label: str, record_uuid: uuid.UUID) -> Any:
        """The record, if the caller may use the declared category of it.

        Raises NotVisible where they may not know of it, NotAllowed where they may and no more.
        """
        records = shareable_of(label).records
        found = records.permitted(self.actor, self.category | Category.EXISTENCE).filter(uuid=record_uuid).first()
        if found is None:
            if not records.visible_to(self.actor).filter(uuid=record_uuid).exists():
                raise NotVisible
            raise NotAllowed("You may know of this case, but this is not shared with you or not for your role.")
        self.tells_of(label, found.uuid)
        return found

    def tells_of(self, label: str, record_uuid: Any) -> None:
        """Note that the answer is about this record, under the category that the method declares.

        record() does so itself. Whoever finds a record by its part must, or an answer that is given again under its
        Idempotency-Key would not ask the door.
        """
        self.about.append((label, str(record_uuid), int(self.category | Category.EXISTENCE)))

    def body(self, serializer_class: type[serializers.Serializer], *, partial: bool = False) -> dict[str, Any]:
        """The typed body of the call. Raises ValidationError."""
        serializer = serializer_class(data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def position(self, *belongs_to: Any) -> list[Any] | None:
        """Where the page before ended, by the cursor asked for; None for the first page. Raises BadQuery."""
        cursor = self.asked.get("cursor")
        if cursor is None:
            return None
        try:
            return read_cursor(cursor, *belongs_to, self.actor.user_id, self.actor.agency_id)
        except DamagedCursor:
            raise BadQuery({"cursor": ["This cursor is not of this list. Start again without one."]}) from None

    def next_address(self, position: list[Any] | None, *belongs_to: Any) -> str | None:
        """The same path and filters with a cursor for what comes after `position`; None where nothing does."""
        if position is None:
            return None
        query = self.request.query_params.copy()
        query["cursor"] = sign_cursor(position, *belongs_to, self.actor.user_id, self.actor.agency_id)
        return f"{self.request.path}?{query.urlencode()}"

    def narrowed(self, rows: Any, *names: str) -> Any:
        """The rows to which the parameters of these names apply, each a column; without names, all but the page's."""
        wanted = names or [name for name in self.asked if name not in ("cursor", "limit")]
        return rows.filter(**{name: self.asked[name] for name in wanted if name in self.asked})

    def note_read(self, action: str, records: Iterable[Any], categories: int) -> None:
        """Note that the answer shows this of these records; the answer's one read event says it all together.

        The action is that of the first note, which is the answer's own; what it expands comes later and adds to it.
        """
        for record in records:
            shown = self.reads.setdefault(record._meta.label_lower, Shown(action))
            shown.record_ids[record.uuid] = None
            shown.categories |= int(categories)

    def _record_reads(self) -> None:
        """Add the read event: one for each type of record, since an event names one type. All have one today."""
        for record_type, shown in self.reads.items():
            record_read(
                actor=self.actor,
                action=shown.action,
                record_type=record_type,
                record_ids=shown.record_ids,
                categories=shown.categories,
            )

    def tag_of(self, obj: Any) -> str:
        """The strong ETag of what this resource shows of `obj`: its version and what the caller may use at all.

        With a part's tag the answer tells of the part, which has an audience of its own: see tells_of().
        """
        if is_part(type(obj)):
            self.about.append((obj._meta.label_lower, str(obj.uuid), 0))  # its own door knows its category
        return f'"{obj.version}-{int(self.actor.role_mask):x}"'

    def must_match(self, tag: str) -> None:
        """Raises VersionNotNamed without If-Match, VersionPassed where it does not name `tag`.

        A tag that was read with an expansion counts by what stands before its `+`.
        """
        named = self.request.headers.get("If-Match", "")
        if not named or named.strip() == "*":
            raise VersionNotNamed
        if not all(_TAG.fullmatch(given.strip()) for given in named.split(",")):
            raise BadHeader({"If-Match": ["Send the ETag as it was read, in its quotes."]})
        if tag not in [_EXPANDED.sub('"', given.strip()) for given in named.split(",")]:
            raise VersionPassed(tag)

    def tagged(self, data: Any, tag: str, status: int = 200) -> Response:
        """The answer with its ETag, or 304 where the caller already has it."""
        if not self.asked_expansions and self._has_already(tag):
            return Response(status=304, headers={"ETag": tag})
        return Response(data, status=status, headers={"ETag": tag})

    def _has_already(self, tag: str) -> bool:
        known = [given.strip().removeprefix("W/") for given in self.request.headers.get("If-None-Match", "").split(",")]
        return self.request.method in ("GET", "HEAD") and tag in known

    def _reading(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """The handler of a read, with its answer in the shape that was asked for, and with an ETag in any case."""

        def answer(request: Request, *args: Any, **kwargs: Any) -> Any:
            response = handler(request, *args, **kwargs)
            if isinstance(response, Response) and response.status_code == 200:
                if self.asked_fields or self.asked_expansions:
                    response.data = shaped(self, response.data, self.asked_fields, self.asked_expansions)
                response.add_post_render_callback(self._tag)
            return response

        return answer

    def _tag(self, response: Any) -> HttpResponse | None:
        """Gives the rendered answer a tag of its bytes where it has none, or none that knows what was expanded."""
        tag = response.get("ETag")
        if tag and not self.asked_expansions:
            return None
        digest = hashlib.sha256(response.content).hexdigest()[:32]
        response["ETag"] = tag = f'{tag[:-1]}+{digest}"' if tag else f'"{digest}"'
        if not self._has_already(tag):
            return None
        unchanged = HttpResponse(status=304, headers={"ETag": tag})
        del unchanged["Content-Type"]
        return unchanged

    def _read_parameters(self, request: Request) -> dict[str, Any]:
        fields = self.parameters().fields
        given: dict[str, Any] = {}
        shape: dict[str, list[str]] = {}
        for name, values in request.query_params.lists():
            many = isinstance(fields.get(name), (serializers.ListField, serializers.MultipleChoiceField))
            if self.shows and name in (FIELDS, EXPAND) and declared_method(request) == "get":
                shape[name] = names_in(values)
                continue
            if len(values) > 1 and not many and name in fields:
                raise BadQuery({name: ["Give it once."]})
            given[name] = values if many else values[-1]
        serializer = self.parameters(data=given)
        serializer.is_valid()
        self.asked_fields, self.asked_expansions = shape.get(FIELDS, []), shape.get(EXPAND, [])
        wrong = {**serializer.errors, **mistakes(self, self.asked_fields, self.asked_expansions)}
        if wrong:
            raise BadQuery(wrong)
        return dict(serializer.validated_data)


def digest_tag(data: Any) -> str:
    """A strong ETag of a whole answer, for resources that are put together from many rows."""
    rendered = json.dumps(data, sort_keys=True, default=str)
    return f'"{hashlib.sha256(rendered.encode()).hexdigest()[:32]}"'
