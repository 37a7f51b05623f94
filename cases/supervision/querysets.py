"""Cases: pages, counts and search over the key table, the door for everything else, and what a case has.

The page's numbers come from one database function with a plan that is kept, so that a list costs what it would cost
without permissions. The rows are then read under row security like any other read.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.db import connection
from django.db.models import Case as Choice
from django.db.models import F, Model, Q, QuerySet, When
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from agencies.directory.querysets import members_of
from cases.supervision.codes import OPEN_STATUSES, Enforcer
from sharing.access.actors import Actor
from sharing.access.errors import NotVisible
from sharing.access.querysets import ShareableQuerySet
from sharing.access.rows import read_joined, read_kept

if TYPE_CHECKING:
    from agencies.directory.models import User
    from cases.people.models import Address
    from cases.supervision.models import Case, Caution, Condition

PAGE_SIZE = 25
COUNT_CAP = 1000
LATEST, REVIEW = "latest", "review"
MINE, UNIT, SHARED, ALL = "mine", "unit", "shared", "all"

_BEFORE_ALL = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)
_FIRST_DAY = datetime.date(1, 1, 1)
_NO_REVIEW = datetime.date(9999, 12, 31)
_MAX_ID = 2**63 - 1

# What the actor may use of the case, over all keys. What it needs to know of the actor is looked up once a statement.
_OPENED = (
    "case_mask(c.id, (SELECT case_excluded()), (SELECT access_groups(1)), (SELECT access_masks(1)),"
    " (SELECT access_closed()), 1)"
)

_ROWS = """
  JOIN cases_case c ON c.id = t.id
  JOIN cases_person p ON p.id = c.person_id
  JOIN agencies_unit u ON u.group_id = c.unit_id
  JOIN agencies_agency a ON a.id = c.agency_id
  LEFT JOIN agencies_user o ON o.id = c.officer_id
"""

# Name of a kind of part → model, the field that leads to the case or the person, category, order.
_PARTS: tuple[tuple[str, str, str, Category, tuple[str, ...]], ...] = (
    ("aliases", "cases.Alias", "person_id", Category.SUPERVISION, ("pk",)),
    ("identifiers", "cases.Identifier", "person_id", Category.SUPERVISION, ("kind",)),
    ("addresses", "cases.Address", "person_id", Category.LOCATION, ("pk",)),
    ("cautions", "cases.Caution", "case_id", Category.CAUTIONS, ("rank", "-set_on", "pk")),
    ("conditions", "cases.Condition", "case_id", Category.CONDITIONS, ("pk",)),
    ("assessments", "cases.RiskAssessment", "case_id", Category.ASSESSMENT, ("-assessed_on", "pk")),
)


class Cursor(NamedTuple):
    """Where a page ended: the sort column's value and the case's number."""

    value: datetime.datetime | datetime.date
    case_id: int

    @property
    def position(self) -> list[Any]:
        """As a link carries it."""
        return [self.value.isoformat(), self.case_id]

    @classmethod
    def at(cls, position: list[Any] | None, sort: str) -> Cursor | None:
        """From what a link carried for a list in this order."""
        kind = datetime.date if sort == REVIEW else datetime.datetime
        return cls(kind.fromisoformat(position[0]), position[1]) if position else None


class CappedCount(NamedTuple):
    """A count that stops: `exact` is false where there are more than it says. As text: 412, or 1,000+."""

    number: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.number:,}{'' if self.exact else '+'}"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list is narrowed and sorted by. Empty tuples mean no condition."""

    scope: str = ALL
    statuses: tuple[int, ...] = ()
    risk_levels: tuple[int, ...] = ()
    sort: str = LATEST
    officer: int | None = None  # of record; says nothing besides the scope MINE, which is one's own

    @property
    def category(self) -> Category:
        """What the viewer must be allowed for: a filter by status tells the status, one by officer the officer."""
        return (
            Category.EXISTENCE | Category.SUPERVISION
            if self.statuses or self.risk_levels or self.officer is not None or self.sort == REVIEW
            else Category.EXISTENCE
        )


