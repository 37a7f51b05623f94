"""Reading: the list and its kin, with the first wall alone, with both walls, without any, and as guardian would."""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from guardian import shortcuts

from agencies.directory.categories import Category
from agencies.directory.models import FOREVER, User
from cases.supervision.bundles import BUNDLES
from cases.supervision.models import Case
from cases.supervision.querysets import COUNT_CAP, LATEST, PAGE_SIZE, REVIEW, CappedCount, CaseFilter, Cursor
from sharing.access.actors import Actor
from sharing.access.context import open_context
from sharing.access.rows import read_joined
from tests.bench import guardian
from tests.bench.database import World
from tests.bench.names import surnames
from tests.bench.personas import Persona

JOINED = ("person", "unit", "agency", "officer")
FILTERED = {"statuses": (1,), "risk_levels": (3,)}
SEARCHES = 20


@dataclass(frozen=True, slots=True)
class Asked(CaseFilter):
    """A filter that may also demand a category, as a list of treatment cases would."""

    wanted: Category = Category.EXISTENCE

    @property
    def category(self) -> Category:
        """What every case on the page must be open for."""
        return self.wanted | CaseFilter.category.fget(self)  # type: ignore[attr-defined]


class Viewer:
    """One persona in one world: the same questions asked in every way."""

    def __init__(self, world: World, persona: Persona) -> None:
        self.world = world
        self.persona = persona
        # The page functions answer the context's actor only. Outside row security it is opened once for the session, so
        # that the first wall can be measured by itself.
        self.outside = world.outside()
        with world.acting_as(self.outside):
            self.user = User.objects.get(pk=persona.user_id)
            with transaction.atomic():
                actor = open_context(self.user, persona.agency_id)
                _keep_context()
        assert actor is not None
        self.actor: Actor = actor

    def asked(self, **narrowed: Any) -> Asked:
        """The list's filter for this persona."""
        return Asked(wanted=self.persona.category, **narrowed)

    def as_owner(self, run: Callable[[Actor], Any]) -> Callable[[], Any]:
        """The question outside row security: the first wall alone."""

        def ask() -> Any:
            with self.world.acting_as(self.outside):
                return run(self.actor)

        return ask

    def with_context(self, run: Callable[[Actor], Any]) -> Callable[[], Any]:
        """The first wall as a request needs it: a transaction, the context, which says who asks, the question."""
        return self._as_a_request(self.outside, run)

    def behind_both(self, run: Callable[[Actor], Any]) -> Callable[[], Any]:
        """The question as a request asks it: a transaction, the context, the question, and the commit."""
        return self._as_a_request(self.world.app, run)

    def _as_a_request(self, connection: DatabaseWrapper, run: Callable[[Actor], Any]) -> Callable[[], Any]:
        def ask() -> Any:
            with self.world.acting_as(connection), transaction.atomic():
                actor = open_context(self.user, self.persona.agency_id)
                assert actor is not None
                return run(actor)

        return ask

    def page(self, after: Cursor | None = None, **narrowed: Any) -> Callable[[Actor], list[Case]]:
        """A page of the list."""
        asked = self.asked(**narrowed)
        return lambda actor: Case.objects.page(actor, asked, after=after).cases

    def count(self, **narrowed: Any) -> Callable[[Actor], CappedCount]:
        """The capped count."""
        asked = self.asked(**narrowed)
        return lambda actor: Case.objects.capped_count(actor, asked)

    def cursor_of_page(self, number: int, **narrowed: Any) -> Cursor | None:
        """Where the page before `number` ended, or as far as this viewer's list goes."""
        after: Cursor | None = None
        with self.world.acting_as(self.outside):
            for _ in range(number - 1):
                following = Case.objects.page(self.actor, self.asked(**narrowed), after=after).next
                if following is None:
                    break
                after = following
        return after

    def records(self) -> Callable[[Actor], list[Case]]:
        """The page's cases alone, without the tables that the list joins to them."""
        arguments = [self.actor.user_id, int(self.asked().category), 0, None, [], []]
        arguments += [PAGE_SIZE + 1, LATEST, FOREVER, datetime.date.min, 2**63 - 1]
        marks = ", ".join(f"${number}" for number in range(1, len(arguments) + 1))
        tail = f"FROM case_page({marks}) t JOIN cases_case c ON c.id = t.id ORDER BY c.updated_at DESC, c.id DESC"
        return lambda _: [row["c"] for row in read_joined({"c": Case}, tail, arguments)]

    def guardian(self, generic: bool, *, joined: bool = False) -> Callable[[], list[Case]]:
        """The page by guardian's own helper, on keys with real foreign keys or on its generic table."""
        wanted = [f"cases.{code}" for code in BUNDLES]

        def ask() -> list[Case]:
            with self.world.acting_as(self.world.owner), guardian.tables(generic):
                found = shortcuts.get_objects_for_user(
                    self.user, wanted, klass=Case, any_perm=True, with_superuser=False, accept_global_perms=False
                )
                found = found.order_by("-updated_at", "-id")
                return list((found.select_related(*JOINED) if joined else found)[: PAGE_SIZE + 1])

        return ask


