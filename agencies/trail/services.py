"""Writing the trail: changes within their transaction, reads with the answer, denials on a connection of their own."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

import structlog
from django.db import DatabaseError

from agencies.directory.models import Agency, User
from agencies.trail.models import Change, Denial, Read, SignIn

_log = structlog.get_logger(__name__)


class Acting(Protocol):
    """Who acts: see sharing.access.actors.Actor."""

    @property
    def user(self) -> User: ...
    @property
    def agency(self) -> Agency: ...
    @property
    def channel(self) -> str: ...
    @property
    def request_id(self) -> str: ...
    @property
    def purpose(self) -> str: ...


def _who(actor: Acting) -> dict[str, Any]:
    return {
        "user_id": actor.user.pk,
        "user_name": actor.user.display,
        "agency_id": actor.agency.pk,
        "agency_name": actor.agency.name,
        "channel": actor.channel,
        "request_id": actor.request_id,
    }


def record_change(
    *,
    actor: Acting,
    verb: str,
    obj: Any,
    record_type: str = "",
    record_id: uuid.UUID | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> Change:
    """Add the one change row of a service, in the service's transaction. Returns the row."""
    return Change.objects.create(
        **_who(actor),
        verb=verb,
        object_type=obj._meta.label_lower,
        object_id=str(getattr(obj, "uuid", obj.pk)),
        record_type=record_type,
        record_id=record_id,
        before=before or {},
        after=after or {},
        reason=reason,
    )


def record_command(*, verb: str, agency: Agency, obj: Any, after: dict[str, Any]) -> Change:
    """Add the change row of what whoever runs Concord did at the command line: nobody is signed in. Returns the row."""
    return Change.objects.create(
        agency_id=agency.pk,
        agency_name=agency.name,
        channel="command",
        verb=verb,
        object_type=obj._meta.label_lower,
        object_id=str(getattr(obj, "uuid", obj.pk)),
        after=after,
    )


class ChangeOf(NamedTuple):
    """One of many records that one act changed alike."""

    record: Any
    before: dict[str, Any]
    after: dict[str, Any]


def record_changes(*, actor: Acting, verb: str, changes: Iterable[ChangeOf], reason: str = "") -> None:
    """Add one change row for each of many records, in one statement and in the service's transaction."""
    Change.objects.bulk_create(
        Change(
            **_who(actor),
            verb=verb,
            object_type=change.record._meta.label_lower,
            object_id=str(change.record.uuid),
            record_type=change.record._meta.label_lower,
            record_id=change.record.uuid,
            before=change.before,
            after=change.after,
            reason=reason,
        )
        for change in changes
    )


def record_read(
    *, actor: Acting, action: str, record_type: str, record_ids: Iterable[uuid.UUID], categories: int
) -> None:
    """Add one read event for one answer that showed these records. No records, no event."""
    shown = list(record_ids)
    if shown:
        Read.objects.create(
            **_who(actor),
            action=action,
            record_type=record_type,
            record_ids=shown,
            categories=int(categories),
            purpose=actor.purpose,
        )


def record_denial(*, actor: Acting | None, action: str, target: str, status: int, detail: str = "") -> None:
    """Record a refusal on the second connection, so that rolling back the refused request keeps it.

    A database that is away must not turn a refusal into an error page: the refusal stands, the row is lost, and the log
    says so.
    """
    who = _who(actor) if actor else {"channel": "html"}
    try:
        Denial.objects.using("aside").create(
            **who, action=action[:60], target=target[:200], status=status, detail=detail[:200]
        )
    except DatabaseError:
        _log.error("denial_not_recorded", action=action, status=status)


def record_sign_in(
    *, outcome: SignIn.Outcome, user: User | None, device: str, address: str | None, request_id: str
) -> None:
    """Add one row for a sign-in that went well or was refused, or for a session that its owner ended.

    Written on the second connection like a denial: a visitor has no transaction of their own.
    """
    try:
        SignIn.objects.using("aside").create(
            outcome=outcome,
            user_id=user.pk if user else None,
            user_name=user.display if user else "",
            channel="html",
            device=device,
            address=address,
            request_id=request_id,
        )
    except DatabaseError:
        _log.error("sign_in_not_recorded", outcome=outcome)
