"""News in a random world: events as services leave them, told by the relay, sent by mail and to a partner's system."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from django.core import mail
from django.db import connection

from agencies.directory.categories import Category
from sharing.notices import services as notices
from sharing.notices.models import InboxItem, OutboxEvent, Webhook, WebhookSecret
from sharing.notices.webhooks.messages import new_secret
from tests import services
from tests.access.marks import Mark, told, uuid_of
from tests.access.oracle import Membership, Oracle, Part, User, World
from tests.sharing.notices.receivers import Receiver

C = Category
_UUID = re.compile(r"(?<=/inbox/)[0-9a-f-]{36}")
SYSTEM = 90  # the user that is a partner's system and no person
# What changed → the kind of event that says so, the category that it needs, and whether mail goes out.
KINDS = {
    "goal": ("plan.goal_changed", C.PLAN_VIEW, True),
    "action": ("plan.action_changed", C.PLAN_VIEW, True),
    "flag": ("flag.set", C.FLAGS, True),
    "caution": ("caution.added", C.CAUTIONS, True),
    "contact": ("contact.recorded", C.CONTACT_VIEW, False),
    "appointment": ("appointment.missed", C.CONTACT_VIEW, True),
    "document": ("document.added", C.DOCUMENTS, False),
}


class Happened(NamedTuple):
    """An event, in the world's numbers. Without a part the case itself changed."""

    case: int
    kind: str
    category: Category
    mails: bool
    part: Part | None

    @property
    def name(self) -> str:
        return f"{self.kind} of case {self.case}"


Recipient = tuple[str, int, int]
"""Event, user and the agency for which they are told."""


def with_a_system(world: World) -> None:
    """Gives the world a partner's system, with a place like the first of everybody else's in each unit and role."""
    world.users[SYSTEM] = User(SYSTEM)
    places = {(m.unit, m.role): m for m in reversed(world.memberships)}
    for number, place in enumerate(places.values(), len(world.memberships) + 1):
        world.memberships.append(Membership(number, SYSTEM, place.unit, place.role, place.start, place.until))


def listen(world: World, receiver: Receiver) -> None:
    """The system hears at this address, in each agency's name."""
    services.owner("UPDATE agencies_user SET kind = 'client' WHERE id = %s", SYSTEM)
    with services.as_job():
        for agency in world.agencies:
            made = Webhook.objects.create(
                client_id=SYSTEM, agency_id=agency, url=f"{receiver.url}&agency={agency}", created_by_id=SYSTEM
            )
            WebhookSecret.objects.create(webhook=made, secret=new_secret(), hint="")


def happen(world: World) -> list[Happened]:
    """Every case changes, and every part of one of which there is news. Written as the services do, by nobody."""
    found = [Happened(case, "case.closed", C.SUPERVISION, True, None) for case in world.cases]
    found += [Happened(p.case, *KINDS[p.model], p) for p in world.parts if p.model in KINDS and p.case is not None]
    with services.as_job():
        OutboxEvent.objects.bulk_create(
            OutboxEvent(
                kind=event.kind,
                record_type="cases.case",
                record_id=uuid_of("case", event.case),
                object_type=f"cases.{event.part.model}" if event.part else "",
                object_id=str(uuid_of(event.part.model, event.part.id)) if event.part else "",
                versions={"before": 0, "after": 1},
                created_at=world.now,
                next_attempt_at=world.now,
            )
            for event in found
        )
    return found


def inboxes() -> dict[str, Recipient]:
    """Who has which event in the inbox, for which agency, by the UUID of the item."""
    with services.as_job():
        rows = InboxItem.objects.values_list("uuid", "event__kind", "event__record_id", "user_id", "agency_id")
        return {str(item): (_named(kind, record), user, agency) for item, kind, record, user, agency in rows}


def expected(oracle: Oracle, events: list[Happened]) -> set[Recipient]:
    """Who is to be told of what, by the oracle."""
    return {
        (event.name, user, agency)
        for event in events
        for user, agency in oracle.told(event.case, int(event.category), event.part)
    }


def letters(items: dict[str, Recipient]) -> list[Recipient]:
    """Whom a letter leads to which news. It says nothing of any record."""
    found = []
    for letter in mail.outbox:
        text = f"{letter.subject} {letter.body} {letter.to}"
        assert not told(text), f"a letter tells of {told(text)}"
        found.append(next(items[item] for item in _UUID.findall(letter.body)))
        assert letter.to == [f"user{found[-1][1]}@example.org"]
    return found


def messages(receiver: Receiver, items: dict[str, Recipient]) -> list[tuple[Recipient, set[Mark]]]:
    """What the system was sent: the news that each message leads to, and what it tells of records."""
    return [(items[_UUID.findall(taken.said["data"]["news"])[0]], told(taken.body)) for taken in receiver.taken]


def relay(now: datetime.datetime) -> None:
    """The relay runs at this moment."""
    _work(now, notices.relay_pending)


def send(now: datetime.datetime) -> None:
    """Mail and messages that are due go out at this moment."""
    _work(now, notices.send_mails_due)
    _work(now, notices.send_messages_due)


def _work(now: datetime.datetime, work: Callable[[], Any]) -> None:
    with services.as_job():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('test.now', %s, false)", [now.isoformat()])
        work()


def _named(kind: str, record: uuid.UUID) -> str:
    """As Happened.name has it."""
    return f"{kind} of case {next(iter(told(str(record))))[1]}"
