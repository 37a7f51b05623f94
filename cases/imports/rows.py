"""One row of a probation extract: what each column may hold, and what becomes of it.

Codes that come in are told in the codes that Concord exchanges. Sex: NCIC (M, F, U; X not specified), as in
ndex:PersonSexCode. Race: stored in words; in the N-DEx exchange these are the NCIC codes B, W, A, I and U, except that
Hispanic is an ethnicity there (H) and its race is U.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from typing import NamedTuple, TypeVar

from cases.imports.names import split_suffix, spoken
from cases.imports.report import Finding
from cases.people.models import Person
from cases.supervision.codes import RiskLevel

T = TypeVar("T")

COLUMNS = (
    "local_id",
    "state_id",
    "last_name",
    "first_name",
    "middle_name",
    "date_of_birth",
    "sex",
    "race",
    "offense_date",
    "offense",
    "offense_degree",
    "supervision_start",
    "risk_level",
    "risk_decile",
    "violence_level",
    "violence_decile",
    "prior_count",
    "juvenile_felony_count",
    "juvenile_misdemeanor_count",
)

# Extract or NCIC code → as stored.
RACES = {
    "african-american": "Black",
    "black": "Black",
    "b": "Black",
    "caucasian": "White",
    "white": "White",
    "w": "White",
    "hispanic": "Hispanic",
    "h": "Hispanic",
    "asian": "Asian",
    "a": "Asian",
    "native american": "American Indian",
    "i": "American Indian",
    "other": "Other",
    "u": "",
    "": "",
}
SEXES = {
    "m": Person.Sex.MALE,
    "f": Person.Sex.FEMALE,
    "u": Person.Sex.UNKNOWN,
    "x": Person.Sex.NONBINARY,
    "": Person.Sex.UNKNOWN,
}
LEVELS = {
    "": RiskLevel.NOT_APPLICABLE,
    "n/a": RiskLevel.NOT_APPLICABLE,
    "low": RiskLevel.LOW,
    "medium": RiskLevel.MEDIUM,
    "high": RiskLevel.HIGH,
    "very high": RiskLevel.VERY_HIGH,
}
DEGREES = {"f": "F", "m": "M", "o": "O", "": ""}  # felony, misdemeanor, other (an ordinance, or no charge)

_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9./-]*")
_STATE_ID = re.compile(r"[A-Z]{2}[A-Z0-9]{1,8}")  # as NCIC writes it: the state, then up to eight
_NAME = re.compile(r"[^\W\d_][^\d_!-&(-+/:-@\[-`{-~]*")  # begins with a letter; letters, space, ' - . and ,
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_OLDEST = 120  # years


def _trimmed(value: str) -> str:
    """The value without spaces around and doubled spaces inside; other white space is no spelling, but a defect."""
    return " ".join(part for part in value.split(" ") if part)


class Row(NamedTuple):
    """One person with case as the database will hold it; the order is that of the staging table."""

    row: int
    local_id: str
    state_id: str
    given_name: str
    middle_name: str
    family_name: str
    suffix: str
    birth_date: datetime.date
    sex: str
    race: str
    offense: str
    offense_degree: str
    offense_date: datetime.date | None
    term_start: datetime.date
    risk_level: int
    risk_decile: int | None
    violence_level: int
    violence_decile: int | None
    prior_count: int | None
    juvenile_felonies: int
    juvenile_misdemeanors: int

    @property
    def digest(self) -> str:
        """What tells an unchanged row: SHA-256 over the values as stored, so that a new mapping counts as a change."""
        return hashlib.sha256("\x1f".join(map(str, self[1:])).encode()).hexdigest()


class Reader:
    """Reads the fields of rows, noting what is wrong with each."""

    def __init__(self, today: datetime.date) -> None:
        self.today = today
        self.findings: list[Finding] = []
        self._number = 0
        self._values: dict[str, str] = {}

    def read(self, number: int, fields: list[str]) -> tuple[Row | None, list[Finding]]:
        """The row, or None and every reason why it is refused."""
        self._number, self.findings = number, []
        self._values = {name: _trimmed(value) for name, value in zip(COLUMNS, fields, strict=True)}
        self._check_letters()
        if self.findings:
            return None, self.findings
        family_name, suffix = split_suffix(self._name("last_name", needed=True))
        born = self._day("date_of_birth", needed="A birth date tells namesakes apart")
        offended = self._day("offense_date")
        started = self._day("supervision_start", needed="A term has a first day")
        self._check_days(born, offended, started)
        row = Row(
            row=number,
            local_id=self._pattern("local_id", _NUMBER, 30, "the agency's number: capitals, digits and - . /", True),
            state_id=self._pattern("state_id", _STATE_ID, 10, "a state ID, such as FL12345678, or nothing"),
            given_name=spoken(self._name("first_name", needed=True)),
            middle_name=spoken(self._name("middle_name")),
            family_name=family_name,
            suffix=suffix,
            birth_date=born or self.today,
            sex=self._code("sex", SEXES, "M, F, U or X"),
            race=self._code("race", RACES, "African-American, Asian, Caucasian, Hispanic, Native American or Other"),
            offense=self._offense(),
            offense_degree=self._code("offense_degree", DEGREES, "F, M or O"),
            offense_date=offended,
            term_start=started or self.today,
            risk_level=self._code("risk_level", LEVELS, "Low, Medium, High or N/A"),
            risk_decile=self._count("risk_decile", 1, 10, none="-1"),
            violence_level=self._code("violence_level", LEVELS, "Low, Medium, High or N/A"),
            violence_decile=self._count("violence_decile", 1, 10, none="-1"),
            prior_count=self._count("prior_count", 0, 999),
            juvenile_felonies=self._count("juvenile_felony_count", 0, 99) or 0,
            juvenile_misdemeanors=self._count("juvenile_misdemeanor_count", 0, 99) or 0,
        )
        return (None, self.findings) if self.findings else (row, [])

    def number_of(self, fields: list[str]) -> str:
        """The person's number, also of a row that is refused, or "" where it is no number."""
        value = _trimmed(fields[0]) if fields else ""
        return value if len(value) <= 30 and _NUMBER.fullmatch(value) else ""

    def _refuse(self, field: str, what_to_do: str) -> None:
        self.findings.append(Finding(self._number, field, self._values[field], what_to_do))

    def _check_letters(self) -> None:
        for field, value in self._values.items():
            if value.isprintable():
                continue
            if any("\udc80" <= letter <= "\udcff" for letter in value):
                self._refuse(field, "The field is no UTF-8: export the extract in UTF-8.")
            else:
                self._refuse(field, "The field holds a control character: remove it.")

    def _check_days(
        self, born: datetime.date | None, offended: datetime.date | None, started: datetime.date | None
    ) -> None:
        if born and born.year < self.today.year - _OLDEST:
            self._refuse("date_of_birth", f"Nobody is older than {_OLDEST}: correct the year.")
        if born and offended and offended <= born:
            self._refuse("offense_date", "The offense comes before the birth: correct one of the dates.")
        if born and started and started <= born:
            self._refuse("supervision_start", "The term begins before the birth: correct one of the dates.")
        if offended and started and offended > started:
            self._refuse("offense_date", "The offense comes after the term it led to began: correct one of the dates.")

    def _name(self, field: str, needed: bool = False) -> str:
        value = self._values[field]
        if not value:
            if needed:
                self._refuse(field, "A name is needed: add it.")
        elif len(value) > 60:
            self._refuse(field, f"A name has at most 60 letters, and this has {len(value)}: shorten it.")
        elif not _NAME.fullmatch(value):
            self._refuse(field, "A name begins with a letter and holds letters, spaces, ' - . and , only.")
        return value

    def _pattern(self, field: str, pattern: re.Pattern[str], longest: int, words: str, needed: bool = False) -> str:
        value = self._values[field]
        if value or needed:
            if not pattern.fullmatch(value):
                self._refuse(field, f"This must be {words}.")
            elif len(value) > longest:
                self._refuse(field, f"At most {longest} characters fit, and this has {len(value)}.")
        return value

    def _day(self, field: str, needed: str = "") -> datetime.date | None:
        value = self._values[field]
        if not value:
            if needed:
                self._refuse(field, f"{needed}: add it as YYYY-MM-DD.")
            return None
        try:
            if not _DAY.fullmatch(value):
                raise ValueError
            day = datetime.date.fromisoformat(value)
        except ValueError:
            self._refuse(field, "This is no day of the calendar: write it as YYYY-MM-DD.")
            return None
        if day > self.today:
            self._refuse(field, "The day is in the future: correct it.")
            return None
        return day

    def _code(self, field: str, codes: dict[str, T], words: str) -> T:
        value = self._values[field].lower()
        if value not in codes:
            self._refuse(field, f"This code is not known: use {words}.")
            return codes[""]
        return codes[value]

    def _count(self, field: str, least: int, most: int, none: str = "") -> int | None:
        value = self._values[field]
        if value in ("", none):
            return None
        if not (value.isascii() and value.isdigit()) or not least <= int(value) <= most:
            self._refuse(field, f"This must be a whole number from {least} to {most}.")
            return None
        return int(value)

    def _offense(self) -> str:
        value = self._values["offense"]
        if len(value) > 120:
            self._refuse("offense", f"A charge has at most 120 characters, and this has {len(value)}: shorten it.")
        return value[:1].upper() + value[1:]
