"""Times of day as people type and read them: alike on every floor, in the time zone of the agency that looks."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

EXAMPLE = "For example 9:30, 930, 2pm or 14:00."

_TIME = re.compile(r"([0-9]{1,2})(?:[:.h ]?([0-9]{2}))? ?(a|p|am|pm|a\.m\.|p\.m\.)?")
_WORDS = {"noon": datetime.time(12), "midday": datetime.time(12), "midnight": datetime.time(0)}


def parse_time(text: str) -> datetime.time:
    """The time that somebody typed: 9:30, 9.30, 0930, 930, 9, 9am, 2 pm, 14:00, noon. Raises ValueError.

    Without am or pm the hours 1 to 6 are those of the afternoon, since offices are shut before 7 in the morning;
    13:00 and 01:00 are taken as written.
    """
    typed = text.strip().lower()
    if typed in _WORDS:
        return _WORDS[typed]
    found = _TIME.fullmatch(typed)
    if found is None:
        raise ValueError(text)
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "")[:1]
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half == "p" else 0)
    elif 1 <= hour <= 6 and len(found[1]) == 1:
        hour += 12
    return datetime.time(hour, minute)


def clock_text(value: datetime.datetime | datetime.time) -> str:
    """A time of day, or a moment's in the current time zone, as people read it: 9:32am."""
    moment = timezone.localtime(value) if isinstance(value, datetime.datetime) else value
    return f"{moment.hour % 12 or 12}:{moment:%M}{'am' if moment.hour < 12 else 'pm'}"


class TypedTimeField(forms.TimeField):
    """A time typed into one text field, in any of the ways of parse_time()."""

    widget = forms.TextInput(attrs={"autocomplete": "off"})
    default_error_messages = {"invalid": f"We cannot read this as a time. {EXAMPLE}"}

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", EXAMPLE)
        super().__init__(**options)

    def to_python(self, value: Any) -> datetime.time | None:
        """The time, or None for nothing. Raises ValidationError with an example."""
        if isinstance(value, datetime.time) or value in self.empty_values:
            return super().to_python(value)
        try:
            return parse_time(str(value))
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def prepare_value(self, value: Any) -> Any:
        """A stored time as the field's example writes it; what was typed stays as typed."""
        return clock_text(value) if isinstance(value, datetime.time) else value
