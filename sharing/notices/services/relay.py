"""From the outbox to inboxes, and to the mail and messages that are sent from there."""

from __future__ import annotations

import datetime
from collections import defaultdict
from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from agencies.directory.clock import DatabaseNow, database_now
from agencies.directory.models import Agency, User
from sharing.notices.audience import Told, recipients
from sharing.notices.models import Delivery, InboxItem, NoticePreference, NoticeTimes, OutboxEvent, Webhook
from sharing.notices.outbox import SEND_MAIL, SEND_MESSAGES, ask
from sharing.notices.registry import EventKind, kind_of
from sharing.notices.services.ladder import drain, later
from sharing.notices.times import after_quiet_hours, next_digest

_log = structlog.get_logger(__name__)


def relay_pending(limit: int = 1000) -> int:
    """Tell of the events in the outbox, oldest first, a transaction each. Returns how many were told.

    Safe to run side by side and again. An event that fails is noted and tried later; the others go on.
    """
    told = 0

    def one() -> bool:
        nonlocal told
        event = None
        try:
            with transaction.atomic():
                event = _claim_event()
                if event is None:
                    return False
                _tell(event)
        except Exception as error:
            if event is None:
                raise
            _note_failure(event.pk, error)
        else:
            told += 1
        return True

    drain(one, limit=limit)
    return told


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
    wishes = {} if kind.required else _preferences(kind, told)
    told = [one for one in told if one.user.pk not in wishes or wishes[one.user.pk].inbox]
    InboxItem.objects.bulk_create(
        [
            InboxItem(event=event, user=one.user, agency_id=one.agency_id, unit_id=one.unit_id, created_at=now)
            for one in told
        ],
        ignore_conflicts=True,
    )
    sent = {"state": Delivery.State.SENT, "sent_at": now, "next_attempt_at": now}
    rows = [_delivery(event, one, Delivery.Channel.INBOX, now, sent) for one in told]
    # A partner's system reads its inbox through the API; nobody would read its mail.
    people = [one for one in told if kind.mail and one.user.kind == User.Kind.PERSON]
    rows += _mails(event, people, wishes, now)
    rows += _messages(event, [one for one in told if one.user.kind == User.Kind.CLIENT], now)
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    OutboxEvent.objects.filter(pk=event.pk).update(relayed_at=now)
    _ask_to_send(event)


def _preferences(kind: EventKind, told: list[Told]) -> dict[int, NoticePreference]:
    rows = NoticePreference.objects.filter(kind=kind.kind, user__in=[one.user for one in told])
    return {row.user_id: row for row in rows}


def _delivery(
    event: OutboxEvent, one: Told, channel: Delivery.Channel, now: datetime.datetime, more: dict[str, Any]
) -> Delivery:
    given = {"event": event, "user": one.user, "agency_id": one.agency_id, "channel": channel, "created_at": now}
    return Delivery(**{**given, **more})


def _mails(
    event: OutboxEvent, told: list[Told], wishes: dict[int, NoticePreference], now: datetime.datetime
) -> list[Delivery]:
    """Mail at once, or after quiet hours; or a place in the next daily summary."""
    times = NoticeTimes.objects.in_bulk([one.user.pk for one in told])
    zones = dict(Agency.objects.filter(pk__in={one.agency_id for one in told}).values_list("pk", "time_zone"))
    rows = []
    for one in told:
        wish = wishes[one.user.pk].mail if one.user.pk in wishes else NoticePreference.Mail.AT_ONCE
        if wish == NoticePreference.Mail.NEVER:
            continue
        own, zone = times.get(one.user.pk) or NoticeTimes(), zones[one.agency_id]
        if wish == NoticePreference.Mail.DIGEST:
            rows.append(
                _delivery(event, one, Delivery.Channel.DIGEST, now, {"next_attempt_at": next_digest(own, zone, now)})
            )
        else:
            moment = after_quiet_hours(own, zone, now)
            rows.append(_delivery(event, one, Delivery.Channel.EMAIL, now, {"next_attempt_at": moment}))
    return rows


def _messages(event: OutboxEvent, told: list[Told], now: datetime.datetime) -> list[Delivery]:
    """A message for each webhook of these systems that takes this kind of event."""
    if not told:
        return []
    webhooks: dict[tuple[int, int], list[Webhook]] = defaultdict(list)
    wanted = Q(kinds=[]) | Q(kinds__contains=[event.kind])
    for webhook in Webhook.objects.filter(wanted, client__in=[one.user for one in told], off_at__isnull=True):
        webhooks[webhook.client_id, webhook.agency_id].append(webhook)
    return [
        _delivery(event, one, Delivery.Channel.WEBHOOK, now, {"next_attempt_at": now, "webhook": webhook})
        for one in told
        for webhook in webhooks[one.user.pk, one.agency_id]
    ]


def _ask_to_send(event: OutboxEvent) -> None:
    """Once all this is committed: mail that is due, and one task for each webhook."""
    due = Delivery.objects.filter(event=event, state=Delivery.State.PENDING, next_attempt_at__lte=DatabaseNow())
    for number in due.filter(channel=Delivery.Channel.EMAIL).values_list("pk", flat=True):
        transaction.on_commit(partial(ask, SEND_MAIL, number))
    for number in due.filter(channel=Delivery.Channel.WEBHOOK).values_list("webhook_id", flat=True).distinct():
        transaction.on_commit(partial(ask, SEND_MESSAGES, number))


def _note_failure(event_id: int, error: Exception) -> None:
    """Only the kind of error is kept: its words might quote content."""
    _log.error("relay_failed", event_id=event_id, error=type(error).__name__)
    failures = OutboxEvent.objects.values_list("failures", flat=True).get(pk=event_id)
    OutboxEvent.objects.filter(pk=event_id, relayed_at__isnull=True).update(
        failures=F("failures") + 1,
        last_error=type(error).__name__,
        next_attempt_at=later(min(failures, 2)),
    )
