"""Conditions of a case as its page parts them, and how far the term has gone."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone

from cases.supervision.codes import Enforcer

if TYPE_CHECKING:
    from cases.supervision.models import Case, Condition

POLICE, ALONE, COMING, PAST = (
    "In force, police may act",
    "In force, supervision alone",
    "Not yet in force",
    "No longer in force",
)


class Elapsed(NamedTuple):
    """How far a term has gone, in days. `left` is below nothing where it should have ended."""

    days: int
    gone: int
    left: int


def elapsed(case: Case) -> Elapsed | None:
    """How far the case's term has gone today; None where it has not two ends, has not begun, or the case is closed."""
    today = timezone.localdate()
    if not case.is_open or not case.term_start or not case.term_end or today < case.term_start:
        return None
    days = max(1, (case.term_end - case.term_start).days)
    return Elapsed(days, min(days, (today - case.term_start).days), (case.term_end - today).days)


def grouped(case: Case, conditions: list[Condition], now: datetime.datetime) -> list[dict[str, Any]]:
    """The conditions in groups: {title, rows: list of {condition, tag}}; groups without any are left out.

    Of a closed case none is in force, whatever day stands on it.
    """
    groups: dict[str, list[dict[str, Any]]] = {title: [] for title in (POLICE, ALONE, COMING, PAST)}
    for condition in conditions:
        title = _group(condition, timezone.localtime(now).date()) if case.is_open else PAST
        groups[title].append({"condition": condition, "tag": _tag(condition, title, now)})
    return [{"title": title, "rows": rows} for title, rows in groups.items() if rows]


def _group(condition: Condition, today: datetime.date) -> str:
    if condition.starts_on and condition.starts_on > today:
        return COMING
    if condition.ends_on and condition.ends_on < today:
        return PAST
    return ALONE if condition.enforcer == Enforcer.SUPERVISION else POLICE


def _tag(condition: Condition, group: str, now: datetime.datetime) -> str:
    """What is out of the ordinary: that it binds by hours, and whether it does now; that it is past or to come."""
    if group in (COMING, PAST):
        return "Ended" if group == PAST else "To come"
    if condition.daily_from is None:
        return ""
    return "Binds now" if condition.binds_at(now) else "Not at this hour"
