"""The status card and the read-back: what an officer on the street must know of somebody, in the order it is needed.

The read-back has eight lines, always the same eight in the order in which a dispatcher speaks them; what is not set is
said to be so and never left out, and times are in 24 hours.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from django.utils import timezone

from agencies.directory.categories import Category
from cases.supervision.codes import ConditionKind, Enforcer, RiskLevel

if TYPE_CHECKING:
    from cases.supervision.models import Case, Caution, Condition

# What a grant may open beside a status card. Whoever sees none of it starts from the card and not from the overview.
BEYOND_THE_CARD = (
    Category.CONTACT_VIEW
    | Category.PLAN_VIEW
    | Category.FLAGS
    | Category.LOCATION
    | Category.SHARE
    | Category.ASSESSMENT
    | Category.DOCUMENTS
)

# Treatment is no matter for the radio: of drugs and alcohol the bans and tests are read, not who treats them.
_SPOKEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Search", (ConditionKind.SEARCH,)),
    ("Weapons", (ConditionKind.WEAPONS_BAN,)),
    ("Alcohol, drugs", (ConditionKind.ALCOHOL_BAN, ConditionKind.DRUG_TEST)),
    ("No contact, stay away", (ConditionKind.NO_CONTACT, ConditionKind.EXCLUSION_ZONE)),
    ("Curfew", (ConditionKind.CURFEW,)),
    ("Registration", (ConditionKind.REGISTRATION,)),
)
# The stop of 9 p.m. goes with it, unless a sentence begins behind it.
_TWELVE_HOURS = re.compile(r"\b(1[0-2]|[1-9])(?::([0-5][0-9]))?\s?([ap])\.?m\b(?:\.(?!\s+(?-i:[A-Z])))?", re.IGNORECASE)
_SENTENCE_ENDS = re.compile(r";\s+|\.\s+(?=[A-Z])")  # not the stops in 9 p.m. to 6 a.m.
STALE_AFTER = datetime.timedelta(days=30)


class Rule(NamedTuple):
    """A condition as a card shows it: first what matters, then the rest of its words."""

    condition: Condition
    first: str
    rest: str
    binds: bool


class Spoken(NamedTuple):
    """One line of the read-back: its place, what it is about, and what is said."""

    number: int
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """A status card. `rules` and `searches` are None where they could not be loaded or are not shared."""

    asked_at: datetime.datetime
    rules: list[Rule] | None
    searches: list[Rule] | None
    stale: bool
    lines: list[Spoken] = field(default_factory=list)


def starts_from_card(opened: Category) -> bool:
    """Whether somebody to whom a case opens this much sees a status card of it and nothing beyond."""
    return Category.SUPERVISION in opened and not opened & BEYOND_THE_CARD


def card_of(
    case: Case, cautions: list[Caution] | None, conditions: list[Condition] | None, now: datetime.datetime
) -> Card:
    """The card of a case that was opened by `open_one()`; None for what could not be loaded, or is not shared."""
    rules = None if conditions is None else [_rule(condition, now) for condition in conditions]
    person = case.person
    return Card(
        asked_at=now,
        rules=None if rules is None else [r for r in rules if _for_police(r) and not _is_search(r)],
        searches=None if rules is None else [r for r in rules if _for_police(r) and _is_search(r)],
        stale=person.unconfirmed_since is not None or now - person.confirmed_at > STALE_AFTER,
        lines=read_back(case, cautions, conditions, now),
    )


def read_back(
    case: Case, cautions: list[Caution] | None, conditions: list[Condition] | None, now: datetime.datetime
) -> list[Spoken]:
    """The eight lines, as they are read over the radio."""
    opened = case.opened
    said = [("Safety", _safety(cautions, Category.CAUTIONS in opened))]
    for label, kinds in _SPOKEN:
        if Category.CONDITIONS not in opened:
            said.append((label, "Not shared with us"))
        elif conditions is None:
            said.append((label, "Not loaded. Treat as unknown"))
        else:
            listed = [_spoken_rule(c, case, now) for c in conditions if c.kind in kinds]
            nothing = "None recorded" if label == "Registration" else "None set"
            said.append((label, ". ".join(listed) or nothing))
    said.append(("Officer", _officer(case)))
    return [Spoken(number, label, text) for number, (label, text) in enumerate(said, start=1)]


def spoken_time(text: str) -> str:
    """Times of day in 24 hours, as they are spoken over the radio: 9:00pm becomes 2100."""

    def turned(found: re.Match[str]) -> str:
        hour = int(found[1]) % 12 + (12 if found[3].lower() == "p" else 0)
        return f"{hour:02}{found[2] or '00'}"

    return _TWELVE_HOURS.sub(turned, text)


def phone_of(case: Case) -> str:
    """The number to call about the case, empty where none is known: the officer's, the unit's, or the agency's."""
    own = case.officer.phone if case.officer and Category.SUPERVISION in case.opened else ""
    return own or case.unit.phone or case.agency.phone


def _for_police(rule: Rule) -> bool:
    return rule.condition.enforcer != Enforcer.SUPERVISION


def _is_search(rule: Rule) -> bool:
    return rule.condition.kind == ConditionKind.SEARCH


def _rule(condition: Condition, now: datetime.datetime) -> Rule:
    first, *rest = _SENTENCE_ENDS.split(condition.text, maxsplit=1)
    more = rest[0] if rest else ""
    return Rule(condition, first, more[:1].upper() + more[1:], condition.binds_at(now))


def _safety(cautions: list[Caution] | None, shared: bool) -> str:
    if not shared:
        return "Cautions not shared with us. Ask before going"
    if cautions is None:
        return "Cautions not loaded. Act as if there are some"
    if not cautions:
        return f"No cautions, {timezone.localtime():%H%M}"
    return ". ".join(", ".join(part for part in (c.text, c.detail) if part) for c in cautions)


def _spoken_rule(condition: Condition, case: Case, now: datetime.datetime) -> str:
    said = spoken_time(condition.text).rstrip(".")
    if condition.enforcer == Enforcer.SUPERVISION:  # it is set, so "None set" would be untrue; but not for police
        said = f"{case.agency.short_name or case.agency.name} only: {said}"
    if condition.daily_from is not None:
        said += ". Binding now" if condition.binds_at(now) else ". Not at this hour"
    return said


def _officer(case: Case) -> str:
    known = case.officer is not None and Category.SUPERVISION in case.opened
    name = case.officer.name.split()[-1] if case.officer and known else case.unit.name
    phone = re.sub(r"\D+", "-", phone_of(case)).strip("-")
    return ", ".join(part for part in (name, case.agency.name, phone) if part)


def headline(case: Case) -> str:
    """The line under the name: born, under what supervision until when, and the level of risk."""
    person = case.person
    said = []
    if person.birth_date:
        said.append(f"Born {_spoken_day(person.birth_date)}")
    until = f" to {_spoken_day(case.term_end)}" if case.term_end else ""
    said.append(f"{case.get_kind_display()}{until}, {case.get_status_display().lower()}")
    if case.risk_level != RiskLevel.NOT_APPLICABLE:
        said.append(f"{case.get_risk_level_display()} risk")
    return ". ".join(said)


def _spoken_day(day: datetime.date) -> str:
    return f"{day.month}-{day.day}-{day.year}"


def usual_light() -> str:
    """The colours that suit the hour where the agency is: "day" from seven to six, else "night"."""
    return "day" if 7 <= timezone.localtime().hour < 18 else "night"
