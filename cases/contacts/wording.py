"""Contacts in words: what each field is called, and how a kept value reads."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.utils import timezone

from agencies.directory.dates import day_text
from agencies.directory.times import clock_text
from cases.contacts.codes import ContactAudience, ContactKind, ContactLocation, ContactOutcome

LABELS = {
    "kind": "What kind",
    "when": "When",
    "location": "Where",
    "place": "Place",
    "outcome": "How it went",
    "note": "Note",
    "audience": "Who may read it",
}
_CODES: dict[str, Any] = {
    "kind": ContactKind,
    "location": ContactLocation,
    "outcome": ContactOutcome,
    "audience": ContactAudience,
}


class FieldChange(NamedTuple):
    """One field before and after, in words."""

    label: str
    before: str
    after: str


def moment_text(at: datetime.datetime, timed: bool) -> str:
    """Nov 24, 2026 at 9:32am; without the hour where only the day is known."""
    return f"{day_text(at)} at {clock_text(at)}" if timed else day_text(at)


def title_of(kind: int, outcome: int) -> str:
    """Home visit, took place."""
    label = ContactKind(kind).label
    return f"{label}, {ContactOutcome(outcome).label.lower()}" if outcome else str(label)


def where_of(location: int, place: str) -> str:
    """At home, 12 Elm Street."""
    return ", ".join(part for part in (ContactLocation(location).label if location else "", place) if part)


def in_words(values: Mapping[str, Any]) -> dict[str, str]:
    """What a version keeps as people read it, by label, empty values left out; the moment in the current time zone."""
    at = timezone.localtime(datetime.datetime.fromisoformat(values["occurred_at"]))
    told = {LABELS["kind"]: ContactKind(values["kind"]).label, LABELS["when"]: moment_text(at, values["timed"])}
    for name in ("location", "place", "outcome", "note", "audience"):
        value = values[name]
        if name in _CODES:
            value = _CODES[name](value).label if value or name == "audience" else ""
        if value:
            told[LABELS[name]] = str(value)
    return told


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """What differs between two versions, in words."""
    left, right = in_words(before), in_words(after)
    pairs = ((label, left.get(label, ""), right.get(label, "")) for label in LABELS.values())
    return [FieldChange(*pair) for pair in pairs if pair[1] != pair[2]]


def changed_labels(names: Iterable[str]) -> list[str]:
    """The labels of changed fields, each once."""
    of = {"occurred_at": "when", "timed": "when"}
    return list(dict.fromkeys(LABELS[of.get(name, name)] for name in names if of.get(name, name) in LABELS))
