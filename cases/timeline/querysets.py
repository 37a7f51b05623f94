"""The timeline of one case: all sources in one stream, newest first, a page in one statement."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import F, Func, IntegerField, JSONField, Q, QuerySet, Value
from django.db.models.functions import Cast

from cases.timeline.sources import Entry, Line, Source, sources
from sharing.access.actors import Actor

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
    if not parts:
        return TimelinePage()
    found = list(_joined(parts)[: limit + 1])
    lines = [
        Line(at, shown[number].kind, shown[number].label, _entry(shown[number], case, told))
        for at, number, _, told in found[:limit]
    ]
    return TimelinePage(lines, Place(*found[limit - 1][:3]) if len(found) > limit else None)


def _entry(source: Source, case: Case, told: list[Any]) -> Entry:
    return source.entry(case, dict(zip(source.told, told, strict=True)))


def _rows(source: Source, number: int, rows: QuerySet[Any], after: Place | None) -> QuerySet[Any]:
    """A source's rows after a place, in the columns that all sources share."""
    if after is not None:
        before = Q(entry_at__lt=after.at)
        if number < after.source:
            before |= Q(entry_at=after.at)
        elif number == after.source:
            before |= Q(entry_at=after.at, pk__lt=after.number)
        rows = rows.filter(before)
    rows = rows.annotate(
        # A number among the arguments has no type of its own, and a union needs one.
        entry_source=Cast(Value(number), IntegerField()),
        entry_number=F("pk"),
        entry_told=Func(*source.told.values(), function="jsonb_build_array", output_field=JSONField()),
    )
    return rows.order_by("-entry_at", "-pk").values_list("entry_at", "entry_source", "entry_number", "entry_told")


def _joined(parts: Iterable[QuerySet[Any]]) -> QuerySet[Any]:
    first, *rest = parts
    if not rest:
        return first
    return first.union(*rest, all=True).order_by("-entry_at", "-entry_source", "-entry_number")
