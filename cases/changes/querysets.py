"""What changed for an actor since a place in the log: what they gained, what changed, what they lost.

A system that keeps a copy walks its visible cases once (the copy) and then asks for changes. The walk and the log join
without a seam: the walk begins by noting where the log ends. What the log cannot tell row by row begins a new copy:
other units, roles or circles, and an agreement that ends, is suspended or resumes.
"""

from __future__ import annotations

import datetime
import hashlib
import uuid
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.db import connection

from agencies.directory.categories import Category
from agencies.directory.clock import database_now
from cases.supervision.models import Case
from cases.supervision.querysets import CaseFilter, Cursor
from sharing.access.actors import Actor

GAINED, CHANGED, LOST = "gained", "changed", "lost"
COPY, CHANGES = "copy", "changes"
KEPT_FOR = datetime.timedelta(days=30)


class Entry(NamedTuple):
    """One case and what became of it; `case` is None where the actor may not know of it now."""

    uuid: uuid.UUID
    change: str
    case: Case | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader of the feed stands.

    `who` is a digest of what the log cannot tell (see module); `xid` and `number` the place in the log, `until` and
    `grant` that among the grants that ended by the clock, `walked` where the copy stopped, None once it is whole.
    """

    epoch: str
    who: str
    xid: int
    number: int
    until: datetime.datetime
    grant: int
    walked: tuple[str, int] | None
    copying: bool

    @property
    def position(self) -> list[Any]:
        """As a cursor carries it."""
        return [
            self.epoch, self.who, self.xid, self.number, self.until.isoformat(), self.grant, self.walked, self.copying,
        ]  # fmt: skip

    @classmethod
    def at(cls, position: list[Any]) -> Place:
        """From what a cursor carried."""
        epoch, who, xid, number, until, grant, walked, copying = position
        moment = datetime.datetime.fromisoformat(until)
        return cls(epoch, who, xid, number, moment, grant, tuple(walked) if walked else None, copying)


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of the feed; `starts` where a new copy begins, `more` where the next page can be asked for at once."""

    phase: str
    starts: bool
    more: bool
    next: Place
    entries: list[Entry] = field(default_factory=list)


def change_page(actor: Actor, place: Place | None, limit: int) -> ChangePage:
    """The page of the feed after `place`, or the first of a new copy."""
    now = database_now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT change_epoch(), change_horizon()")
        epoch, horizon = cursor.fetchone()
    who = _who(actor)
    start = Place(epoch, who, horizon, 0, now, 0, None, copying=True)
    usable = (
        place is not None
        and (place.epoch, place.who) == (epoch, who)
        and place.xid <= horizon
        and place.until > now - KEPT_FOR
    )
    if place is None or not usable:
        return _copied(actor, start, limit, starts=True)
    if place.copying:
        return _copied(actor, place, limit)
    return _expired(actor, place, now, limit) or _logged(actor, place, now, limit)


def _copied(actor: Actor, place: Place, limit: int, *, starts: bool = False) -> ChangePage:
    after = Cursor(datetime.datetime.fromisoformat(place.walked[0]), place.walked[1]) if place.walked else None
    page = Case.objects.page(actor, CaseFilter(), after=after, limit=limit)
    walked = (page.next.value.isoformat(), page.next.case_id) if page.next else None
    following = replace(place, walked=walked, copying=walked is not None)
    entries = [Entry(case.uuid, GAINED, case) for case in page.cases]
    return ChangePage(COPY, starts, following.copying, following, entries)


def _expired(actor: Actor, place: Place, now: datetime.datetime, limit: int) -> ChangePage | None:
    """A page of what ended by the clock, None where nothing did: lost, or changed where another key opens it still."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM case_expired(%s, %s, %s, %s)", [place.until, place.grant, now, limit])
        found = cursor.fetchall()
    if not found:
        return None
    *_, until, grant = found[-1]
    cases = _visible(actor, [case_uuid for case_uuid, visible, *_ in found if visible])
    entries = [
        Entry(case_uuid, CHANGED if case_uuid in cases else LOST, cases.get(case_uuid))
        for case_uuid in dict.fromkeys(row[0] for row in found)
    ]
    return ChangePage(CHANGES, False, True, replace(place, until=until, grant=grant), entries)


def _logged(actor: Actor, place: Place, now: datetime.datetime, limit: int) -> ChangePage:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM case_changes(%s, %s, %s)", [place.xid, place.number, limit])
        rows = cursor.fetchall()
    cases = _visible(actor, [row[0] for row in rows if row[2]])
    entries = [
        Entry(case_uuid, (GAINED if gained else CHANGED) if seen else LOST, cases.get(case_uuid))
        for case_uuid, gained, seen, *_ in rows
        if case_uuid is not None and (not seen or case_uuid in cases)
    ]
    xid, number, more = rows[0][3:]
    return ChangePage(CHANGES, False, more, replace(place, xid=xid, number=number, until=now, grant=0), entries)


def _visible(actor: Actor, uuids: list[uuid.UUID]) -> dict[uuid.UUID, Case]:
    """The cases by UUID. No query for none."""
    return {case.uuid: case for case in Case.objects.visible_to(actor).filter(uuid__in=uuids)}


def _who(actor: Actor) -> str:
    """A digest of all that opens or shuts many cases at once without a row in the log."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT array_agg(a.id ORDER BY a.id) FROM sharing_agreement a
             WHERE (a.id = ANY (%(closed)s::int[]) OR a.ends_at <= access_now())
               AND (a.id IN (SELECT p.agreement_id FROM sharing_agreementparty p WHERE p.agency_id = %(agency)s)
                    OR a.id IN (SELECT c.agreement_id FROM sharing_circle c WHERE c.group_id = ANY (%(groups)s)))
            UNION ALL
            SELECT array_agg(g.id ORDER BY g.id) FROM sharing_grant g
             WHERE g.record_id IS NULL AND g.until <= access_now() AND g.group_id = ANY (%(groups)s)
            """,
            {
                "closed": list(actor.closed_agreements),
                "agency": actor.agency_id,
                "groups": actor.groups_for(Category.EXISTENCE),
            },
        )
        shut = cursor.fetchall()
    held = sorted((p.group_id, p.mask) for p in actor.principals if p.mask & Category.EXISTENCE)
    return hashlib.sha256(repr((held, shut)).encode()).hexdigest()[:16]


def forget_old() -> int:
    """Forget changes that no cursor may ask for any more; for the job role. Returns how many rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_forget_changes(%s)", [database_now() - KEPT_FOR - datetime.timedelta(days=1)])
        gone: int = cursor.fetchone()[0]
    return gone
