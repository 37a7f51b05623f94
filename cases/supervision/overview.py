"""What the overview of a case shows. Later features add their parts at start-up, since this one knows none of them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from agencies.directory.categories import Category
from cases.supervision.querysets import conditions_in_force, home_of
from sharing.access import explain
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case
    from sharing.access.pages import Blocks

DATES_SHOWN = 3

Read = Callable[[Callable[[], Any]], Any]
"""Runs a query and returns its answer, or None where the database failed."""


class Date(NamedTuple):
    """A date to come: when, and of what."""

    on: datetime.date
    text: str
    late: bool


Part = Callable[[Actor, "Case", Read], dict[str, Any]]
_parts: list[Part] = []


def add_part(part: Part) -> None:
    """Let a later feature add to the overview's context; `dates` in its answer joins the next dates."""
    _parts.append(part)


def overview_of(actor: Actor, case: Case, blocks: Blocks) -> dict[str, Any]:
    """The context of templates/cases/supervision/overview.html. What is not opened is not asked for."""
    opened, read = case.opened, blocks.read
    context: dict[str, Any] = {"conditions": None, "address": None, "seen_by": None}
    asked: dict[str, QuerySet[Any]] = {}
    if Category.CONDITIONS in opened:
        asked["conditions"] = conditions_in_force(actor, case)
    if Category.LOCATION in opened:
        asked["address"] = home_of(actor, case)
    found = blocks.together(asked)
    conditions, now = found.get("conditions"), timezone.now()
    context["conditions"] = conditions
    if conditions is not None:
        context["binding"] = [condition for condition in conditions if condition.binds_at(now)]
        context["resting"] = [condition for condition in conditions if not condition.binds_at(now)]
    context["address_failed"] = "address" in found and found["address"] is None
    context["address"] = next(iter(found.get("address") or ()), None)
    if Category.SHARE in opened:
        context["seen_by"] = read(lambda: seen_by(actor, case))
    dates = _own_dates(case) if Category.SUPERVISION in opened else []
    for part in _parts:
        added = part(actor, case, read)
        dates += added.pop("dates", [])
        context |= added
    return {**context, "next_dates": sorted(dates)[:DATES_SHOWN]}


def seen_by(actor: Actor, case: Case) -> list[dict[str, Any]]:
    """Who can see the case, in short: the owner first. For somebody who may share it."""
    rows: list[dict[str, Any]] = [{"marks": [case.agency], "name": case.agency.name, "label": "Owner"}]
    for grant in explain.holding_grants(case):
        if grant.kind != "owner":
            unit = getattr(grant.group, "unit", None)
            rows.append(
                {
                    "marks": [unit.agency] if unit else [],
                    "name": explain.principal_name(grant.group),
                    "label": explain.bundle_label(grant),
                }
            )
    return rows


def _own_dates(case: Case) -> list[Date]:
    if not case.is_open:
        return []
    today = timezone.localdate()
    named = ((case.next_review, "Review of the case"), (case.term_end, "End of term"))
    return [Date(on, text, on < today) for on, text in named if on]
