"""What is in the viewer's inbox. Each item's record is read through the door anew: lost access shows at once."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from agencies.directory.models import User
from agencies.directory.querysets import administrations
from sharing.access.actors import Actor
from sharing.notices.models import Claim, Delivery, InboxItem, NoticePreference, NoticeTimes
from sharing.notices.registry import EventKind, Topic, kind_of, kinds, topics
from sharing.notices.subjects import GRANT, grants_seen, subject_of

PAGE_SIZE = 30
UNREAD_CAP = 99
FOLD_CAP = 50
# What the inbox can show besides one heading: what was put away, what nobody of the unit has taken on, what I have.
DONE, FREE, MINE = "done", "not-taken", "mine"


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


class Taken(NamedTuple):
    """Who of the unit has taken something on, and when."""

    user_id: int
    name: str
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class News:
    """One item with what the viewer may see of it. `record` is None once the viewer's access ended: show the stub.

    So it is where the news is of a grant that the viewer may not know of.
    """

    item: InboxItem
    kind: EventKind
    record: Any | None
    taken: Taken | None = None

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
    def name(self) -> str:
        """Whom or what it is about, for the reader's eye alone; empty once access ended."""
        subject = subject_of(self.item.event.record_type)
        return subject.naming(self.record) if self.record is not None else ""

    @property
    def is_about_record(self) -> bool:
        """Whether showing it is a read of a record."""
        return self.record is not None and subject_of(self.item.event.record_type).is_record

    @property
    def unread(self) -> bool:
        """Neither opened nor put away."""
        return self.item.read_at is None and self.item.done_at is None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A page of news, newest first, and where the next one begins, if there is one.

    `opened` is one item that was asked for beside the page, `folded` what the inbox shows as one with it.
    """

    news: list[News]
    next: Place | None
    opened: News | None = None
    folded: tuple[News, ...] = ()


class Unread(NamedTuple):
    """How many items are unread, counted up to a cap; as text "7" or "99+"."""

    number: int
    capped: bool

    def __str__(self) -> str:
        return f"{self.number}+" if self.capped else str(self.number)


def groups() -> list[str]:
    """The headings under which the inbox files news, in the order in which they were declared."""
    return list(dict.fromkeys(kind.group for kind in kinds()))


def inbox_page(
    actor: Actor, show: str = "", after: Place | None = None, size: int = PAGE_SIZE, opened: InboxItem | None = None
) -> InboxPage:
    """A page of the actor's inbox: all open items, those of one group, or DONE, FREE or MINE; and one opened beside it.

    Raises ValueError for a heading that does not exist. Costs one query, one for what is folded into the opened item,
    one for each category among all of them, and one where some tell of grants.
    """
    items = _with_events(own_items(actor)).filter(done_at__isnull=show != DONE)
    taken = Claim.objects.filter(event=OuterRef("event"), unit=OuterRef("unit"))
    if show in groups():
        items = items.filter(event__kind__in=[kind.kind for kind in kinds() if kind.group == show])
    elif show == FREE:
        items = items.filter(~Exists(taken), unit__isnull=False)
    elif show == MINE:
        items = items.filter(Exists(taken.filter(user=actor.user_id)))
    elif show not in ("", DONE):
        raise ValueError(show)
    if after:
        items = items.filter(Q(created_at__lt=after.created_at) | Q(created_at=after.created_at, pk__lt=after.pk))
    found = list(items.order_by("-created_at", "-pk")[: size + 1])
    shown = found[:size]
    following = Place(shown[-1].created_at, shown[-1].pk) if len(found) > size else None
    beside = [opened, *_folded_into(actor, opened)] if opened else []
    news = _with_records(actor, [*shown, *beside])
    page, others = news[: len(shown)], news[len(shown) :]
    return InboxPage(page, following, others[0] if opened else None, tuple(others[1:]))


def own_item(actor: Actor, item_uuid: uuid.UUID) -> InboxItem | None:
    """One item of the actor's inbox, or None where there is none of theirs."""
    return _with_events(own_items(actor)).filter(uuid=item_uuid).first()


def item_of(delivery: Delivery) -> InboxItem:
    """The item of which a mail or message tells. For the job role, who sees every inbox."""
    return InboxItem.objects.get(event_id=delivery.event_id, user_id=delivery.user_id, agency_id=delivery.agency_id)


def item_for(actor: Actor, item_uuid: uuid.UUID) -> News | None:
    """The same with what the actor may see of it."""
    item = own_item(actor, item_uuid)
    return _with_records(actor, [item])[0] if item else None


