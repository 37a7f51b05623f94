"""Terms, officers, units and levels of the imported cases, and the parole region's own people."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from agencies.directory.models import User
from cases.imports.staging import copy_in, insert, reserve
from cases.people.models import Identifier, Person
from cases.supervision.bundles import BUNDLES
from cases.supervision.codes import RiskLevel, SupervisionLevel, SupervisionStatus, SupervisionType
from cases.supervision.models import Case
from portal.demo.world.directory import DISTRICTS, Directory
from portal.demo.world.offenses import family_of
from portal.demo.world.words import FAMILY_NAMES, GIVEN_NAMES

PAROLEES = 300
CASELOAD = (40, 70)
OWN_CASES = 61  # Dana Ortiz's

_CLOSED = [
    (SupervisionStatus.COMPLETED, 40),
    (SupervisionStatus.COMPLETED_EARLY, 25),
    (SupervisionStatus.CANCELED_REVOKED, 15),
    (SupervisionStatus.CANCELED_UNSUCCESSFUL, 10),
    (SupervisionStatus.CANCELED_TRANSFERRED, 7),
    (SupervisionStatus.CANCELED_DECEASED, 3),
]
_LEVELS = {
    RiskLevel.NOT_APPLICABLE: [SupervisionLevel.INTAKE, SupervisionLevel.MEDIUM],
    RiskLevel.LOW: [
        SupervisionLevel.LIMITED,
        SupervisionLevel.MINIMUM,
        SupervisionLevel.MINIMUM,
        SupervisionLevel.LOW_MEDIUM,
    ],
    RiskLevel.MEDIUM: [SupervisionLevel.LOW_MEDIUM, SupervisionLevel.MEDIUM, SupervisionLevel.MEDIUM],
    RiskLevel.HIGH: [SupervisionLevel.HIGH, SupervisionLevel.HIGH, SupervisionLevel.MAXIMUM],
    RiskLevel.VERY_HIGH: [SupervisionLevel.MAXIMUM],
}
_MONTHS = {"F": [24, 24, 36, 36, 48, 60], "M": [12, 18, 18, 24], "O": [12, 18, 24]}
_PAROLE_OFFENSES = [
    ("Robbery With Weapon", "F"),
    ("Burglary of Dwelling, Armed", "F"),
    ("Aggravated Battery", "F"),
    ("Trafficking in Cocaine", "F"),
    ("Possession of Firearm by Felon", "F"),
    ("Grand Theft (Motor Vehicle)", "F"),
    ("Aggravated Fleeing and Eluding", "F"),
    ("Sale of Heroin", "F"),
    ("Manslaughter", "F"),
    ("Felony DUI", "F"),
]


@dataclass
class Term:
    """A case of the demo, with what the other modules need to know of it."""

    id: int
    uuid: Any
    person_id: int
    agency: str
    sex: str
    birth_date: datetime.date
    risk: int
    offense: str
    term_start: datetime.date
    district: str = ""
    unit: str = ""
    officer: User | None = None
    status: int = SupervisionStatus.ACTIVE
    level: int = SupervisionLevel.INTAKE
    term_end: datetime.date | None = None
    next_review: datetime.date | None = None
    updated_at: datetime.datetime | None = None
    restricted: bool = False
    family: str = ""
    street: str = ""
    tags: set[str] = field(default_factory=set)

    @property
    def active(self) -> bool:
        """Whether the term runs and the person is where they should be."""
        return self.status == SupervisionStatus.ACTIVE


def imported_terms(directory: Directory) -> list[Term]:
    """The cases that the import brought, in the order of their numbers."""
    rows = (
        Case.objects.filter(agency=directory.agencies["probation"])
        .order_by("number")
        .values_list(
            "id",
            "uuid",
            "person_id",
            "person__sex",
            "person__birth_date",
            "risk_level",
            "offense",
            "term_start",
            "offense_degree",
        )
    )
    terms = []
    for case_id, case_uuid, person_id, sex, born, risk, offense, start, degree in rows:
        if born is None or start is None:
            continue  # the extract has both
        term = Term(
            case_id, case_uuid, person_id, "probation", sex, born, risk, offense, start, family=family_of(offense)
        )
        term.tags.add(degree)
        terms.append(term)
    return terms


def assign(rng: random.Random, directory: Directory, terms: list[Term]) -> None:
    """Give every case a field unit and an officer of record: 40 to 70 cases an officer."""
    officers = [(district, user) for district in DISTRICTS for user in directory.officers(f"probation/{district}")]
    loads = _caseloads(
        rng, len(terms), [OWN_CASES if user == directory.personas["officer"] else 0 for _, user in officers]
    )
    order = terms[:]
    rng.shuffle(order)
    at = 0
    for (district, user), load in zip(officers, loads, strict=True):
        for term in order[at : at + load]:
            term.district, term.unit, term.officer = district, f"probation/{district}", user
        at += load


def _caseloads(rng: random.Random, total: int, fixed: list[int]) -> list[int]:
    """How many cases each officer has, so that all are given out; those with a fixed number keep it."""
    free = [index for index, number in enumerate(fixed) if not number]
    loads = fixed[:]
    share, rest = divmod(total - sum(fixed), len(free))
    for place, index in enumerate(free):
        loads[index] = share + (place < rest)
    low, high = CASELOAD
    for _ in range(40 * len(free)):  # move single cases about
        giver, taker = rng.sample(free, 2)
        if loads[giver] > low and loads[taker] < high:
            loads[giver] -= 1
            loads[taker] += 1
    return loads


def describe(rng: random.Random, terms: list[Term], now: datetime.datetime, today: datetime.date) -> None:
    """Give every case an end, a status, a level, a next review and the moment of its last change."""
    closed = [status for status, weight in _CLOSED for _ in range(weight)]
    for term in terms:
        degree = next((d for d in ("F", "M", "O") if d in term.tags), "F")
        term.term_end = _later(term.term_start, rng.choice(_MONTHS[degree]))
        chance = rng.random()
        if term.term_end < today:
            term.status = SupervisionStatus.COMPLETED
        elif chance < 0.05 and (today - term.term_start).days > 120:
            term.status = rng.choice(closed)
        elif chance < 0.085:
            term.status, term.level = SupervisionStatus.ABSCONDER, SupervisionLevel.ABSCONSION
        if term.status != SupervisionStatus.ABSCONDER:
            term.level = rng.choice(_LEVELS[RiskLevel(term.risk)])
            if term.active and chance > 0.985:
                term.level = SupervisionLevel.IN_CUSTODY
        if term.active:
            term.next_review = today + datetime.timedelta(days=rng.choice([-9, -4, -2, -1, 0, *range(90)]))
        last = min(120.0, rng.expovariate(1 / 18)) if term.active else rng.uniform(20, 300)
        term.updated_at = now - datetime.timedelta(
            days=min(last, (today - term.term_start).days or 0.5), seconds=rng.randrange(3600)
        )


def save(terms: list[Term], directory: Directory) -> None:
    """Write what assign() and describe() chose, and give the field units their keys."""
    columns = [
        "id",
        "unit_id",
        "officer_id",
        "status",
        "supervision_level",
        "term_end",
        "next_review",
        "updated_at",
        "restricted",
    ]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.world_case")
        cursor.execute(f"CREATE TEMPORARY TABLE world_case AS SELECT {', '.join(columns)} FROM cases_case WITH NO DATA")
    copy_in(
        "world_case",
        columns,
        (
            (
                t.id,
                directory.group(t.unit),
                t.officer and t.officer.pk,
                int(t.status),
                int(t.level),
                t.term_end,
                t.next_review,
                t.updated_at,
                t.restricted,
            )
            for t in terms
        ),
    )
    sets = ", ".join(f"{name} = w.{name}" for name in columns[1:])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE world_case")
        cursor.execute(f"UPDATE cases_case c SET {sets} FROM world_case w WHERE c.id = w.id")
        cursor.execute("SELECT case_own(%s, %s)", [[term.id for term in terms], BUNDLES["own_case"].mask])


def add_parolees(rng: random.Random, directory: Directory, now: datetime.datetime, today: datetime.date) -> list[Term]:
    """Make the parole region's own people and cases; describes them as describe() does."""
    agency = directory.agencies["parole"]
    officers = [(unit, user) for unit in ("parole/pine", "parole/lakes") for user in directory.officers(unit)]
    people, cases = reserve("cases_person", PAROLEES), reserve("cases_case", PAROLEES)
    person_rows, case_rows, identifier_rows, terms = [], [], [], []
    for index in range(PAROLEES):
        unit, officer = officers[index % len(officers)]
        offense, degree = rng.choice(_PAROLE_OFFENSES)
        born = datetime.date(rng.randint(1962, 2004), rng.randint(1, 12), rng.randint(1, 28))
        start = today - datetime.timedelta(days=rng.randint(10, 700))
        sex = "F" if rng.random() < 0.12 else "M"
        risk = rng.choice([RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.HIGH])
        number = f"R4-{start:%y}-{10001 + index}"
        family, given = rng.choice(FAMILY_NAMES), rng.choice(GIVEN_NAMES)
        person_rows.append((people[index], agency.pk, number, given, family, born, sex, now, now, now))
        identifier_rows.append((people[index], Identifier.Kind.CORRECTIONS, f"DC{rng.randrange(100000, 999999)}"))
        offended = start - datetime.timedelta(days=rng.randint(700, 3000))
        case_rows.append(
            (
                cases[index],
                number,
                people[index],
                agency.pk,
                directory.group(unit),
                int(SupervisionType.PAROLE),
                int(risk),
                offense,
                degree,
                offended,
                start,
                now,
                now,
            )
        )
        term = Term(
            cases[index],
            None,
            people[index],
            "parole",
            sex,
            born,
            int(risk),
            offense,
            start,
            rng.choice(DISTRICTS),
            unit,
            officer,
            family=family_of(offense),
        )
        terms.append(term)
    insert(
        Person,
        [
            "id",
            "agency_id",
            "local_id",
            "given_name",
            "family_name",
            "birth_date",
            "sex",
            "created_at",
            "updated_at",
            "confirmed_at",
        ],
        person_rows,
    )
    insert(Identifier, ["person_id", "kind", "value"], identifier_rows)
    insert(
        Case,
        [
            "id",
            "number",
            "person_id",
            "agency_id",
            "unit_id",
            "kind",
            "risk_level",
            "offense",
            "offense_degree",
            "offense_date",
            "term_start",
            "created_at",
            "updated_at",
        ],
        case_rows,
    )
    describe(rng, terms, now, today)
    uuids = dict(Case.objects.filter(agency=agency).values_list("id", "uuid"))
    for term in terms:
        term.uuid = uuids[term.id]
    return terms


def _later(day: datetime.date, months: int) -> datetime.date:
    years, month = divmod(day.month - 1 + months, 12)
    return datetime.date(day.year + years, month + 1, min(day.day, 28))
