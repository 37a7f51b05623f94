"""The case list: pages, counts and search over the key table, and the door for everything else.

The page's numbers come from one database function with a plan that is kept, so that a list costs what it would cost
without permissions. The rows are then read under row security like any other read.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.db import connection

from agencies.directory.categories import Category
from sharing.access.actors import Actor
from sharing.access.querysets import ShareableQuerySet
from sharing.access.rows import read_joined

if TYPE_CHECKING:
    from cases.supervision.models import Case

PAGE_SIZE = 25
COUNT_CAP = 1000
LATEST, REVIEW = "latest", "review"
MINE, UNIT, SHARED, ALL = "mine", "unit", "shared", "all"

_BEFORE_ALL = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)
_FIRST_DAY = datetime.date(1, 1, 1)
_NO_REVIEW = datetime.date(9999, 12, 31)
_MAX_ID = 2**63 - 1

_ROWS = """
  JOIN cases_case c ON c.id = t.id
  JOIN cases_person p ON p.id = c.person_id
  JOIN agencies_unit u ON u.group_id = c.unit_id
  JOIN agencies_agency a ON a.id = c.agency_id
  LEFT JOIN agencies_user o ON o.id = c.officer_id
"""


class Cursor(NamedTuple):
    """Where a page ended: the sort column's value and the case's number."""

    value: datetime.datetime | datetime.date
    case_id: int


class CappedCount(NamedTuple):
    """A count that stops: `exact` is false where there are more than it says."""

    number: int
    exact: bool


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list is narrowed and sorted by. Empty tuples mean no condition."""

    scope: str = ALL
    statuses: tuple[int, ...] = ()
    risk_levels: tuple[int, ...] = ()
    sort: str = LATEST

    @property
    def category(self) -> Category:
        """What the viewer must be allowed for: a filter by status tells the status."""
        return (
            Category.EXISTENCE | Category.SUPERVISION
            if self.statuses or self.risk_levels or self.sort == REVIEW
            else Category.EXISTENCE
        )


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases with person, unit, agency and officer read; `next` is None on the last."""

    cases: list[Case] = field(default_factory=list)
    next: Cursor | None = None


class CaseQuerySet(ShareableQuerySet["Case"]):
    """Supervision cases."""

    def page(
        self, actor: Actor, narrowed: CaseFilter, *, after: Cursor | None = None, limit: int = PAGE_SIZE
    ) -> CasePage:
        """One page of the cases the actor may know of, newest change first (or next review first)."""
        review = narrowed.sort == REVIEW
        arguments = [
            *_door_arguments(actor, narrowed),
            limit + 1,
            narrowed.sort,
            _BEFORE_ALL if review or after is None else after.value,
            after.value if review and after else _FIRST_DAY,
            after.case_id if after else (0 if review else _MAX_ID),
        ]
        order = "c.next_review NULLS LAST, c.id" if review else "c.updated_at DESC, c.id DESC"
        rows = _read(f"FROM case_page({_door_marks(arguments)}) t {_ROWS} WHERE true ORDER BY {order}", arguments)
        more = len(rows) > limit
        rows = rows[:limit]
        return CasePage(rows, _cursor(rows[-1], review) if more else None)

    def capped_count(self, actor: Actor, narrowed: CaseFilter) -> CappedCount:
        """How many cases the filter leaves, counted to COUNT_CAP at most."""
        arguments = [*_door_arguments(actor, narrowed), COUNT_CAP]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT number, exact FROM case_count({_door_marks(arguments)})", arguments)
            return CappedCount(*cursor.fetchone())

    def search(
        self, actor: Actor, *, words: list[str], birth_date: datetime.date | None = None, limit: int = PAGE_SIZE
    ) -> list[Case]:
        """Cases the actor may know of whose person's name, alias or number fits the words, best first.

        A misspelt word finds the names it resembles; a word with a digit is also tried as a number.
        """
        category = Category.EXISTENCE
        arguments = [
            actor.user_id,
            actor.groups_for(category),
            list(actor.closed_agreements),
            int(category),
            words,
            birth_date,
            limit,
        ]
        return _read(f"FROM case_search({_door_marks(arguments)}) t {_ROWS} ORDER BY t.rank", arguments)


def _door_arguments(actor: Actor, narrowed: CaseFilter) -> list[Any]:
    category = narrowed.category
    must = category | Category.MANAGE if narrowed.scope == UNIT else category
    must_not = Category.MANAGE if narrowed.scope == SHARED else Category(0)
    return [
        actor.user_id,
        actor.groups_for(category),
        list(actor.closed_agreements),
        int(must),
        int(must_not),
        actor.user_id if narrowed.scope == MINE else None,
        list(narrowed.statuses),
        list(narrowed.risk_levels),
    ]


def _door_marks(arguments: list[Any]) -> str:
    return ", ".join("%s::int[]" if argument == [] else "%s" for argument in arguments)


def _read(tail: str, arguments: list[Any]) -> list[Case]:
    case, person, unit, agency, user = (
        apps.get_model(label)
        for label in ("cases.Case", "cases.Person", "agencies.Unit", "agencies.Agency", "agencies.User")
    )
    rows = read_joined({"c": case, "p": person, "u": unit, "a": agency, "o": user}, tail, arguments)
    cases = []
    for row in rows:
        found = row["c"]
        found.person, found.unit, found.agency, found.officer = row["p"], row["u"], row["a"], row["o"]
        found.unit.agency = found.agency
        cases.append(found)
    return cases


def _cursor(case: Case, review: bool) -> Cursor:
    return Cursor((case.next_review or _NO_REVIEW) if review else case.updated_at, case.pk)
