"""Sending messages to webhooks: one at a time for each, again until it is taken, and the door asked again before each.

As with mail, nothing is sent inside a transaction: see sharing/notices/services/mailing.py. A webhook that takes
nothing rests between attempts, and is switched off once it has taken nothing for days; its administrators are told.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from agencies.directory.clock import DatabaseNow, database_now
from agencies.directory.models import Membership
from sharing.notices.audience import still_entitled, still_sees
from sharing.notices.events import WEBHOOK_OFF
from sharing.notices.models import Delivery, Webhook
from sharing.notices.outbox import announce
from sharing.notices.querysets import item_of
from sharing.notices.services.ladder import LEASE, RETRY_AFTER, drain, later
from sharing.notices.subjects import WEBHOOK
from sharing.notices.webhooks.egress import Answer, NotDelivered, post
from sharing.notices.webhooks.messages import body_of, headers_for

SECONDS = 60  # how long one round of sending lasts at most
LONGEST_REST = datetime.timedelta(minutes=5)  # of a webhook after a failure; its messages have their own ladder
LONGEST_WAIT = 24 * 3600.0  # seconds for which Retry-After is honoured
OFF_AFTER = datetime.timedelta(days=3)  # nothing taken for so long, and a message given up: about one whole ladder
GONE = 410  # the receiver wants no more (Standard Webhooks)

State = Delivery.State
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed message, ready to be sent: everything that needs the database has been read."""

    delivery: Delivery
    url: str
    body: bytes
    headers: dict[str, str]


def send_messages(webhook_id: int) -> None:
    """Send what waits for one webhook, if it rests not and nobody else sends to it."""
    drain(lambda: _send_next(webhook_id), seconds=SECONDS)


def send_messages_due() -> None:
    """Send what waits for any webhook, for a bounded time."""
    drain(_send_next, seconds=SECONDS)


def _send_next(webhook_id: int | None = None) -> bool:
    with transaction.atomic():
        claimed = _claim(webhook_id)
        if claimed is None:
            return False
        webhook, delivery = claimed
        parcel = _pack(webhook, delivery)
        if parcel is None:
            return True
        delivery.attempts, delivery.next_attempt_at = delivery.attempts + 1, database_now() + LEASE
        delivery.save(update_fields=["attempts", "next_attempt_at"])
        Webhook.objects.filter(pk=webhook.pk).update(resume_at=delivery.next_attempt_at)
    try:
        answer: Answer | None = post(parcel.url, parcel.body, parcel.headers)
        failure = "" if answer and 200 <= answer.status < 300 else "Not accepted"
    except NotDelivered as error:
        answer, failure = None, str(error)
    with transaction.atomic():
        _note(delivery, webhook.pk, answer, failure)
    return True


def _claim(webhook_id: int | None) -> tuple[Webhook, Delivery] | None:
    """A webhook that nobody sends to and that does not rest, with the oldest message that is due for it."""
    now = DatabaseNow()
    due = Delivery.objects.filter(channel=Delivery.Channel.WEBHOOK, state=State.PENDING, next_attempt_at__lte=now)
    ready = Webhook.objects.filter(Q(resume_at__isnull=True) | Q(resume_at__lte=now), off_at__isnull=True)
    if webhook_id is not None:
        ready = ready.filter(pk=webhook_id)
    webhook = (
        ready.filter(Exists(due.filter(webhook=OuterRef("pk"))))
        .select_for_update(skip_locked=True, no_key=True)
        .order_by(F("resume_at").asc(nulls_first=True), "pk")
        .first()
    )
    if webhook is None:
        return None
    delivery = due.filter(webhook=webhook).select_for_update(of=("self",)).select_related("event", "user")
    found = delivery.order_by("next_attempt_at", "pk").first()
    return (webhook, found) if found else None


def _pack(webhook: Webhook, delivery: Delivery) -> Parcel | None:
    """The message and its signatures; None where the system may no longer be told, which closes the delivery."""
    event = delivery.event
    if event is None:
        now = DatabaseNow()
        places = Membership.objects.filter(user=delivery.user_id, starts_at__lte=now, until__gt=now)
        entitled = delivery.user.is_active and places.filter(group__unit__agency=delivery.agency_id).exists()
    else:
        entitled = still_entitled(event, delivery.user, delivery.agency_id)
    if not entitled:
        delivery.state, delivery.attempts = State.WITHDRAWN, delivery.attempts + 1
        delivery.save(update_fields=["state", "attempts"])
        return None
    item = item_of(delivery) if event else None
    body = body_of(delivery, item, seen=item is not None and still_sees(item))
    valid = webhook.secrets.filter(until__gt=DatabaseNow()).order_by("-pk").values_list("secret", flat=True)
    return Parcel(delivery, webhook.url, body, headers_for(delivery, body, valid, database_now()))


def _note(delivery: Delivery, webhook_id: int, answer: Answer | None, failure: str) -> None:
    """What an attempt came to, for the log, the next attempt, and the webhook."""
    now = database_now()
    last = delivery.attempts > len(RETRY_AFTER)
    noted: dict[str, Any] = {
        "attempted_at": now,
        "answer": answer.status if answer else None,
        "milliseconds": answer.milliseconds if answer else None,
        "failure": failure,
    }
    if not failure:
        noted |= {"state": State.SENT, "sent_at": now}
    elif last:
        noted |= {"state": State.FAILED}
    else:
        at_least = min(answer.retry_after, LONGEST_WAIT) if answer else 0
        noted |= {"next_attempt_at": later(delivery.attempts - 1, at_least)}
    # Unless the lease ran out and somebody else claimed it since.
    Delivery.objects.filter(pk=delivery.pk, state=State.PENDING, attempts=delivery.attempts).update(**noted)
    webhook = Webhook.objects.select_for_update(no_key=True).get(pk=webhook_id)
    if not failure:
        webhook.failing_since, webhook.resume_at = None, None
    else:
        _log.warning("message_not_taken", webhook_id=webhook_id, answer=noted["answer"], failure=failure)
        webhook.failing_since = webhook.failing_since or now
        webhook.resume_at = min(noted.get("next_attempt_at", now), now + LONGEST_REST)
    webhook.save(update_fields=["failing_since", "resume_at"])
    if answer and answer.status == GONE:
        _switch_off(webhook, Webhook.Off.GONE)
    elif last and webhook.failing_since and now - webhook.failing_since >= OFF_AFTER:
        _switch_off(webhook, Webhook.Off.FAILING)


def _switch_off(webhook: Webhook, reason: Webhook.Off) -> None:
    """Send nothing more there, and tell the administrators. What waits stays, and goes out once it is on again."""
    if webhook.off_at is None:
        webhook.off_at, webhook.off_reason, webhook.version = database_now(), reason, webhook.version + 1
        webhook.save(update_fields=["off_at", "off_reason", "version"])
        announce(kind=WEBHOOK_OFF, record_type=WEBHOOK, record_id=webhook.uuid)
