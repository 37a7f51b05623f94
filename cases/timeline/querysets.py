"""The timeline of one case: all sources in one stream, newest first, a page in one statement."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, F, Func, IntegerField, JSONField, Q, QuerySet, Value
from django.db.models.functions import Cast

from agencies.directory.models import Agency, User
from cases.timeline.sources import Line, Source, sources
from sharing.access.actors import Actor
from sharing.access.rows import written

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


# Who did it is looked up for the rows that are shown, not in each part: a third of the tables to plan for.
_NEWEST = """
SELECT n.at, n.source, n.number, n.told::text, u.title, u.name, to_jsonb(a)::text FROM (
  SELECT p.* FROM ({parts}) AS p (at, source, number, by_id, agency_id, told)
   ORDER BY p.at DESC, p.source DESC, p.number DESC LIMIT %s) n
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
    parts = [
        _rows(source, number, source.rows(actor, case), after)[: limit + 1]
        for number, source in shown.items()
        if kind in ("", source.kind)
    ]
    found = _newest(parts, limit + 1)
    lines = []
    for row in found[:limit]:
        source = shown[row.source]
        data = {**dict(zip(source.told, row.told, strict=True)), "by": row.by, "agency": row.agency}
        lines.append(Line(row.at, source.kind, source.label, source.entry(case, data)))
    last = found[limit - 1] if len(found) > limit else None
    return TimelinePage(lines, Place(last.at, last.source, last.number) if last else None)


def _rows(source: Source, number: int, rows: QuerySet[Any], after: Place | None) -> QuerySet[Any]:
    """A source's rows after a place, in the columns that _NEWEST joins."""
    if after is not None:
        before = Q(entry_at__lt=after.at)
        if number < after.source:
            before |= Q(entry_at=after.at)
        elif number == after.source:
            before |= Q(entry_at=after.at, pk__lt=after.number)
        rows = rows.filter(before)
    # A value among the arguments has no type of its own, and a union needs one.
    nobody = Cast(Value(None), BigIntegerField())
    return rows.order_by("-entry_at", "-pk").values_list(
        "entry_at",
        Cast(Value(number), IntegerField()),
        F("pk"),
        F(source.by) if source.by else nobody,
        F(source.agency) if source.agency else nobody,
        Func(*source.told.values(), function="jsonb_build_array", output_field=JSONField()),
    )


def _newest(parts: Iterable[QuerySet[Any]], limit: int) -> list[_Row]:
    """The newest rows of all parts. Django's own union would write each part down twice."""
    texts: list[str] = []
    arguments: list[Any] = []
    for part in parts:
        statement = written(part)
        if statement is not None:
            texts.append(f"({statement[0]})")
            arguments += statement[1]
    if not texts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST.format(parts=" UNION ALL ".join(texts)), [*arguments, limit])
        return [_row(*columns) for columns in cursor.fetchall()]


def _row(at: datetime.datetime, source: int, number: int, told: str, title: str, name: str, agency: str | None) -> _Row:
    by = User(title=title, name=name).display if name else ""
    return _Row(at, source, number, by, Agency(**json.loads(agency)) if agency else None, json.loads(told))
