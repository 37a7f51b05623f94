"""The columns of the case list: what each needs of a case to be shown, and how it reads in a file.

Person and cautions always stand; the rest is for the reader to choose. A caution is never hidden by a preference.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from agencies.directory.categories import Category
from cases.lists.beside import NEEDS

if TYPE_CHECKING:
    from cases.supervision.models import Case

# Chosen column → its name, in the order in which they stand.
CHOICES = {
    "risk": "Risk level",
    "level": "Level of supervision",
    "changed": "Changed",
    "review": "Next review",
    "next": "Next appointment",
    "contact": "Last contact",
    "plan": "Joint plan",
    "supervision": "Supervision and end of term",
    "offense": "Offense",
    "held": "Held by",
}
USUAL = ("risk", "changed", "review", "held")
USUAL_OF_MINE = ("risk", "changed", "review", "supervision")
PREFERENCE = "case_columns"
"""Under this name the choice is kept among a person's preferences."""

NOT_SHARED = "not shared"


@dataclass(frozen=True, slots=True)
class FileColumn:
    """One column of a file: its heading, what a row must open for it, and its text."""

    heading: str
    needs: Category
    text: Callable[[Case], Any]


_STATUS = Category.SUPERVISION
_ALWAYS = (
    FileColumn("Case number", _STATUS, lambda case: case.number),
    FileColumn("Family name", Category.EXISTENCE, lambda case: case.person.family_name),
    FileColumn("Given name", Category.EXISTENCE, lambda case: case.person.given_name),
    FileColumn("Middle name", Category.EXISTENCE, lambda case: case.person.middle_name),
    FileColumn("Birth date", _STATUS, lambda case: _iso(case.person.birth_date)),
    FileColumn("Status", _STATUS, lambda case: case.get_status_display()),
    FileColumn("Cautions", Category.CAUTIONS, lambda case: "; ".join(c.text for c in case.shown_cautions)),  # type: ignore[attr-defined]
)
_CHOSEN: dict[str, tuple[FileColumn, ...]] = {
    "risk": (FileColumn("Risk level", _STATUS, lambda case: case.get_risk_level_display()),),
    "level": (FileColumn("Level of supervision", _STATUS, lambda case: case.get_supervision_level_display()),),
    "changed": (FileColumn("Changed", _STATUS, lambda case: _local(case.updated_at, "seconds")),),
    "review": (FileColumn("Next review", _STATUS, lambda case: _iso(case.next_review)),),
    "next": (FileColumn("Next appointment", NEEDS["next"], lambda case: _moment(case, "next", "starts_at")),),
    "contact": (
        FileColumn("Last contact", NEEDS["contact"], lambda case: _moment(case, "contact", "occurred_at")),
        FileColumn("Kind of contact", NEEDS["contact"], lambda case: getattr(_beside(case, "contact"), "title", "")),
    ),
    "plan": (
        FileColumn("Joint plan", NEEDS["plan"], lambda case: _plan(case).get_status_display() if _plan(case) else ""),
        FileColumn("Plan review", NEEDS["plan"], lambda case: _iso(_plan(case).review_on) if _plan(case) else ""),
    ),
    "supervision": (
        FileColumn("Supervision", _STATUS, lambda case: case.get_kind_display()),
        FileColumn("Term began", _STATUS, lambda case: _iso(case.term_start)),
        FileColumn("Term ends", _STATUS, lambda case: _iso(case.term_end)),
    ),
    "offense": (FileColumn("Offense", _STATUS, lambda case: case.offense),),
    "held": (
        FileColumn("Officer of record", _STATUS, lambda case: case.officer.display if case.officer else ""),
        FileColumn("Unit", Category.EXISTENCE, lambda case: case.unit.name),
        FileColumn("Agency", Category.EXISTENCE, lambda case: case.agency.name),
    ),
}


def chosen_columns(kept: Any) -> tuple[str, ...]:
    """The columns a person chose, in their order; () where none were chosen or what is kept is not understood."""
    wanted = set(kept) if isinstance(kept, list) else set()
    return tuple(code for code in CHOICES if code in wanted)


def file_columns(codes: Iterable[str], opened: Category) -> list[FileColumn]:
    """The columns of a file: of those chosen, the ones that some row opens (`opened` is the union over the rows)."""
    wanted = [*_ALWAYS, *(column for code in codes for column in _CHOSEN[code])]
    return [column for column in wanted if column.needs in opened]


def cell(case: Case, column: FileColumn) -> str:
    """A row's text in a column; NOT_SHARED where this row does not open it, which is not the same as nothing there.

    A text that a spreadsheet would take for a formula is led by an apostrophe (OWASP, CSV Injection).
    """
    if column.needs not in case.opened:
        return NOT_SHARED
    text = str(column.text(case))
    return f"'{text}" if text.lstrip()[:1] in _FORMULA or text[:1] in _BREAKS else text


_FORMULA, _BREAKS = {"=", "+", "-", "@", "＝", "＋", "－", "＠"}, {"\t", "\r", "\n"}


def _beside(case: Case, code: str) -> Any:
    return case.beside[code]  # type: ignore[attr-defined]


def _plan(case: Case) -> Any:
    return _beside(case, "plan")


def _moment(case: Case, code: str, field: str) -> str:
    found = _beside(case, code)
    return _local(getattr(found, field), "minutes") if found else ""


def _local(moment: datetime.datetime, to: str) -> str:
    """A moment in the zone of the agency, with the offset: the same moment wherever the file is read."""
    return timezone.localtime(moment).isoformat(timespec=to)


def _iso(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""
