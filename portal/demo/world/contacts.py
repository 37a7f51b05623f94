"""Contacts of every officer's cases: visits, calls and talks of supervision, and what the beat met on the street."""

from __future__ import annotations

import datetime
import json
import random
from typing import Any
from zoneinfo import ZoneInfo

from agencies.directory.models import User
from cases.contacts.codes import ContactAudience as A
from cases.contacts.codes import ContactKind as K
from cases.contacts.codes import ContactLocation as L
from cases.contacts.codes import ContactOutcome as O
from cases.contacts.models import Contact, ContactVersion
from cases.contacts.services import values_of
from cases.imports.staging import insert, reserve
from portal.demo.world.directory import BEATS, Directory
from portal.demo.world.terms import Term

ZONE = ZoneInfo("America/New_York")
OTHERS = 900  # cases of other officers that get contacts

# Kind, where, how it went, what was noted, and for whom.
_SUPERVISION = (
    (K.OFFICE_VISIT, L.SUPERVISION_OFFICE, O.COMPLIED, "Came on time. Pay slip seen, address unchanged.", A.BOTH),
    (K.OFFICE_VISIT, L.SUPERVISION_OFFICE, O.COMPLIED, "On time. Test negative. Next visit in two weeks.", A.BOTH),
    (K.OFFICE_VISIT, L.SUPERVISION_OFFICE, O.FAILED_TO_ATTEND, "Did not come; called at noon, bus broke down.", A.BOTH),
    (K.HOME_VISIT, L.RESIDENCE, O.COMPLETED, "Home with a cousin. Room tidy, nothing of note.", A.BOTH),
    (K.HOME_VISIT, L.RESIDENCE, O.ATTEMPTED, "Nobody opened. Card left at the door.", A.BOTH),
    (K.HOME_VISIT, L.RESIDENCE, O.COMPLETED, "Opened at once. Showed the new lease.", A.BOTH),
    (K.EMPLOYMENT_VISIT, L.PLACE_OF_EMPLOYMENT, O.COMPLETED, "At work. Foreman is content; asked for Fridays.", A.BOTH),
    (K.TELEPHONE, L.NOT_STATED, O.COMPLETED, "Called about the move. Papers to follow on Monday.", A.BOTH),
    (K.TELEPHONE, L.NOT_STATED, O.ATTEMPTED, "No answer, message left.", A.BOTH),
    (K.WRITTEN_MESSAGE, L.NOT_STATED, O.NOT_STATED, "Reminder of the review sent.", A.BOTH),
    (K.COLLATERAL, L.NOT_STATED, O.COMPLETED, "Sister worries about the money; no change in the home.", A.SUPERVISION),
    (K.COLLATERAL, L.NOT_STATED, O.COMPLETED, "Employer confirms thirty-two hours a week.", A.BOTH),
    (K.VIRTUAL, L.NOT_STATED, O.COMPLETED, "Video call from the break room. Sober, in a hurry.", A.BOTH),
)  # fmt: skip
_POLICE = (
    (K.POSITIVE_CONTACT, L.FIELD, O.NOT_STATED, "On the way to work. A few words about the game.", A.BOTH),
    (K.PEDESTRIAN_STOP, L.FIELD, O.NO_ACTION, "Stopped near the depot, calm, gave his papers at once.", A.BOTH),
    (K.TRAFFIC_STOP, L.FIELD, O.NO_ACTION, "Tail light. Passenger, nothing found.", A.BOTH),
    (K.FIELD_INTERVIEW, L.FIELD, O.CONCERN, "With three others behind the store after midnight.", A.BOTH),
    (K.CALL_FOR_SERVICE, L.RESIDENCE, O.NO_ACTION, "Loud music, neighbors content again.", A.BOTH),
    (K.WELFARE_CHECK, L.RESIDENCE, O.COMPLETED, "Mother had called. All well.", A.BOTH),
    (K.FIELD_INTERVIEW, L.FIELD, O.NOT_STATED, "Car of an acquaintance noted for the beat.", A.POLICE),
)
_LONG = (
    "We sat down for an hour. He began with the job: the shifts come late and the bus does not run after eleven, so"
    " that twice a week he walks. We went through the curfew exception line by line, and he wrote the days down.\n\n"
    "Then the daughter. Sundays go well; he was late once, told her mother before, and brought the library card. He"
    " asked whether the parenting hour could move to Wednesdays. I will ask.\n\n"
    "Money is short until the end of the month. He pays the fees in halves, as agreed in October. He has not seen the"
    " co-defendant and does not want to. He knows that a ride home on late shifts can be asked for.\n\n"
    "Agreed: shift letter by Monday; I speak with the library; next visit in two weeks, same hour."
)


