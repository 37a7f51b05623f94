"""What the timeline of a case is made of. Features add their source at start-up; the timeline knows none of them.

A source says which rows of a table stand in it, each under a moment and read through the door. The timeline joins all
of them into one statement, which connections keep, so that one more source costs no further query. To add one, call
`add_source()` at start-up:

    add_source(
        Source("document", "documents", "Documents", Category.DOCUMENTS, of_case(Document), "t.created_at",
               {"title": "t.title"}, entry, by="t.added_by_id")
    )

Whatever is written in SQL names the table `t`. `told` holds what `entry(case, data)` needs to say it, by the names
under which `data` holds it. `by` and `agency` are the numbers of who did it, of which `data` holds the person's name
and the Agency.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import models

from agencies.directory.categories import NOTHING, Category
from agencies.directory.dates import local_day
from agencies.directory.models import Agency
from sharing.access.actors import Actor
from sharing.access.querysets import Write, seen_in

if TYPE_CHECKING:
    from cases.supervision.models import Case


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline: what happened, who says so, and where to read more.

    `text` may be long, the page folds it. `audience` and `audience_label` are those of the part, where it has one.
    `tag` names an exception ("Withdrawn"). `page` and `resource` are where the thing is on a page and in the API.
    """

    title: str
    text: str = ""
    where: str = ""
    by: str = ""
    agency: Agency | None = None
    audience: int = 0
    audience_label: str = ""
    tag: str = ""
    page: str = ""
    page_label: str = ""
    resource: str = ""
    timed: bool = True  # false where only the day is known: nothing invents an hour


Rows = Callable[[Actor, "Case", Write], str]


def of_case(
    model: type[models.Model],
    *,
    where: str = "",
    joins: str = "",
    with_parts: Mapping[str, type[models.Model]] | None = None,
) -> Rows:
    """The rows of a case's parts of this model that the actor may see, joined to others if they may see those too.

    `with_parts` are parts that `joins` reads under these names.
    """

    def rows(actor: Actor, case: Case, write: Write) -> str:
        conditions = [f"t.case_id = {write('case', case.pk)}", where, seen_in(model, "t", actor, write)]
        conditions += [seen_in(part, name, actor, write) for name, part in (with_parts or {}).items()]
        return f"{model._meta.db_table} t {joins} WHERE {' AND '.join(filter(None, conditions))}"

    return rows


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of thing that happens to a case.

    `kind` and `label` are the filter under which its entries fall; several sources may share one. The case's `category`
    opens it; `also` are categories that open some of it, such as what one wrote oneself. `rows` writes what follows
    FROM, conditions and all, and `at` is the moment under which a row stands.
    """

    code: str
    kind: str
    label: str
    category: Category
    rows: Rows
    at: str
    told: Mapping[str, str]
    entry: Callable[[Case, Mapping[str, Any]], Entry]
    by: str = ""
    agency: str = ""
    also: Category = NOTHING

    def open_to(self, opened: Category) -> bool:
        """Whether somebody for whom the case opens these categories may ask for it."""
        return bool(opened & (self.category | self.also))


class Line(NamedTuple):
    """An entry at its place in the stream."""

    at: datetime.datetime
    kind: str
    label: str
    entry: Entry


_sources: dict[str, Source] = {}


def add_source(source: Source) -> None:
    """Let a feature's rows stand in the timeline. Called once per source, at start-up."""
    _sources[source.code] = source


def sources() -> list[Source]:
    """Every source, in the order in which they were added."""
    return list(_sources.values())


def by_day(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The lines under their days, in the current time zone."""
    groups = itertools.groupby(lines, key=lambda line: local_day(line.at))
    return [{"day": day, "lines": list(group)} for day, group in groups]
