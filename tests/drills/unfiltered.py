"""The web server with its first wall taken out: `permitted()` lets everything through, lists are plain ORM.

What is left is the database. `listed()` and `recent()` read the named cases without asking what they are open for, and
the keys that say which fields may be printed are all those that row security shows, instead of `open_keys()`. What
stays are functions of the database's own, which ask for themselves: case_recent, case_changes, case_expired.
Run by test_first_wall.py with gunicorn; nothing else imports it.
"""

from __future__ import annotations

from typing import Any

from portal.wsgi import application  # first: it loads the apps that the rest imports

# isort: split
from django.db import connections
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from agencies.directory.categories import NOTHING
from cases.supervision import querysets
from cases.supervision.querysets import COUNT_CAP, MINE, REVIEW, SHARED, UNIT, CappedCount, CasePage, CaseQuerySet
from sharing.access import explain
from sharing.access.actors import Actor
from sharing.access.errors import NotVisible
from sharing.access.explain import opened_masks
from sharing.access.querysets import PartQuerySet, ShareableQuerySet

# Row security as the only filter reads every row: slower than a request may be.
connections.settings["default"]["OPTIONS"]["options"] += " -c statement_timeout=0"

JOINED = ("person", "unit__agency", "agency", "officer")


def everything(rows: Any, actor: Actor, category: Any = None) -> Any:
    """All rows, for anybody who says who they are."""
    assert isinstance(actor, Actor)
    return rows.all()


def shown_keys(shareable: Any, actor: Actor, category: int) -> Any:
    """All keys that the database shows, whatever they open: which fields are printed follows from these."""
    assert isinstance(actor, Actor)
    return shareable.key_model._default_manager.all()


def narrowed_rows(rows: Any, actor: Actor, narrowed: Any) -> Any:
    """The rows that the filter leaves, of all."""
    rows = rows.all()
    if narrowed.statuses:
        rows = rows.filter(status__in=narrowed.statuses)
    if narrowed.risk_levels:
        rows = rows.filter(risk_level__in=narrowed.risk_levels)
    own = Q(agency_id=actor.agency_id)
    if narrowed.scope == MINE:
        rows = rows.filter(officer_id=actor.user_id)
    elif narrowed.scope == UNIT:
        rows = rows.filter(own)
    elif narrowed.scope == SHARED:
        rows = rows.exclude(own)
    return rows


def with_masks(actor: Actor, cases: list[Any]) -> list[Any]:
    """The cases with what the pages need to know of each: which fields they may print."""
    masks = opened_masks(actor, cases)
    for case in cases:
        case.opened = masks.get(case.pk, NOTHING)
    return cases


def page(rows: Any, actor: Actor, narrowed: Any, *, after: Any = None, limit: int = 25, full: bool = False) -> CasePage:
    """One page by keyset, without any filter of the door."""
    found = narrowed_rows(rows, actor, narrowed).annotate(by=Coalesce("next_review", querysets._NO_REVIEW))
    if narrowed.sort == REVIEW:
        found = found.order_by("by", "pk")
        if after:
            found = found.filter(Q(by__gt=after.value) | Q(by=after.value, pk__gt=after.case_id))
    else:
        found = found.order_by(F("updated_at").desc(), F("pk").desc())
        if after:
            found = found.filter(Q(updated_at__lt=after.value) | Q(updated_at=after.value, pk__lt=after.case_id))
    # Numbers first: joined to people, row security would judge each of them before the page is cut.
    order = list(found.values_list("pk", flat=True)[: limit + 1])
    read = {case.pk: case for case in rows.all().select_related(*JOINED).filter(pk__in=order)}
    cases = with_masks(actor, [read[number] for number in order])
    following = querysets._cursor(cases[limit - 1], narrowed.sort == REVIEW) if len(cases) > limit else None
    return CasePage(cases[:limit], following, capped_count(rows, actor, narrowed) if full else None)


def listed(rows: Any, actor: Actor, case_uuids: Any, category: Any = None) -> list[Any]:
    """The named cases in the order named, whoever asks and whatever for."""
    order = list(case_uuids)
    read = {case.uuid: case for case in rows.all().select_related(*JOINED).filter(uuid__in=order)}
    return with_masks(actor, [read[named] for named in order if named in read])


def recent(rows: Any, actor: Actor, *, limit: int = querysets.PAGE_SIZE) -> list[Any]:
    """The cases that the actor opened last by the trail, whether or not they may know of them now."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT uuid FROM case_recent(%s) ORDER BY place", [limit])
        return listed(rows, actor, [row[0] for row in cursor.fetchall()])


def capped_count(rows: Any, actor: Actor, narrowed: Any) -> CappedCount:
    """A plain count, capped."""
    number = narrowed_rows(rows, actor, narrowed).count()
    return CappedCount(min(number, COUNT_CAP), number <= COUNT_CAP)


def open_one(rows: Any, actor: Actor, case_uuid: Any) -> Any:
    """The case by its UUID, whoever asks."""
    case = rows.all().select_related(*JOINED).filter(uuid=case_uuid).first()
    if case is None:
        raise NotVisible
    return with_masks(actor, [case])[0]


def search(
    rows: Any, actor: Actor, *, words: list[str], birth_date: Any = None, limit: int = 25, full: bool = False
) -> list[Any]:
    """Every case whose person's family name is one of the words."""
    wanted = Q()
    for word in words:
        wanted |= Q(person__family_name__iexact=word)
    return with_masks(actor, list(rows.all().select_related(*JOINED).filter(wanted).order_by("pk")[:limit]))


explain.open_keys = shown_keys
ShareableQuerySet.permitted = everything  # type: ignore[method-assign]
PartQuerySet.permitted = everything  # type: ignore[method-assign]
CaseQuerySet.page = page  # type: ignore[method-assign]
CaseQuerySet.capped_count = capped_count  # type: ignore[method-assign]
CaseQuerySet.open_one = open_one  # type: ignore[method-assign]
CaseQuerySet.listed = listed  # type: ignore[method-assign]
CaseQuerySet.recent = recent  # type: ignore[method-assign]
CaseQuerySet.search = search  # type: ignore[method-assign]

__all__ = ["application"]
