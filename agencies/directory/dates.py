"""Dates as people type and read them: alike on every floor, and in the order that agencies write, month first."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

_PARTS = re.compile(r"[A-Za-z]+|[0-9]+")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}
_CENTURY_TURNS = 69  # two digits up to 68 mean 20.., from 69 on 19.. (as POSIX strptime reads them)
EXAMPLE = "For example 6/4/26 or Jun 4 2026."


def parse_date(text: str) -> datetime.date:
    """The date that somebody typed: 6/4/26, 06.04.2026, 6 4 26, 2026-06-04, 20260604, Jun 4 2026, 4 June 2026.

    Numbers alone are read month first, or year first where the first has four digits. Raises ValueError.
    """
    parts = _PARTS.findall(text.strip())
    if re.fullmatch(r"[0-9]{8}", text.strip()):
        parts = [text.strip()[:4], text.strip()[4:6], text.strip()[6:]]
    words = [part for part in parts if part.isalpha()]
    numbers = [part for part in parts if part.isdigit()]
    if len(parts) != 3 or len(words) > 1 or re.sub(r"[\s/.,\-]|[A-Za-z0-9]", "", text):
        raise ValueError(text)
    if words:
        if parts[2] in words or words[0].lower() not in _MONTHS:
            raise ValueError(text)
        month, day, year = str(_MONTHS[words[0].lower()]), *numbers
    elif len(parts[0]) == 4:
        year, month, day = parts
    else:
        month, day, year = parts
    if len(year) not in (2, 4) or len(month) > 2 or len(day) > 2:
        raise ValueError(text)
    full = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= _CENTURY_TURNS else 2000)
    return datetime.date(full, int(month), int(day))


def local_day(value: datetime.date) -> datetime.date:
    """The calendar day of a date, or of a moment in the current time zone."""
    return timezone.localtime(value).date() if isinstance(value, datetime.datetime) else value


def end_of_day(day: datetime.date) -> datetime.datetime:
    """The last moment of a day where the agency is: access "until June 4" includes June 4."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(23, 59, 59)))


def day_text(value: datetime.date) -> str:
    """A date, or a moment's day in the current time zone, as people read it: Nov 24, 2026."""
    day = local_day(value)
    return f"{day:%b} {day.day}, {day.year}"


class TypedDateField(forms.DateField):
    """A date typed into one text field, in any of the ways of parse_date()."""

    widget = forms.TextInput(attrs={"autocomplete": "off"})
    default_error_messages = {"invalid": f"We cannot read this as a date. {EXAMPLE}"}

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", EXAMPLE)
        super().__init__(**options)

    def to_python(self, value: Any) -> datetime.date | None:
        """The date, or None for nothing. Raises ValidationError with an example."""
        if isinstance(value, datetime.date) or value in self.empty_values:
            return super().to_python(value)
        try:
            return parse_date(str(value))
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def prepare_value(self, value: Any) -> Any:
        """A stored date as the field's example writes it; what was typed stays as typed."""
        return f"{value.month}/{value.day}/{value.year}" if isinstance(value, datetime.date) else value
