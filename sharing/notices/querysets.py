"""What is in the viewer's inbox. Each item's record is read through the door anew: lost access shows at once."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from sharing.access.actors import Actor
from sharing.access.registry import shareable_of
from sharing.notices.models import InboxItem
from sharing.notices.registry import EventKind, kind_of, kinds

PAGE_SIZE = 30
UNREAD_CAP = 99
DONE = "done"


class Place(NamedTuple):
    """Where a page ended: time and number of its last item."""

    created_at: datetime.datetime
    pk: int

    @property
    def position(self) -> list[Any]:
        """As a cursor carries it."""
        return [self.created_at.isoformat(), self.pk]

    @classmethod
    def at(cls, position: list[Any] | None) -> Place | None:
        """From what a cursor carried."""
        return cls(datetime.datetime.fromisoformat(position[0]), position[1]) if position else None


@dataclass(frozen=True, slots=True)
class News:
    """One item with what the viewer may see of it. `record` is None once the viewer's access ended: show the stub."""

    item: InboxItem
    kind: EventKind
    record: Any | None

    @property
    def title(self) -> str:
        """ "Plan changed"; the page adds the name from the record."""
        return self.kind.title

    @property
    def line(self) -> str:
        """ "Riverton PD changed a goal"."""
        agency = self.item.event.actor_agency
        return self.kind.line(agency.short_name if agency else "")

    @property
    def unread(self) -> bool:
        """Neither opened nor put away."""
        return self.item.read_at is None and self.item.done_at is None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A page of news, newest first, and where the next one begins, if there is one."""

    news: list[News]
    next: Place | None


class Unread(NamedTuple):
    """How many items are unread, counted up to a cap; as text "7" or "99+"."""

    number: int
    capped: bool

    def __str__(self) -> str:
        return f"{self.number}+" if self.capped else str(self.number)


def groups() -> list[str]:
    """The headings under which the inbox files news, in the order in which they were declared."""
    return list(dict.fromkeys(kind.group for kind in kinds()))


def inbox_page(actor: Actor, show: str = "", after: Place | None = None, size: int = PAGE_SIZE) -> InboxPage:
    """A page of the actor's inbox: all open items, those of one group, or those put away (DONE).

    Raises ValueError for a heading that does not exist. Costs one query, and one for each category among the items.
    """
    items = _with_events(own_items(actor)).filter(done_at__isnull=show != DONE)
    if show in groups():
        items = items.filter(event__kind__in=[kind.kind for kind in kinds() if kind.group == show])
    elif show not in ("", DONE):
        raise ValueError(show)
    if after:
        items = items.filter(Q(created_at__lt=after.created_at) | Q(created_at=after.created_at, pk__lt=after.pk))
    found = list(items.order_by("-created_at", "-pk")[: size + 1])
    shown = found[:size]
    following = Place(shown[-1].created_at, shown[-1].pk) if len(found) > size else None
    return InboxPage(_with_records(actor, shown), following)


def item_for(actor: Actor, item_uuid: uuid.UUID) -> News | None:
    """One item of the actor's inbox, or None where there is none of theirs."""
    item = _with_events(own_items(actor)).filter(uuid=item_uuid).first()
    return _with_records(actor, [item])[0] if item else None


def unread(actor: Actor) -> Unread:
    """How many items the actor has neither opened nor put away, up to UNREAD_CAP."""
    waiting = own_items(actor).filter(read_at__isnull=True, done_at__isnull=True)
    count = waiting[: UNREAD_CAP + 1].count()
    return Unread(min(count, UNREAD_CAP), count > UNREAD_CAP)


def own_items(actor: Actor) -> QuerySet[InboxItem]:
    """Everything in the inbox of the actor, for the agency they act for."""
    return InboxItem.objects.filter(user_id=actor.user_id, agency_id=actor.agency_id)


def _with_events(items: QuerySet[InboxItem]) -> QuerySet[InboxItem]:
    return items.select_related("event__actor", "event__actor_agency")


def _with_records(actor: Actor, items: Sequence[InboxItem]) -> list[News]:
    wanted: dict[tuple[str, int], set[uuid.UUID]] = defaultdict(set)
    for item in items:
        wanted[item.event.record_type, kind_of(item.event.kind).category].add(item.event.record_id)
    seen: dict[tuple[str, int, uuid.UUID], Any] = {}
    for (record_type, category), ids in wanted.items():
        shareable = shareable_of(record_type)
        records = shareable.records.permitted(actor, category).select_related(*shareable.related)
        for record in records.filter(uuid__in=ids):
            seen[record_type, category, record.uuid] = record
    return [
        News(item, kind, seen.get((item.event.record_type, kind.category, item.event.record_id)))
        for item in items
        for kind in [kind_of(item.event.kind)]
    ]
