"""Appointments: for everybody the next one and what became of the last; for those who are shown, a full day."""

from __future__ import annotations

import datetime
import itertools
import random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from agencies.directory.models import User
from cases.appointments.codes import AppointmentKind as K
from cases.appointments.codes import Outcome
from cases.appointments.models import Appointment
from cases.imports.staging import insert
from cases.supervision.codes import RiskLevel, SupervisionStatus
from portal.demo.world.directory import Directory
from portal.demo.world.terms import Term

ZONE = ZoneInfo("America/New_York")
_TIMES = [datetime.time(*hour) for hour in ((8, 30), (9, 15), (10, 0), (10, 45), (13, 0), (13, 45), (14, 30), (15, 15))]
_DAY = [datetime.time(*hour) for hour in ((9, 0), (10, 30), (13, 15), (15, 0), (16, 15))]
_EVERY = {RiskLevel.VERY_HIGH: 7, RiskLevel.HIGH: 7, RiskLevel.MEDIUM: 28}  # days between two; else a quarter
_COLUMNS = [
    "case_id", "agency_id", "made_by_id", "officer_id", "kind", "starts_at", "minutes", "place", "purpose", "others",
    "outcome", "outcome_at", "outcome_by_id", "note", "created_at", "updated_at",
]  # fmt: skip


class Sort(NamedTuple):
    """A kind of appointment as the demo has it: how long, where and what for."""

    kind: K
    minutes: int
    places: tuple[str, ...]
    purposes: tuple[str, ...]


_SORTS = (
    Sort(K.OFFICE, 30, ("Room 2", "Room 3", "Room 5", "Front desk"), ("Monthly report", "Plan review", "Pay slip", "")),
    Sort(K.OFFICE, 30, ("Room 2", "Room 3"), ("Drug test after", "Talk about work", "Payment plan", "")),
    Sort(K.HOME, 45, ("",), ("With the landlord", "First visit at the new address", "")),
    Sort(K.COURT, 60, ("Division 4", "Division 7, courtroom 2B", "Clerk's window"), ("Status hearing", "Restitution")),
    Sort(K.PROGRAM, 90, ("County library", "Job center"), ("Decisions course", "GED class", "Job club")),
    Sort(K.TEST, 15, ("Lab, ground floor",), ("",)),
    Sort(K.PHONE, 15, ("",), ("Check-in", "")),
)
_WEIGHTS = (38, 20, 14, 7, 8, 8, 5)
_OUTCOMES: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    (Outcome.ATTENDED_COMPLIED, 76, ("On time.", "On time, brought the pay slip.", "Talked about the week.", "")),
    (Outcome.ATTENDED_NOT_COMPLIED, 5, ("Came without the papers.", "Left before the test.")),
    (Outcome.ABSENT_ACCEPTABLE, 8, ("Called ahead: child sick.", "At work, shift letter seen.", "In court.")),
    (Outcome.ABSENT_UNACCEPTABLE, 8, ("Did not call.", "Phone switched off.")),
    (Outcome.CANCELED, 3, ("Office closed.", "Officer in training.")),
)


