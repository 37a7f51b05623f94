"""Telling people: from the outbox to inboxes and mail, and what people do with what they were told."""

from __future__ import annotations

import datetime
import random
import time
import uuid
from collections.abc import Callable
from functools import partial

import structlog
from django.db import transaction
from django.db.models import F

from agencies.directory.clock import DatabaseNow, database_now
from agencies.directory.models import User
from sharing.access.actors import Actor
from sharing.access.errors import NotVisible
from sharing.notices.audience import recipients, still_entitled
from sharing.notices.delivery import send_email
from sharing.notices.models import Delivery, InboxItem, OutboxEvent
from sharing.notices.outbox import SEND_MAIL, ask
from sharing.notices.querysets import own_items
from sharing.notices.registry import kind_of

# Seconds until the next attempt (the Standard Webhooks ladder); after the last an e-mail is given up, never deleted.
RETRY_AFTER = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
SWEEP_SECONDS = 20

_log = structlog.get_logger(__name__)


def relay_pending(limit: int = 1000) -> int:
    """Tell of the events in the outbox, oldest first, a transaction each. Returns how many were told.

    Safe to run side by side and again. An event that fails is noted and tried later; the others go on.
    """
    return _drain(_claim_event, _tell, _note_event_failure, limit=limit)


def sweep() -> None:
    """Relay what waits in the outbox, then send the e-mails that are due, for a bounded time."""
    relay_pending()
    _drain(_claim_delivery, _send, _note_delivery_failure, seconds=SWEEP_SECONDS)


def send(delivery_id: int) -> None:
    """Send one e-mail if it is due and nobody else is sending it. Its lock lasts until it is marked sent.

    A process that dies in between leaves it waiting for the sweep, which uses the same Message-ID.
    """
    _drain(lambda: _claim_delivery(delivery_id), _send, _note_delivery_failure, limit=1)


def _drain(
    claim: Callable[[], OutboxEvent | Delivery | None],
    work: Callable[..., None],
    note_failure: Callable[[int, Exception], None],
    *,
    limit: int = 1000,
    seconds: float = 200,
) -> int:
    """Claim and work off rows one transaction each until none is left. Returns how many went well."""
    done, deadline = 0, time.monotonic() + seconds
    for _ in range(limit):
        row = None
        try:
            with transaction.atomic():
                row = claim()
                if row is None:
                    return done
                work(row)
        except Exception as error:
            if row is None:
                raise
            note_failure(row.pk, error)
        else:
            done += 1
        if time.monotonic() > deadline:
            break
    return done


def _claim_event() -> OutboxEvent | None:
    return (
        OutboxEvent.objects.select_for_update(skip_locked=True)
        .filter(relayed_at__isnull=True, next_attempt_at__lte=DatabaseNow())
        .order_by("next_attempt_at")
        .first()
    )