def _keep_context() -> None:
    """Makes the transaction's context the session's."""
    with connection.cursor() as cursor:
        for name in ("user", "agency", "side", "groups", "masks", "closed"):
            cursor.execute("SELECT set_config(%s, current_setting(%s), false)", [f"access.{name}"] * 2)


def unfiltered(*, sort: str = "latest", after: Cursor | None = None, **narrowed: Any) -> list[Case]:
    """The same page through the ORM, for somebody who may see everything."""
    rows = Case.objects.select_related(*JOINED)
    if narrowed.get("statuses"):
        rows = rows.filter(status__in=narrowed["statuses"], risk_level__in=narrowed["risk_levels"])
    if sort == REVIEW:
        return list(rows.order_by("next_review", "id")[: PAGE_SIZE + 1])
    if after:
        rows = rows.extra(where=["(cases_case.updated_at, cases_case.id) < (%s, %s)"], params=list(after))
    return list(rows.order_by("-updated_at", "-id")[: PAGE_SIZE + 1])


def unfiltered_records() -> list[Case]:
    """The same page without what the list joins."""
    return list(Case.objects.order_by("-updated_at", "-id")[: PAGE_SIZE + 1])


def unfiltered_count() -> int:
    """The capped count of everything."""
    return Case.objects.all()[: COUNT_CAP + 1].count()


def detail(case_uuid: uuid.UUID) -> Callable[[Actor], Case]:
    """One case with what it shows on top, and all categories that are open."""
    return lambda actor: Case.objects.open_one(actor, case_uuid)


def by_primary_key(pk: int) -> Case:
    """One case with what it shows on top, read by its number."""
    return Case.objects.select_related(*JOINED).get(pk=pk)


def searches() -> list[list[str]]:
    """Surnames people search for: the commonest, middling, rare, misspelt, and some with a given name."""
    listed = surnames()
    rng = random.Random(3)
    words = [[name] for name in listed[:6]] + [[name] for name in rng.sample(listed[6:104], 5)]
    words += [[name] for name in rng.sample(listed[104:2000], 4)] + [["Rodrigez"], ["Jonson"]]
    return [*words, ["Maria", "Garcia"], ["James", "Smith"], ["Robert", "Brown"]]


def search(words: list[str]) -> Callable[[Actor], list[Case]]:
    """Name search."""
    return lambda actor: Case.objects.search(actor, words=words)


_SEARCH_ALL = """
SELECT c.id FROM (
  SELECT b.person_id, sum(b.best) AS score FROM (
    SELECT pt.person_id, t.i, max(t.score) AS best
      FROM unnest(%s) WITH ORDINALITY AS w(word, i)
     CROSS JOIN LATERAL (
       SELECT n.id, w.i, CASE WHEN n.token = w.word THEN 1.0 WHEN n.token LIKE w.word || '%%' THEN 0.9
                              ELSE similarity(n.token, w.word) * 0.8 END AS score
         FROM cases_nametoken n WHERE n.token = w.word OR n.token LIKE w.word || '%%' OR n.token %% w.word
        ORDER BY 3 DESC LIMIT 60) t
      JOIN cases_personnametoken pt ON pt.token_id = t.id
     GROUP BY 1, 2) b
   GROUP BY 1 HAVING count(*) = %s ORDER BY 2 DESC, 1 DESC) r
 CROSS JOIN LATERAL (SELECT x.id FROM cases_case x WHERE x.person_id = r.person_id ORDER BY x.id DESC) c
 LIMIT 25
"""


def search_everything(words: list[str]) -> list[Case]:
    """The same search over all cases, as a statement without a door."""
    lowered = [word.lower() for word in words]
    with connection.cursor() as cursor:
        cursor.execute("SET pg_trgm.similarity_threshold = 0.4")
        cursor.execute(_SEARCH_ALL, [lowered, len(lowered)])
        ids = [row[0] for row in cursor.fetchall()]
    return list(Case.objects.select_related(*JOINED).filter(pk__in=ids))
