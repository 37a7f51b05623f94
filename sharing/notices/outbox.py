"""The last of the six steps of writing: note the event with the change, and nudge the relay once both are committed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from celery import current_app
from django.db import connection, models, transaction

from sharing.access.actors import Actor
from sharing.access.registry import shareable_of
from sharing.notices.models import OutboxEvent
from sharing.notices.registry import kind_of

RELAY = "sharing.notices.tasks.relay"
SEND_MAIL = "sharing.notices.tasks.send_mail"
SEND_MESSAGES = "sharing.notices.tasks.send_messages"
REST = 5.0  # seconds without nudges after a failed one; the sweep comes as often

_resume_at = 0.0
_log = structlog.get_logger(__name__)


class OutsideTransaction(RuntimeError):
    """An event without the transaction of its change could tell of something that never happened."""


def publish(
    *,
    actor: Actor,
    kind: str,
    record: models.Model,
    obj: Any = None,
    versions: Mapping[str, int] | None = None,
    group_ids: Iterable[int] = (),
    user_ids: Iterable[int] = (),
) -> OutboxEvent:
    """Add one event to the outbox, in the transaction of the change it tells of.

    `record` is the shareable record, `obj` the part that changed, if any; `versions` the part's numbers before and
    after. `group_ids` are principals to tell besides those whom the record's keys name (access given to or taken from
    them), `user_ids` people; the door decides about each. Returns the event. Raises UnknownKind, NotShareable, or
    OutsideTransaction.
    """
    _check(kind)
    event = OutboxEvent.objects.create(
        **_about(actor, kind, record),
        object_type=obj._meta.label_lower if obj is not None else "",
        object_id=str(obj.uuid) if obj is not None else "",
        versions=dict(versions or {}),
        group_ids=list(group_ids),
        user_ids=list(user_ids),
    )
    _nudge_on_commit()
    return event


def publish_many(*, actor: Actor, kind: str, records: Iterable[models.Model]) -> None:
    """Add one event for each of many records that one act changed alike, in one statement. Raises as publish()."""
    _check(kind)
    if OutboxEvent.objects.bulk_create(OutboxEvent(**_about(actor, kind, record)) for record in records):
        _nudge_on_commit()


def _check(kind: str) -> None:
    kind_of(kind)
    if not connection.in_atomic_block:
        raise OutsideTransaction(kind)


def _about(actor: Actor, kind: str, record: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "record_type": shareable_of(type(record)).label,
        "record_id": record.uuid,
        "actor": actor.user,
        "actor_agency": actor.agency,
    }


def _nudge_on_commit() -> None:
    # One nudge tells the relay of everything; a savepoint that is rolled back takes its nudge along.
    if not any(entry[1] is nudge for entry in connection.run_on_commit):
        transaction.on_commit(nudge)


def announce(*, kind: str, record_type: str, record_id: uuid.UUID) -> OutboxEvent:
    """Add an event that nobody made: something of ours noticed it. Returns it. Raises as publish() does."""
    _check(kind)
    event = OutboxEvent.objects.create(kind=kind, record_type=record_type, record_id=record_id)
    _nudge_on_commit()
    return event


def nudge() -> None:
    """Ask the relay to look at the outbox now."""
    ask(RELAY)


def ask(task: str, *arguments: int) -> None:
    """Ask a worker for a task. The sweep does it anyway, so a broker that is away only delays the news.

    A broker that failed is left alone for a while: one that takes connections and never answers would cost every
    request its timeout.
    """
    global _resume_at
    if time.monotonic() < _resume_at:
        return
    try:
        current_app.send_task(task, arguments, retry=False, ignore_result=True)
    except Exception as error:  # whatever a broker may raise, the change is committed and its answer must go out
        _resume_at = time.monotonic() + REST
        _log.warning("nudge_failed", task=task, error=type(error).__name__)
