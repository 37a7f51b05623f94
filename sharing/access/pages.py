"""What every HTML page obeys: signed in, its categories named at the top, refusals told apart and recorded.

Not visible is 404, with the same body as an unknown address; visible but not permitted 403; an unmapped method 405. A
page of one record stands in the record's frame, which the floor above registers with the record's type.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn, Protocol, TypeVar

import structlog
from allauth.core.exceptions import ReauthenticationRequired
from django import forms
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import cached_property
from django.views import View

from agencies.accounts.services import confirmed_recently
from agencies.directory.categories import Category
from agencies.directory.models import Agency
from agencies.trail.services import record_denial, record_read
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused
from sharing.access.rates import spend
from sharing.access.registry import shareable_of
from sharing.access.rows import read_together

T = TypeVar("T")

ONCE_FOR = 24 * 60 * 60  # seconds for which a form may lie open before it is sent

_log = structlog.get_logger(__name__)


SAVEPOINT = "SAVEPOINT blocks"


class Blocks:
    """The parts of a page that may fail alone: each is read inside one savepoint, and None stands for "unknown".

    One savepoint serves all of them, since they only read: going back to it loses nothing, and it ends with the
    transaction. Where the first parts are read together, it is set in the same round trip.
    """

    def __init__(self) -> None:
        self._set = False

    def read(self, load: Callable[[], T]) -> T | None:
        """What `load` returns, or None where the database failed; None never means that there is nothing."""
        if not self._set:
            with connection.cursor() as cursor:
                cursor.execute(SAVEPOINT)
            self._set = True
        try:
            return load()
        except DatabaseError as error:
            transaction.savepoint_rollback("blocks")
            _log.error("block_not_loaded", error=type(error).__name__)
            return None

    def together(self, asked: Mapping[str, QuerySet[Any]]) -> dict[str, list[Any] | None]:
        """Several small parts in one statement: name → rows, or None for each that could not be loaded.

        Where the one statement fails, each part is asked for by itself, so that one failing takes no other along.
        """
        first, self._set = "" if self._set else f"{SAVEPOINT}; ", True
        found = self.read(lambda: read_together(asked, first))
        if found is not None:
            return dict(found)
        return {name: self.read(lambda rows=rows: list(rows)) for name, rows in asked.items()}  # type: ignore[misc]


class Frame(Protocol):
    """One record as a page shows it: the record, what the actor may use of it, and what stands around every page."""

    record: Any
    opened: Category
    preview_template: str

    def context(self, blocks: Blocks) -> dict[str, Any]:
        """What the frame's template takes."""
        ...

    def preview(self, mask: int, agency: Agency, blocks: Blocks) -> dict[str, Any]:
        """What the preview's template takes: the record as an agency would see it that is given this much."""
        ...


class Page(View):
    """A page for somebody who acts for an agency.

    `needs` names for each method the category without which it is refused, NOTHING where none is asked; a method
    without an entry is refused. `weighty` names the methods for which the password must have been typed a short while
    ago: else it is asked for again, and what was sent is done after it.
    """

    needs: ClassVar[Mapping[str, Category]] = {}
    weighty: ClassVar[frozenset[str]] = frozenset()
    rates: ClassVar[Mapping[str, str]] = {}  # method → kind of asking that is counted, see API_RATES
    http_method_names = ["get", "head", "post"]
    actor: Actor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse what is not declared or not permitted; else let the method answer."""
        method = "get" if request.method == "HEAD" else (request.method or "").lower()
        handler = getattr(self, method, None) if method in self.http_method_names else None
        if handler is None:
            return self.http_method_not_allowed(request)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if request.actor is None:  # type: ignore[attr-defined]
            return render(request, "account/account_inactive.html", status=403)
        self.actor = request.actor  # type: ignore[attr-defined]
        try:
            if method not in self.needs:
                raise NotAllowed("No rule says who may do this.")
            self.enter(self.needs[method])
            if method in self.weighty and not confirmed_recently(request):
                raise ReauthenticationRequired  # allauth keeps the request and asks for the password
            spent = spend(self.rates[method], self.actor.user_id) if method in self.rates else None
            if spent and not spent.allowed:
                return self.too_many(spent.seconds)
            return handler(request, *args, **kwargs)
        except NotVisible:
            self._refuse(404)
        except NotAllowed as refusal:
            self._refuse(403, str(refusal))

    def enter(self, category: Category) -> None:
        """Find what the page is about and check the category on it. Raises NotVisible or NotAllowed."""

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """405, as a page."""
        response = render(request, "405.html", status=405)
        response["Allow"] = ", ".join(name.upper() for name in self.http_method_names if hasattr(self, name))
        return response

    def too_many(self, seconds: int) -> HttpResponse:
        """429, as a page that says when to go on."""
        response = render(self.request, "429.html", {"wait": seconds}, status=429)
        response["Retry-After"] = str(seconds)
        return response

    def _refuse(self, status: int, reason: str = "") -> NoReturn:
        record_denial(
            actor=self.actor,
            action=f"{self.request.method} {type(self).__name__}",
            target=self.request.path,
            status=status,
            detail=reason,
        )
        if status == 404:
            raise Http404
        raise PermissionDenied(reason)


class RecordPage(Page):
    """A page of one record, whose UUID stands in the address as `record`."""

    record_type: ClassVar[str] = ""
    action: ClassVar[str] = "detail"
    frame: Frame
    blocks: Blocks

    def enter(self, category: Category) -> None:
        """Open the record's frame, and refuse where the actor's keys do not open the category."""
        self.blocks = Blocks()
        shareable = shareable_of(self.kwargs.get("record_type") or self.record_type)
        self.frame = shareable.frame(self.actor, self.kwargs["record"])
        if category & ~self.frame.opened:
            raise NotAllowed("Your role, or the grant under which you see this, does not include it.")

    def show(
        self, template: str, shown: Category, context: dict[str, Any] | None = None, *, status: int = 200
    ) -> HttpResponse:
        """The page in the record's frame, with the one read event that says which categories it showed."""
        around = self.around
        record_read(
            actor=self.actor,
            action=self.action,
            record_type=self.frame.record._meta.label_lower,
            record_ids=[self.record_uuid],
            categories=shown & self.frame.opened,
        )
        return render(self.request, template, {**around, **(context or {})}, status=status)

    @cached_property
    def around(self) -> dict[str, Any]:
        """What stands around the page: the frame's context, read once."""
        return self.frame.context(self.blocks)

    @property
    def record_uuid(self) -> uuid.UUID:
        """The UUID of the page's record."""
        found: uuid.UUID = self.frame.record.uuid
        return found


class OnceField(forms.CharField):
    """The UUID of what a form will make, given out with the form: sent twice, it finds the first one's work.

    With `record` it is good for a form about this record alone.
    """

    widget = forms.HiddenInput

    def __init__(self, actor: Actor, record: Any = None) -> None:
        self.salt = f"sharing.access.once.{actor.user_id}{f'.{record.uuid}' if record else ''}"
        super().__init__(initial=lambda: signing.dumps(str(uuid.uuid4()), salt=self.salt))

    def clean(self, value: Any) -> uuid.UUID:
        """The UUID. Raises ValidationError for one that this actor was not given, or too long ago."""
        try:
            return uuid.UUID(signing.loads(super().clean(value), salt=self.salt, max_age=ONCE_FOR))
        except signing.BadSignature:
            raise ValidationError("This form has grown too old. Open it again.") from None


def add_refusal(form: forms.BaseForm, refusal: Refused) -> None:
    """Say a service's refusal beside the field at fault, or above the form where that is none of its fields."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