def still_seen(actor: Actor, item_uuid: uuid.UUID) -> bool:
    """Whether the actor may see now what one of their items is about."""
    news = item_for(actor, item_uuid)
    return news is not None and news.record is not None


def unread(actor: Actor) -> Unread:
    """How many items the actor has neither opened nor put away, up to UNREAD_CAP."""
    waiting = own_items(actor).filter(read_at__isnull=True, done_at__isnull=True)
    count = waiting[: UNREAD_CAP + 1].count()
    return Unread(min(count, UNREAD_CAP), count > UNREAD_CAP)


def own_items(actor: Actor) -> QuerySet[InboxItem]:
    """Everything in the inbox of the actor, for the agency they act for."""
    return InboxItem.objects.filter(user_id=actor.user_id, agency_id=actor.agency_id)


def folded_with(actor: Actor, item: InboxItem, zone: datetime.tzinfo) -> QuerySet[InboxItem]:
    """The actor's other items that the inbox shows as one with this: same thing, same title, same day, not later.

    Those still open, or, for an item that was put away, those put away in the same moment. The day is that of `zone`.
    """
    title = kind_of(item.event.kind).title
    day = timezone.localtime(item.created_at, zone).date()
    begins = datetime.datetime.combine(day, datetime.time(), tzinfo=zone)
    return own_items(actor).filter(
        event__record_id=item.event.record_id,
        event__kind__in=[kind.kind for kind in kinds() if kind.title == title],
        done_at=item.done_at,
        created_at__gte=begins,
        created_at__lte=item.created_at,
    ).exclude(pk=item.pk)  # fmt: skip


def _folded_into(actor: Actor, item: InboxItem) -> list[InboxItem]:
    found = _with_events(folded_with(actor, item, timezone.get_current_timezone())).order_by("-created_at", "-pk")
    return list(found[:FOLD_CAP])


@dataclass(frozen=True, slots=True)
class Choice:
    """How somebody is told of one topic."""

    topic: Topic
    inbox: bool
    mail: NoticePreference.Mail


def choices_of(actor: Actor) -> list[Choice]:
    """How the actor is told of each topic that may concern them; what is required, as it is required."""
    rows = {row.kind: row for row in NoticePreference.objects.filter(user_id=actor.user_id)}
    administers = administrations(actor.agency_id).filter(user_id=actor.user_id).exists()
    usual = NoticePreference()
    found = []
    for topic in topics():
        if not (administers or topic.is_about_records):
            continue
        row = usual if topic.required else rows.get(topic.code, usual)
        found.append(Choice(topic, row.inbox, NoticePreference.Mail(row.mail)))
    return found


def times_of(user_id: int) -> NoticeTimes:
    """Somebody's quiet hours and the time of their daily summary; the usual ones where they never chose."""
    return NoticeTimes.objects.filter(user_id=user_id).first() or NoticeTimes(user_id=user_id)


def _with_events(items: QuerySet[InboxItem]) -> QuerySet[InboxItem]:
    claims = Claim.objects.filter(event=OuterRef("event"), unit=OuterRef("unit"))
    taken = claims.values(said=JSONObject(user="user_id", title="user__title", name="user__name", at="at"))
    return items.select_related("event__actor", "event__actor_agency", "unit").annotate(taken=Subquery(taken))


def _with_records(actor: Actor, items: Sequence[InboxItem]) -> list[News]:
    wanted: dict[tuple[str, int], set[uuid.UUID]] = defaultdict(set)
    for item in items:
        wanted[item.event.record_type, kind_of(item.event.kind).category].add(item.event.record_id)
    grants = {item.event.object_id for item in items if item.event.object_type == GRANT}
    hidden = grants - grants_seen(grants) if grants else grants
    seen: dict[tuple[str, int, uuid.UUID], Any] = {}
    for (record_type, category), ids in wanted.items():
        for number, thing in subject_of(record_type).found(actor, category, ids).items():
            seen[record_type, category, number] = thing
    return [
        News(
            item,
            kind,
            seen.get((item.event.record_type, kind.category, item.event.record_id))
            if item.event.object_id not in hidden
            else None,
            _taken(item.taken),  # type: ignore[attr-defined]
        )
        for item in items
        for kind in [kind_of(item.event.kind)]
    ]


def _taken(said: dict[str, Any] | None) -> Taken | None:
    """From what the query says of the claim."""
    if said is None:
        return None
    name = User(title=said["title"], name=said["name"]).display
    return Taken(said["user"], name, datetime.datetime.fromisoformat(said["at"]))