OWN_OPEN_BY_REVIEW = CaseFilter(scope=UNIT, statuses=OPEN_STATUSES, sort=REVIEW)
"""The open cases of one's own units, the oldest review first."""


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases with person, unit, agency and officer read, and in `case.opened` what the actor may use.

    `next` is None on the last page; `count` is how many the filter leaves, where that was asked.
    """

    cases: list[Case] = field(default_factory=list)
    next: Cursor | None = None
    count: CappedCount | None = None


class CaseQuerySet(ShareableQuerySet["Case"]):
    """Supervision cases."""

    def page(
        self,
        actor: Actor,
        narrowed: CaseFilter,
        *,
        after: Cursor | None = None,
        limit: int = PAGE_SIZE,
        full: bool = False,
    ) -> CasePage:
        """One page of the cases the actor may know of, newest change first (or next review first).

        `full` adds, in the same statement, the count and to each case what the actor may use of it (`case.opened`).
        """
        review = narrowed.sort == REVIEW
        door = _door_arguments(actor, narrowed)
        arguments = [*door, *_place_arguments(narrowed.sort, after, limit + 1)]
        order = "c.next_review NULLS LAST, c.id" if review else "c.updated_at DESC, c.id DESC"
        page = f"case_page({_marks(len(arguments))}) t {_ROWS}"
        if full:
            # The count comes with an empty page too, hence the outer join.
            counting = f"case_count({_marks(len(door))}, {COUNT_CAP})"
            rows, count = _read_counted(f"FROM {counting} n LEFT JOIN ({page}) ON true ORDER BY {order}", arguments)
        else:
            rows, count = _read(f"FROM {page} ORDER BY {order}", arguments), None
        more = len(rows) > limit
        rows = rows[:limit]
        return CasePage(rows, _cursor(rows[-1], review) if more else None, count)

    def open_one(self, actor: Actor, case_uuid: uuid.UUID) -> Case:
        """The case with person, unit, agency, officer, and in `case.opened` what the actor may use. Or NotVisible."""
        tail = f"FROM (SELECT id FROM cases_case WHERE uuid = $1) t {_ROWS} WHERE access_user() = $2"
        found = _read(tail, [case_uuid, actor.user_id], {"opened": _OPENED})
        if not found or not found[0].opened:
            raise NotVisible
        return found[0]

    def listed(self, actor: Actor, case_uuids: Iterable[uuid.UUID], category: int = Category.EXISTENCE) -> list[Case]:
        """Those of the named cases of which the actor may use `category` now, in the order named. One query.

        As in `page(full=True)`, with `case.opened`.
        """
        named = "unnest($1::uuid[]) WITH ORDINALITY AS n(uuid, place)"
        return _read_placed(actor, named, f"{{{','.join(map(str, case_uuids))}}}", category)

    def of_people(self, actor: Actor, person_ids: list[int]) -> list[Case]:
        """Every case of these people that the actor may know of, in the order made, with `case.opened`. Two queries."""
        seen = self.visible_to(actor).filter(person_id__in=person_ids).order_by("pk")
        return self.listed(actor, list(seen.values_list("uuid", flat=True)))

    def recent(self, actor: Actor, *, limit: int = PAGE_SIZE) -> list[Case]:
        """The cases that the actor opened last, by the trail, and may know of now: last opened first. One query."""
        return _read_placed(actor, "case_recent($1) AS n", limit, Category.EXISTENCE)

    def capped_count(self, actor: Actor, narrowed: CaseFilter) -> CappedCount:
        """How many cases the filter leaves, counted to COUNT_CAP at most."""
        arguments = [*_door_arguments(actor, narrowed), COUNT_CAP]
        with connection.cursor() as cursor:
            marks = ", ".join("%s::int[]" if argument == [] else "%s" for argument in arguments)
            cursor.execute(f"SELECT number, exact FROM case_count({marks})", arguments)
            return CappedCount(*cursor.fetchone())

    def reviews_until(self, actor: Actor, last: datetime.date) -> tuple[CappedCount, CappedCount]:
        """How many reviews of the own units' open cases are overdue, and how many are due from today to `last`.

        Counted over the first COUNT_CAP rows of the list OWN_OPEN_BY_REVIEW, by the list's own function: what is
        overdue stands first in it, and who follows the figure finds what it says. One query.
        """
        arguments = [
            *_door_arguments(actor, OWN_OPEN_BY_REVIEW),
            *_place_arguments(REVIEW, None, COUNT_CAP + 1),
            timezone.localdate(),
            last,
        ]
        *page, today, until = _marks(len(arguments)).split(", ")
        listed = f"FROM case_page({', '.join(page)}) t JOIN cases_case c ON c.id = t.id"
        overdue = f"count(*) FILTER (WHERE c.next_review < {today})"
        both = f"count(*) FILTER (WHERE c.next_review <= {until})"
        ((late, by_then),) = read_kept(f"SELECT {overdue}, {both} {listed}", arguments)
        all_counted = by_then <= COUNT_CAP
        return CappedCount(min(late, COUNT_CAP), late <= COUNT_CAP), CappedCount(by_then - late, all_counted)

    def search(
        self,
        actor: Actor,
        *,
        words: list[str],
        birth_date: datetime.date | None = None,
        limit: int = PAGE_SIZE,
        full: bool = False,
    ) -> list[Case]:
        """Cases the actor may know of whose person's name, alias or number fits the words, best first.

        A misspelt word finds the names it resembles; a word with a digit is also tried as a number. A birth date is
        asked only of cases of which the actor may know more than name and contact. `full` as in page().
        """
        category = Category.EXISTENCE | (Category.SUPERVISION if birth_date else NOTHING)
        tail = f"FROM case_search({_marks(5)}) t {_ROWS} ORDER BY t.rank"
        arguments = [actor.user_id, int(category), words, birth_date, limit]
        return _read(tail, arguments, {"opened": _OPENED} if full else None)


def officers_to_list(actor: Actor) -> QuerySet[User]:
    """Who works cases in the actor's own units now, by name: by them a list of those units' cases is narrowed."""
    own = actor.groups_for(Category.EXISTENCE | Category.SUPERVISION)
    units = apps.get_model("agencies.Unit").objects.filter(agency_id=actor.agency_id)
    # The agency's root unit holds a key to every case of the agency.
    units = units.filter(Q(pk__in=own) | Q(agency__units__in=own, agency__units__is_root=True))
    return members_of(units.order_by().values("pk"), having=Category.SHARE)


def officer_to_list(actor: Actor, user_id: int) -> User | None:
    """One of officers_to_list(), or whom a case of the agency that the actor sees names still; else None."""
    found: User | None = officers_to_list(actor).filter(pk=user_id).first()
    if found is None:
        cases = apps.get_model("cases.Case").objects.permitted(actor, Category.EXISTENCE | Category.SUPERVISION)
        named = cases.filter(agency_id=actor.agency_id, officer_id=user_id).select_related("officer").first()
        found = named.officer if named else None
    return found


def parts_of(actor: Actor, case: Case) -> dict[str, Any]:
    """The parts of a case that was opened by `open_one()`: name → rows, and `plan` → the open plan or None.

    One query a kind of part; what the case's mask does not open is not asked for and left out.
    """
    found: dict[str, Any] = {}
    for name, label, link, category, order in _PARTS:
        if category in case.opened:
            rows = apps.get_model(label).objects.permitted(actor)
            found[name] = list(rows.filter(**{link: case.pk if link == "case_id" else case.person_id}).order_by(*order))
    if Category.PLAN_VIEW in case.opened:
        plan = apps.get_model("cases.Plan").objects.permitted(actor).filter(case=case).exclude(status="closed").first()
        if plan is not None:
            plan.case = case
        found["plan"] = plan
    return found


def cautions_of(actor: Actor, cases: list[Case]) -> dict[int, list[Caution]]:
    """The cautions in force that the actor may see on these cases, worst first: case number → cautions. One query."""
    found: dict[int, list[Caution]] = {}
    for caution in cautions_in_force(actor, cases):
        found.setdefault(caution.case_id, []).append(caution)
    return found


def cautions_in_force(actor: Actor, cases: list[Case]) -> QuerySet[Caution]:
    """The cautions in force that the actor may see on these cases, worst first."""
    rows = apps.get_model("cases.Caution").objects.permitted(actor).filter(case_id__in=[c.pk for c in cases])
    standing = rows.filter(Q(ended_on=None) | Q(ended_on__gt=timezone.localdate()))
    return standing.order_by("case_id", "rank", "-set_on", "pk")


def conditions_in_force(actor: Actor, case: Case) -> QuerySet[Condition]:
    """The conditions that bind today, those on which police may act first: of a closed case none."""
    if not case.is_open:
        return conditions_of(actor, case).none()
    today = timezone.localdate()
    binding = (Q(starts_on=None) | Q(starts_on__lte=today)) & (Q(ends_on=None) | Q(ends_on__gte=today))
    return conditions_of(actor, case).filter(binding)


def conditions_of(actor: Actor, case: Case) -> QuerySet[Condition]:
    """All conditions of a case that the actor may see, past and to come too; those on which police may act first."""
    rows = apps.get_model("cases.Condition").objects.permitted(actor).filter(case=case)
    return rows.order_by(Choice(When(enforcer=Enforcer.SUPERVISION, then=1), default=0), "kind", "pk")


def home_of(actor: Actor, case: Case) -> QuerySet[Address]:
    """Where the person lives, as last confirmed: one row or none."""
    rows = apps.get_model("cases.Address").objects.permitted(actor).filter(person_id=case.person_id, ended_on=None)
    return rows.filter(kind="residence").order_by(F("confirmed_on").desc(nulls_last=True), "-pk")[:1]


def _door_arguments(actor: Actor, narrowed: CaseFilter) -> list[Any]:
    category = narrowed.category
    must = category | Category.MANAGE if narrowed.scope == UNIT else category
    must_not = Category.MANAGE if narrowed.scope == SHARED else NOTHING
    return [
        actor.user_id,
        int(must),
        int(must_not),
        actor.user_id if narrowed.scope == MINE else narrowed.officer,
        list(narrowed.statuses),
        list(narrowed.risk_levels),
    ]


def _place_arguments(sort: str, after: Cursor | None, rows: int) -> list[Any]:
    """How many rows of a list in this order, and from where."""
    review = sort == REVIEW
    return [
        rows,
        sort,
        _BEFORE_ALL if review or after is None else after.value,
        after.value if review and after else _FIRST_DAY,
        after.case_id if after else (0 if review else _MAX_ID),
    ]


def _marks(number: int) -> str:
    return ", ".join(f"${place}" for place in range(1, number + 1))


def _read(tail: str, arguments: list[Any], values: dict[str, str] | None = None) -> list[Case]:
    return [_case_of(row) for row in read_joined(_tables(), tail, arguments, values)]


def _read_placed(actor: Actor, named: str, argument: Any, category: int) -> list[Case]:
    """Cases by the places that `named` gives to their UUIDs."""
    placed = f"(SELECT c.id, n.place FROM {named} JOIN cases_case c ON c.uuid = n.uuid) t"
    tail = f"FROM {placed} {_ROWS} WHERE {_OPENED} & $2 = $2 AND access_user() = $3 ORDER BY t.place"
    return _read(tail, [argument, int(category), actor.user_id], {"opened": _OPENED})


def _read_counted(tail: str, arguments: list[Any]) -> tuple[list[Case], CappedCount]:
    values = {"opened": _OPENED, "number": "n.number", "exact": "n.exact"}
    rows = read_joined(_tables(), tail, arguments, values)
    return [_case_of(row) for row in rows if row["c"]], CappedCount(rows[0]["number"], rows[0]["exact"])


def _tables() -> dict[str, type[Model]]:
    labels = {
        "c": "cases.Case",
        "p": "cases.Person",
        "u": "agencies.Unit",
        "a": "agencies.Agency",
        "o": "agencies.User",
    }
    return {alias: apps.get_model(label) for alias, label in labels.items()}


def _case_of(row: dict[str, Any]) -> Case:
    found: Case = row["c"]
    found.person, found.unit, found.agency, found.officer = row["p"], row["u"], row["a"], row["o"]
    found.unit.agency = found.agency
    found.opened = Category(row.get("opened") or 0)
    return found


def _cursor(case: Case, review: bool) -> Cursor:
    return Cursor((case.next_review or _NO_REVIEW) if review else case.updated_at, case.pk)
