"""Flags that fit the charge: what they rest on, who reads them, some past their day, some ended."""

from __future__ import annotations

import datetime
import random
from typing import Any

from cases.flags.codes import Basis, FlagKind, usual_review
from cases.flags.models import Flag
from cases.imports.staging import insert
from cases.supervision.codes import Audience, RiskLevel
from portal.demo.world.directory import Directory
from portal.demo.world.terms import Term

# Family of the charge → of a hundred how many carry the flag, its kind, what it rests on, the words for that.
_FITTING: dict[str, list[tuple[int, FlagKind, Basis, str]]] = {
    "domestic": [(55, FlagKind.DOMESTIC_VIOLENCE, Basis.COURT, "Injunction in the sentencing order")],
    "sex": [(90, FlagKind.SEX_OFFENSE, Basis.REGISTRY, "State registry, entry checked at intake")],
    "violence": [(18, FlagKind.HIGH_RISK_VIOLENCE, Basis.ASSESSMENT, "Violence scale at intake, high band")],
    "weapon": [(15, FlagKind.HIGH_RISK_VIOLENCE, Basis.ASSESSMENT, "Violence scale at intake, high band")],
    "drugs": [(35, FlagKind.SUBSTANCE_USE, Basis.ASSESSMENT, "Screening at intake")],
    "dui": [(60, FlagKind.SUBSTANCE_USE, Basis.COURT, "Evaluation ordered at sentencing")],
    "burglary": [(20, FlagKind.PROLIFIC, Basis.AGENCY_REPORT, "Panel of police and probation, spring meeting")],
    "theft": [(15, FlagKind.PROLIFIC, Basis.AGENCY_REPORT, "Panel of police and probation, spring meeting")],
}
_ANYBODY: list[tuple[int, FlagKind, Basis, str]] = [
    (4, FlagKind.VETERAN, Basis.SELF_REPORT, "Discharge papers seen at intake"),
    (5, FlagKind.HOMELESS, Basis.SELF_REPORT, "Stays with friends; no lease"),
    (4, FlagKind.MENTAL_ILLNESS, Basis.AGENCY_REPORT, "Letter of the treating clinic"),
]
_SHOWN: list[tuple[FlagKind, Basis, str, RiskLevel, int, int]] = [
    (FlagKind.HIGH_RISK_VIOLENCE, Basis.ASSESSMENT, "Violence scale, Aug 12: high band", RiskLevel.HIGH, 104, -4),
    (FlagKind.PROLIFIC, Basis.AGENCY_REPORT, "Panel of police and probation, Sep 9", RiskLevel.NOT_APPLICABLE, 76, 104),
    (FlagKind.MENTAL_ILLNESS, Basis.AGENCY_REPORT, "Letter of the clinic, Jul 3", RiskLevel.NOT_APPLICABLE, 140, 40),
]
_COLUMNS = [
    "case_id", "agency_id", "kind", "level", "basis", "evidence", "audience", "set_by_id", "set_on", "review_on",
    "ended_on", "ended_by_id", "end_reason", "created_at", "updated_at",
]  # fmt: skip


def add_flags(directory: Directory, terms: list[Term], today: datetime.date) -> None:
    """Write the flags of every case; the case that shows everything has its own."""
    rng = random.Random("flags of Pine County")  # noqa: S311 - the same every time, whatever else is drawn
    rows: list[tuple[Any, ...]] = []
    for term in terms:
        if "shown" in term.tags:
            for kind, basis, evidence, level, ago, review in _SHOWN:
                set_on, due = today - datetime.timedelta(days=ago), today + datetime.timedelta(days=review)
                rows.append(_row(directory, term, kind, basis, evidence, set_on, due, level=level))
            set_on, left = today - datetime.timedelta(days=300), today - datetime.timedelta(days=30)
            words = (FlagKind.HOMELESS, Basis.SELF_REPORT, "Slept in the car after the eviction")
            rows.append(
                _row(directory, term, *words, set_on, left, ended=left, why="Moved in with the sister; lease seen")
            )
            continue
        for chance, kind, basis, evidence in [*_FITTING.get(term.family, []), *_ANYBODY]:
            if rng.randrange(100) >= chance:
                continue
            set_on = max(term.term_start, today - datetime.timedelta(days=rng.randint(5, 150)))
            due = usual_review(kind, set_on)
            if due < today and rng.random() < 0.85:  # most are looked at in time
                due = usual_review(kind, today - datetime.timedelta(days=rng.randint(1, 40)))
            ended = (
                today - datetime.timedelta(days=rng.randint(1, 60)) if not term.active and rng.random() < 0.5 else None
            )
            rows.append(
                _row(directory, term, kind, basis, evidence, set_on, due, ended=ended, why="The term has ended")
            )
    insert(Flag, _COLUMNS, rows)


def _row(
    directory: Directory,
    term: Term,
    kind: FlagKind,
    basis: Basis,
    evidence: str,
    set_on: datetime.date,
    due: datetime.date,
    *,
    level: RiskLevel = RiskLevel.NOT_APPLICABLE,
    ended: datetime.date | None = None,
    why: str = "",
) -> tuple[Any, ...]:
    author = term.officer and term.officer.pk
    ended = max(ended, set_on) if ended else None
    illness = kind == FlagKind.MENTAL_ILLNESS
    return (
        term.id,
        directory.agencies[term.agency].pk,
        kind.value,
        int(level),
        basis.value,
        evidence,
        int(Audience.SUPERVISION if illness else Audience.BOTH),
        author,
        set_on,
        due,
        ended,
        author if ended else None,
        why if ended else "",
        _noon(set_on),
        _noon(ended or set_on),
    )


def _noon(day: datetime.date) -> datetime.datetime:
    """Midday in the county, when such entries are made."""
    return datetime.datetime.combine(day, datetime.time(16), datetime.UTC)
