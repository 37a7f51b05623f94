"""Sending mail: one letter an event, or one summary a day. Again until it is taken; with the same number every time.

A letter is claimed in one transaction, sent outside any, and marked in another, so that a slow mail server holds no
transaction open. A process that dies in between leaves it to be sent again once its lease has run out.
"""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from agencies.directory.clock import DatabaseNow, database_now
from agencies.directory.models import User
from sharing.notices.audience import still_entitled
from sharing.notices.delivery import send_digest, send_email
from sharing.notices.models import Delivery, InboxItem
from sharing.notices.querysets import item_of
from sharing.notices.services.ladder import LEASE, RETRY_AFTER, drain, later

SECONDS = 20  # how long one round of sending lasts at most; the next one comes with the next sweep

_log = structlog.get_logger(__name__)


def send_mail(delivery_id: int) -> None:
    """Send one e-mail, if it is due and its recipient is still entitled."""
    _send_one(_due(Delivery.Channel.EMAIL).filter(pk=delivery_id))


def send_mails_due() -> None:
    """Send every e-mail and every daily summary that is due, for a bounded time."""
    drain(lambda: _send_one(_due(Delivery.Channel.EMAIL)), seconds=SECONDS)
    drain(_send_one_digest, seconds=SECONDS)


def _due(channel: Delivery.Channel) -> QuerySet[Delivery]:
    return Delivery.objects.filter(channel=channel, state=Delivery.State.PENDING, next_attempt_at__lte=DatabaseNow())


def _send_one(due: QuerySet[Delivery]) -> bool:
    """Send the first of these that nobody else sends. Returns whether there was one."""
    with transaction.atomic():
        delivery = (
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("event", "user")
            .order_by("next_attempt_at")
            .first()
        )
        if delivery is None:
            return False
        if not _may_have(delivery):
            return True
        _lease([delivery])
        item = item_of(delivery)
    try:
        send_email(delivery, item)
    except Exception as error:
        _note_failure([delivery], error)
    else:
        _note_sent([delivery])
    return True


def _send_one_digest() -> bool:
    """Send the summary of somebody whose summary is due: all that waits for it, in one letter."""
    with transaction.atomic():
        # Whoever sends to somebody holds their account meanwhile, so that two workers never send half a summary each.
        waits = _due(Delivery.Channel.DIGEST).filter(user=OuterRef("pk"))
        account = User.objects.filter(Exists(waits)).select_for_update(skip_locked=True, no_key=True).first()
        if account is None:
            return False
        waiting = list(
            _due(Delivery.Channel.DIGEST).filter(user=account).select_related("event", "user").order_by("pk")
        )
        waiting = [delivery for delivery in waiting if delivery.agency_id == waiting[0].agency_id]
        letter = [delivery for delivery in waiting if _may_have(delivery)]
        # Nothing waits where another worker sent it between our look and our turn.
        told_for = {delivery.agency_id for delivery in letter}
        items = InboxItem.objects.filter(user=account, agency__in=told_for)
        items = items.filter(event__in=[delivery.event_id for delivery in letter])
        fresh = set(items.filter(read_at__isnull=True, done_at__isnull=True).values_list("event_id", flat=True))
        for delivery in letter:
            if delivery.event_id not in fresh:
                _close(delivery, Delivery.State.READ)
        letter = [delivery for delivery in letter if delivery.event_id in fresh]
        _lease(letter)
    if letter:
        try:
            send_digest(letter)
        except Exception as error:
            _note_failure(letter, error)
        else:
            _note_sent(letter)
    return True


def _may_have(delivery: Delivery) -> bool:
    """Whether the recipient is still entitled; where not, the delivery is closed."""
    assert delivery.event is not None  # noqa: S101 - only a webhook has a test without an event
    if still_entitled(delivery.event, delivery.user, delivery.agency_id):
        return True
    _close(delivery, Delivery.State.WITHDRAWN)
    return False


def _close(delivery: Delivery, state: Delivery.State) -> None:
    delivery.state, delivery.attempts = state, delivery.attempts + 1
    delivery.save(update_fields=["state", "attempts"])


def _lease(deliveries: list[Delivery]) -> None:
    until = database_now() + LEASE
    for delivery in deliveries:
        delivery.attempts, delivery.next_attempt_at = delivery.attempts + 1, until
    Delivery.objects.bulk_update(deliveries, ["attempts", "next_attempt_at"])


def _still_ours(delivery: Delivery) -> QuerySet[Delivery]:
    """The delivery, unless its lease ran out and somebody else claimed it since."""
    return Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PENDING, attempts=delivery.attempts)


def _note_sent(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        _still_ours(delivery).update(state=Delivery.State.SENT, sent_at=DatabaseNow())


def _note_failure(deliveries: list[Delivery], error: Exception) -> None:
    """Only the kind of error is kept: its words might quote an address."""
    _log.error("mail_failed", delivery_id=deliveries[0].pk, error=type(error).__name__)
    for delivery in deliveries:
        if delivery.attempts > len(RETRY_AFTER):
            _still_ours(delivery).update(state=Delivery.State.FAILED)
        else:
            _still_ours(delivery).update(next_attempt_at=later(delivery.attempts - 1))
