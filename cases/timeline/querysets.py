"""The timeline of one case: all sources in one stream, newest first, a page in one statement."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from agencies.directory.models import Agency, User
from cases.timeline.sources import Line, Source, sources
from sharing.access.actors import Actor
from sharing.access.querysets import Write
from sharing.access.rows import Arguments, read_kept

if TYPE_CHECKING:
    from cases.supervision.models import Case

PAGE_SIZE = 25


class Place(NamedTuple):
    """Where a page ended: the moment, the source by its position, and the row's number."""

    at: datetime.datetime
    source: int
    number: int

    @property
    def position(self) -> list[Any]:
        """As a link carries it."""
        return [self.at.isoformat(), self.source, self.number]

    @classmethod
    def of(cls, position: list[Any] | None) -> Place | None:
        """From what a link carried."""
        return cls(datetime.datetime.fromisoformat(position[0]), *position[1:]) if position else None


class _Row(NamedTuple):
    """A row of any source: its place, who did it for which agency, and what the source tells of it."""

    at: datetime.datetime
    source: int
    number: int
    by: str
    agency: Agency | None
    told: list[Any]


_PART = """(
  SELECT {at} AS at, {source} AS source, t.id AS number, {by}::bigint AS by_id, {agency}::bigint AS agency_id,
         jsonb_build_array({told}) AS told
    FROM {rows}{after}
   ORDER BY 1 DESC, 3 DESC LIMIT {limit})"""
# Who did it is looked up for the rows that are shown, not in each part: a third of the tables to plan for.
_NEWEST = """
SELECT n.at, n.source, n.number, n.told::text, u.title, u.name, to_jsonb(a)::text FROM (
  SELECT p.* FROM ({parts}) p ORDER BY p.at DESC, p.source DESC, p.number DESC LIMIT {limit}) n
  LEFT JOIN agencies_user u ON u.id = n.by_id
  LEFT JOIN agencies_agency a ON a.id = n.agency_id
 ORDER BY n.at DESC, n.source DESC, n.number DESC"""


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """One page, newest first; `next` is None on the last one."""

    lines: list[Line] = field(default_factory=list)
    next: Place | None = None


def open_sources(case: Case) -> list[Source]:
    """The sources of which `case.opened` lets the reader see anything."""
    return [source for source in sources() if source.open_to(case.opened)]


def timeline_page(
    actor: Actor, case: Case, *, kind: str = "", after: Place | None = None, limit: int = PAGE_SIZE
) -> TimelinePage:
    """A page of what happened to a case that was opened by `open_one()`, of one kind or of every. One query."""
    shown = {number: source for number, source in enumerate(sources()) if source.open_to(case.opened)}
    write = Arguments()
    most = write("limit", limit + 1)
    parts = [
        _PART.format(
            at=source.at,
            source=number,
            by=source.by or "NULL",
            agency=source.agency or "NULL",
            told=", ".join(source.told.values()),
            rows=source.rows(actor, case, write),
            after=_after(source, number, after, write),
            limit=most,
        )
        for number, source in shown.items()
        if kind in ("", source.kind)
    ]
    if not parts:
        return TimelinePage()
    found = [_row(*row) for row in read_kept(_NEWEST.format(parts=" UNION ALL ".join(parts), limit=most), write.values)]
    lines = []
    for row in found[:limit]:
        source = shown[row.source]
        data = {**dict(zip(source.told, row.told, strict=True)), "by": row.by, "agency": row.agency}
        lines.append(Line(row.at, source.kind, source.label, source.entry(case, data)))
    last = found[limit - 1] if len(found) > limit else None
    return TimelinePage(lines, Place(last.at, last.source, last.number) if last else None)


def _after(source: Source, number: int, after: Place | None, write: Write) -> str:
    if after is None:
        return ""
    place = ", ".join(write(f"after {name}", value) for name, value in after._asdict().items())
    return f" AND ({source.at}, {number}, t.id) < ({place})"


def _row(at: datetime.datetime, source: int, number: int, told: str, title: str, name: str, agency: str | None) -> _Row:
    by = User(title=title, name=name).display if name else ""
    return _Row(at, source, number, by, Agency(**json.loads(agency)) if agency else None, json.loads(told))