class Contacts:
    """Collects contacts, and writes them and their first versions in sets. Draws from dice of its own."""

    def __init__(self, directory: Directory, now: datetime.datetime) -> None:
        self.directory, self.now = directory, now
        self.rng = random.Random("contacts")  # noqa: S311 - a world that is the same every time
        self.found: list[Contact] = []

    def draw(self, terms: list[Term], shown: Term) -> None:
        """What the cases of officers have seen in the last months, most of the visitor's own; not of the shown one."""
        running = [term for term in terms if term.active and term.officer and term is not shown]
        own = [term for term in running if term.officer == shown.officer]
        others = [term for term in running if term.officer != shown.officer]
        for term in [*own, *self.rng.sample(others, min(OTHERS, len(others)))]:
            for _ in range(self.rng.randint(4, 7) if term.officer == shown.officer else self.rng.randint(1, 4)):
                self._supervision(term)
            if self.rng.random() < 0.4:
                self._police(term)

    def furnish(self, term: Term) -> None:
        """The last weeks of the case that shows everything."""
        officer = term.officer
        patrol = self.directory.officers("alder/north", "police_officer")
        other = next(user for user in patrol if user != self.directory.personas["police_officer"])
        told = (
            (0, 9, officer, K.COLLATERAL, L.PLACE_OF_EMPLOYMENT, O.COMPLETED, "Employer confirmed the hours.", A.BOTH),
            (1, 9, officer, K.OFFICE_VISIT, L.SUPERVISION_OFFICE, O.COMPLIED,
             "Brought the shift letter; Monday's shift ran late, employer confirmed.", A.BOTH),
            (2, 23, other, K.FIELD_INTERVIEW, L.FIELD, O.NO_ACTION,
             "Walking home from work. Calm, gave his papers at once.", A.BOTH),
            (4, 10, self.directory.personas["police_officer"], K.POSITIVE_CONTACT, L.PLACE_OF_EMPLOYMENT,
             O.NOT_STATED, "Sober. Thanked for the call last week.", A.BOTH),
            (6, 22, other, K.FIELD_INTERVIEW, L.FIELD, O.NOT_STATED,
             "Gray sedan of an acquaintance parked nearby; plate noted for the beat.", A.POLICE),
            (8, 16, officer, K.COLLATERAL, L.NOT_STATED, O.COMPLETED,
             "Sister worries about the rent. Asked us not to tell him that she called.", A.SUPERVISION),
            (14, 14, officer, K.OFFICE_VISIT, L.SUPERVISION_OFFICE, O.COMPLETED, _LONG, A.BOTH),
            (21, 17, officer, K.HOME_VISIT, L.RESIDENCE, O.ATTEMPTED, "Nobody opened; dog in the yard.", A.BOTH),
            (28, 18, officer, K.HOME_VISIT, L.RESIDENCE, O.COMPLETED, "Alone. Dog tied up as asked.", A.BOTH),
        )  # fmt: skip
        for days, hour, author, kind, location, outcome, note, audience in told:
            at = self._hour(self.now - datetime.timedelta(days=days), hour, hour)
            self._add(term, author, at, kind, location, outcome, note, audience)

    def save(self) -> None:
        """Write everything."""
        for one, number in zip(self.found, reserve("cases_contact", len(self.found)), strict=True):
            one.pk = number
        columns = ["id", "case_id", "author_id", "author_agency_id", "changed_by_id", "created_at", "updated_at"]
        words = ["kind", "occurred_at", "timed", "location", "place", "outcome", "note", "audience"]
        insert(Contact, [*columns, *words], ([getattr(one, name) for name in [*columns, *words]] for one in self.found))
        self._save_versions()

    def _save_versions(self) -> None:
        insert(
            ContactVersion,
            [
                "contact_id", "case_id", "author_id", "author_agency_id", "audience", "version", "values",
                "changed_fields", "changed_by_id", "changed_at",
            ],
            (
                [
                    one.pk, one.case_id, one.author_id, one.author_agency_id, one.audience, 1,
                    json.dumps(values_of(one)), "{" + ",".join(Contact.VERSIONED) + "}", one.author_id, one.created_at,
                ]
                for one in self.found
            ),
        )  # fmt: skip

    def _supervision(self, term: Term) -> None:
        days = self.rng.uniform(0.5, min(240, max(2, (self.now.date() - term.term_start).days)))
        at = self._hour(self.now - datetime.timedelta(days=days), 8, 17)
        self._add(term, term.officer, at, *self.rng.choice(_SUPERVISION))

    def _police(self, term: Term) -> None:
        patrol = self.directory.officers(BEATS[term.district], "police_officer")
        at = self._hour(self.now - datetime.timedelta(days=self.rng.uniform(1, 120)), 6, 23)
        self._add(term, self.rng.choice(patrol), at, *self.rng.choice(_POLICE))

    def _hour(self, moment: datetime.datetime, first: int, last: int) -> datetime.datetime:
        """A plain minute of that day, in the county's time, and not after now."""
        local = moment.astimezone(ZONE).replace(
            hour=self.rng.randint(first, last), minute=self.rng.choice(range(0, 60, 5)), second=0, microsecond=0
        )
        return min(local, self.now)

    def _add(
        self, term: Term, author: User | None, at: datetime.datetime, kind: int, location: int, outcome: int,
        note: str, audience: int,
    ) -> None:  # fmt: skip
        if author is None:
            return
        police = author.pk != (term.officer and term.officer.pk)
        agency = self.directory.agency_of(BEATS[term.district] if police else term.unit)
        place = f"{term.street}" if location == L.FIELD and term.street else ""
        written = min(at + datetime.timedelta(minutes=self.rng.randint(2, 90)), self.now)
        values: dict[str, Any] = {"kind": kind, "location": location, "outcome": outcome, "note": note}
        self.found.append(
            Contact(
                case_id=term.id, author=author, author_agency=agency, changed_by=author, audience=audience, place=place,
                occurred_at=at, created_at=written, updated_at=written, **values,
            )
        )  # fmt: skip
