"""What people ask of the search."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms

from agencies.directory.dates import parse_date


class SearchForm(forms.Form):
    """A name, a birth date, a number, or a name with a birth date, in one box."""

    q = forms.CharField(
        label="Name, birth date or number",
        max_length=200,
        error_messages={"required": "Type a name, a birth date or a number."},
    )

    def clean(self) -> dict[str, Any]:
        """Adds `words` and `birth_date`."""
        cleaned = super().clean() or {}
        words = cleaned.get("q", "").replace(",", " ").split()
        cleaned["birth_date"] = None
        for length in (1, 3):
            for start in range(len(words) - length + 1):
                found = _birth_date(" ".join(words[start : start + length]))
                if found and cleaned["birth_date"] is None:
                    cleaned["birth_date"] = found
                    words = words[:start] + words[start + length :]
        cleaned["words"] = words
        return cleaned


def _birth_date(text: str) -> datetime.date | None:
    # Eight digits in a row are more likely a number than a date.
    if text.isdigit():
        return None
    try:
        return parse_date(text)
    except ValueError:
        return None
