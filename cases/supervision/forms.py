"""What people ask of the case list and of the search."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from agencies.directory.dates import parse_date
from cases.supervision.codes import RiskLevel, SupervisionStatus
from cases.supervision.querysets import LATEST, MINE, REVIEW, SHARED, UNIT, CaseFilter, Cursor
from sharing.access.cursors import DamagedCursor, read_cursor, sign_cursor

SCOPES = [(MINE, "Mine"), (UNIT, "My unit"), (SHARED, "Shared with us")]
SORTS = [(LATEST, "Changed"), (REVIEW, "Next review")]


class CaseListForm(forms.Form):
    """The list's filter. Whatever it does not understand is an error, never a wider list.

    `knows_status` says whether somebody's role may know status and level at all: who may not cannot ask for them.
    """

    status = forms.TypedMultipleChoiceField(
        label="Status",
        choices=SupervisionStatus.choices,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    risk = forms.TypedMultipleChoiceField(
        label="Risk level", choices=RiskLevel.choices, coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    tab = forms.ChoiceField(label="Which cases", required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(label="Sort", required=False, widget=forms.HiddenInput)
    after = forms.CharField(label="Page", required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, scopes: list[tuple[str, str]], default: str, knows_status: bool) -> None:
        super().__init__(data, auto_id="filter-%s")
        self.default = default
        self.fields["tab"].choices = scopes  # type: ignore[attr-defined]
        self.fields["sort"].choices = SORTS if knows_status else SORTS[:1]  # type: ignore[attr-defined]
        if not knows_status:
            del self.fields["status"], self.fields["risk"]
        for name in ("status", "risk", "tab", "sort"):
            if name in self.fields:
                self.fields[name].error_messages["invalid_choice"] = "Choose from the list; “%(value)s” is not in it."

    def clean(self) -> dict[str, Any]:
        """Refuse a parameter that no field is called by: a misspelt filter must not show more."""
        unknown = sorted(set(self.data) - set(self.fields))
        if unknown:
            raise ValidationError(f"There is no filter “{unknown[0][:30]}”.")
        return super().clean() or {}

    def clean_after(self) -> Cursor | None:
        """Where the previous page ended, as its link said."""
        text = self.cleaned_data["after"]
        if not text:
            return None
        sort = self.cleaned_data.get("sort") or LATEST
        try:
            return Cursor.at(read_cursor(text, "cases", sort), sort)
        except DamagedCursor:
            raise ValidationError(
                "This link to a page is damaged, or of another order. Start from the first page."
            ) from None

    @property
    def narrowed(self) -> CaseFilter:
        """The filter as the list takes it."""
        asked = self.cleaned_data
        return CaseFilter(
            scope=asked["tab"] or self.default,
            statuses=tuple(asked.get("status") or ()),
            risk_levels=tuple(asked.get("risk") or ()),
            sort=asked["sort"] or LATEST,
        )


def cursor_text(cursor: Cursor, sort: str) -> str:
    """A cursor as the link to the next page carries it."""
    return sign_cursor(cursor.position, "cases", sort)


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