class Appointments:
    """Collects appointments, and writes them in one set."""

    def __init__(self, directory: Directory, now: datetime.datetime, today: datetime.date) -> None:
        self.rng = random.Random("Pine County appointments")  # noqa: S311
        self.directory, self.now, self.today = directory, now, today
        self._rows: list[tuple[Any, ...]] = []
        self._taken: set[tuple[int, datetime.datetime]] = set()

    def draw(self, terms: list[Term]) -> None:
        """The next appointment of every case that runs, and the last; of those who are shown, several."""
        shown = {self.directory.personas[code].pk for code in ("officer", "parole_officer")}
        for term in terms:
            if term.officer is None or term.status not in (SupervisionStatus.ACTIVE, SupervisionStatus.ABSCONDER):
                continue
            every = _EVERY.get(RiskLevel(term.risk), 84)
            days_in = (self.today - term.term_start).days
            for back in range(1, 5 if term.officer.pk in shown else 2):
                ago = (back - 1) * every + self.rng.randint(1, min(every, 20))
                if ago < days_in:
                    self._add(term, -ago)
            if term.active:
                self._add(term, self.rng.randint(1, every))

    def fill_days(self, shown: Term, terms: list[Term]) -> None:
        """A day's appointments for the two officers, the one who is shown next; visits for the police."""
        for code in ("officer", "parole_officer"):
            officer = self.directory.personas[code]
            own = [term for term in terms if term.officer == officer and term.active and term is not shown]
            following = next((at for at in _DAY if self._moment(0, at) > self.now), _DAY[-1])
            others = iter(self.rng.sample(own, len(_DAY) + 2))
            for at in _DAY:
                term = shown if code == "officer" and at == following else next(others)
                self._take(term, self._moment(0, at), officer, waits=at == self._last_before(_DAY))
            for term, at in zip(others, (_TIMES[2], _TIMES[6]), strict=False):
                self._take(term, self._moment(-1, at), officer, waits=True)
        news = [term for term in terms if "news" in term.tags and term is not shown]
        sergeant, patrol = self.directory.personas["sergeant"], self.directory.personas["police_officer"]
        visit = Sort(K.HOME, 30, ("",), ("Joint visit",))
        self._take(shown, self._moment(0, datetime.time(17, 30)), sergeant, visit, others=shown.officer)
        for term, officer, hour in zip(news, (sergeant, patrol, patrol), (14, 11, 18), strict=False):
            call = Sort(K.FIELD, 15, ("",), ("Say hello at work", "Curfew talk"))
            self._take(term, self._moment(0, datetime.time(hour, 45)), officer, call)

    def save(self) -> None:
        """Write everything."""
        insert(Appointment, _COLUMNS, self._rows)

    def _add(self, term: Term, days: int) -> None:
        """On a working day near that one, at a time that is free in the officer's calendar."""
        officer: Any = term.officer
        for day in itertools.count(days, 1 if days > 0 else -1):
            if (self.today + datetime.timedelta(days=day)).weekday() < 5:
                for at in self.rng.sample(_TIMES, 3):
                    moment = self._moment(day, at)
                    if (officer.pk, moment) not in self._taken:
                        self._take(term, moment, officer)
                        return

    def _take(
        self,
        term: Term,
        moment: datetime.datetime,
        officer: User,
        sort: Sort | None = None,
        *,
        waits: bool = False,
        others: User | None = None,
    ) -> None:
        self._taken.add((officer.pk, moment))
        sort = sort or self.rng.choices(_SORTS, _WEIGHTS)[0]
        agency = self.directory.agencies["alder" if sort.kind == K.FIELD or others else term.agency]
        outcome, note = self._outcome(term)
        if moment > self.now or waits:
            outcome, note = "", ""
        made = min(moment - datetime.timedelta(days=9), self.now)
        told = min(moment + datetime.timedelta(minutes=sort.minutes), self.now) if outcome else None
        self._rows.append(
            (
                term.id,
                agency.pk,
                officer.pk,
                officer.pk,
                sort.kind.value,
                moment,
                sort.minutes,
                self.rng.choice(sort.places),
                self.rng.choice(sort.purposes),
                others.display if others else "",
                outcome,
                told,
                officer.pk if outcome else None,
                note,
                made,
                told or made,
            )
        )

    def _outcome(self, term: Term) -> tuple[str, str]:
        if not term.active:
            return Outcome.ABSENT_UNACCEPTABLE.value, "Did not call; not at the address."
        outcome, _, notes = self.rng.choices(_OUTCOMES, [weight for _, weight, _ in _OUTCOMES])[0]
        return str(outcome), self.rng.choice(notes)

    def _moment(self, days: int, at: datetime.time) -> datetime.datetime:
        return datetime.datetime.combine(self.today + datetime.timedelta(days=days), at, ZONE)

    def _last_before(self, times: list[datetime.time]) -> datetime.time | None:
        """The last of these times that has passed today: somebody is about to say how it went."""
        gone = [at for at in times if self._moment(0, at) < self.now]
        return gone[-1] if gone else None