def _tell(event: OutboxEvent) -> None:
    """One inbox item and one delivery a channel for everyone entitled now; what is there already stays as it is."""
    kind, now = kind_of(event.kind), database_now()
    told = recipients(event)
    InboxItem.objects.bulk_create(
        [InboxItem(event=event, user=user, agency_id=agency, created_at=now) for user, agency in told],
        ignore_conflicts=True,
    )
    inbox, mail = (
        (Delivery.Channel.INBOX, Delivery.State.SENT, now),
        (Delivery.Channel.EMAIL, Delivery.State.PENDING, None),
    )
    Delivery.objects.bulk_create(
        [
            Delivery(
                event=event, user=user, agency_id=agency, channel=channel, state=state, sent_at=sent_at,
                created_at=now, next_attempt_at=now,
            )
            for user, agency in told
            # A partner's system reads its inbox through the API; nobody would read its mail.
            for channel, state, sent_at in ([inbox, mail] if kind.mail and user.kind == User.Kind.PERSON else [inbox])
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    OutboxEvent.objects.filter(pk=event.pk).update(relayed_at=now)
    waiting = Delivery.objects.filter(event=event, state=Delivery.State.PENDING).values_list("pk", flat=True)
    for delivery_id in waiting:
        transaction.on_commit(partial(ask, SEND_MAIL, delivery_id))


def _note_event_failure(event_id: int, error: Exception) -> None:
    """Only the kind of error is kept: its words might quote content."""
    _log.error("relay_failed", event_id=event_id, error=type(error).__name__)
    failures = OutboxEvent.objects.values_list("failures", flat=True).get(pk=event_id)
    OutboxEvent.objects.filter(pk=event_id, relayed_at__isnull=True).update(
        failures=F("failures") + 1,
        last_error=type(error).__name__,
        next_attempt_at=_later(min(failures, 2)),
    )


def _claim_delivery(delivery_id: int | None = None) -> Delivery | None:
    due = Delivery.objects.filter(state=Delivery.State.PENDING, next_attempt_at__lte=DatabaseNow())
    if delivery_id is not None:
        due = due.filter(pk=delivery_id)
    return (
        due.select_for_update(skip_locked=True, of=("self",))
        .select_related("event", "user")
        .order_by("next_attempt_at")
        .first()
    )


def _send(delivery: Delivery) -> None:
    item = InboxItem.objects.get(event_id=delivery.event_id, user_id=delivery.user_id)
    if still_entitled(delivery.event, delivery.user, delivery.agency_id):
        send_email(delivery, item)
        delivery.state, delivery.sent_at = Delivery.State.SENT, database_now()
    else:
        delivery.state = Delivery.State.WITHDRAWN
    delivery.attempts += 1
    delivery.save(update_fields=["state", "sent_at", "attempts"])


def _note_delivery_failure(delivery_id: int, error: Exception) -> None:
    _log.error("mail_failed", delivery_id=delivery_id, error=type(error).__name__)
    delivery = Delivery.objects.get(pk=delivery_id)
    last = delivery.attempts >= len(RETRY_AFTER)
    Delivery.objects.filter(pk=delivery_id, state=Delivery.State.PENDING).update(
        attempts=F("attempts") + 1,
        state=Delivery.State.FAILED if last else Delivery.State.PENDING,
        next_attempt_at=delivery.next_attempt_at if last else _later(delivery.attempts),
    )


def _later(step: int) -> datetime.datetime:
    """The moment of the attempt after `step` failures, with a tenth of jitter so that a recovery is no stampede."""
    return database_now() + datetime.timedelta(seconds=RETRY_AFTER[step] * random.uniform(1, 1.1))  # noqa: S311


def _own(actor: Actor, item_uuid: uuid.UUID) -> InboxItem:
    item = own_items(actor).select_for_update().filter(uuid=item_uuid).first()
    if item is None:
        raise NotVisible
    return item


@transaction.atomic
def mark_read(*, actor: Actor, item_uuid: uuid.UUID) -> InboxItem:
    """Note that the item was opened; the first time counts. Returns it. Raises NotVisible for anybody else's."""
    item = _own(actor, item_uuid)
    if item.read_at is None:
        item.read_at = database_now()
        item.save(update_fields=["read_at"])
    return item


@transaction.atomic
def mark_done(*, actor: Actor, item_uuid: uuid.UUID) -> InboxItem:
    """Put the item away; again changes nothing. Returns it: its `done_at` is what undo() takes. Raises NotVisible."""
    item = _own(actor, item_uuid)
    if item.done_at is None:
        item.done_at = database_now()
        item.save(update_fields=["done_at"])
    return item


@transaction.atomic
def mark_open(*, actor: Actor, item_uuid: uuid.UUID) -> InboxItem:
    """Take one item back that was put away; again changes nothing. Returns it. Raises NotVisible."""
    item = _own(actor, item_uuid)
    if item.done_at is not None:
        item.done_at = None
        item.save(update_fields=["done_at"])
    return item


def mark_all_done(*, actor: Actor) -> tuple[int, datetime.datetime]:
    """Put every open item away under one moment. Returns how many, and the moment, which undo() takes."""
    moment = database_now()
    return own_items(actor).filter(done_at__isnull=True).update(done_at=moment), moment


def undo(*, actor: Actor, done_at: datetime.datetime) -> int:
    """Take back what was put away at this moment. Returns how many items; a second time none."""
    return own_items(actor).filter(done_at=done_at).update(done_at=None)
