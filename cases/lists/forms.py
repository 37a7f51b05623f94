"""What people ask of the case list, keep of it, and take out of it."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import BadRequest, ValidationError
from django.http import QueryDict

from agencies.directory.categories import Category
from agencies.directory.models import Side, Unit, User
from agencies.directory.querysets import members_of
from cases.lists.columns import CHOICES
from cases.supervision.codes import RiskLevel, SupervisionStatus
from cases.supervision.querysets import (
    LATEST,
    MINE,
    REVIEW,
    SHARED,
    UNIT,
    CaseFilter,
    Cursor,
    officer_to_list,
    officers_to_list,
)
from cases.supervision.rows import knows_status
from sharing.access.actors import Actor
from sharing.access.cursors import DamagedCursor, read_cursor, sign_cursor
from sharing.access.models import Purpose

RECENT = "recent"
SCOPES = [(MINE, "Mine"), (UNIT, "My unit"), (SHARED, "Shared with us"), (RECENT, "Recent")]
SORTS = [(LATEST, "Changed"), (REVIEW, "Next review")]


def opens_cases(actor: Actor) -> bool:
    """Whether the actor's side and role open cases somewhere; where, cases.supervision.services says."""
    return actor.side == Side.SUPERVISION and Category.SHARE in actor.role_mask


def scopes_of(actor: Actor) -> tuple[list[tuple[str, str]], str]:
    """The tabs that can hold something for this actor, and the one to begin with."""
    if actor.side != Side.SUPERVISION:
        return [scope for scope in SCOPES if scope[0] in (SHARED, RECENT)], SHARED
    mask = actor.role_mask
    works_cases = Category.SHARE in mask and Category.MANAGE not in mask
    return SCOPES, MINE if works_cases else UNIT


class CaseListForm(forms.Form):
    """The list's filter. Whatever it does not understand is an error, never a wider list.

    Who may not know status, level and officer cannot ask for them. By officer the own units' cases alone are narrowed:
    one's own have one, and those that others share have officers of theirs.
    """

    officer = forms.TypedChoiceField(label="Officer of record", coerce=int, empty_value=None, required=False)

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

    def __init__(self, data: Any, *, actor: Actor) -> None:
        super().__init__(data, auto_id="filter-%s")
        scopes, self.default = scopes_of(actor)
        self.scopes = scopes
        knows = knows_status(actor)
        self.fields["tab"].choices = scopes  # type: ignore[attr-defined]
        self.fields["sort"].choices = SORTS if knows else SORTS[:1]  # type: ignore[attr-defined]
        if not knows:
            del self.fields["status"], self.fields["risk"]
        if knows and (self.data.get("tab") or self.default) == UNIT:
            self.fields["officer"].choices = [("", "Any officer"), *self._officers(actor)]  # type: ignore[attr-defined]
        else:
            del self.fields["officer"]
        for name in ("status", "risk", "officer", "tab", "sort"):
            if name in self.fields:
                self.fields[name].error_messages["invalid_choice"] = "Choose from the list; “%(value)s” is not in it."

    def _officers(self, actor: Actor) -> list[tuple[int, str]]:
        """Who may be chosen; also the one asked for, where they have left and cases wait for somebody else."""
        found = [(user.pk, user.display) for user in officers_to_list(actor)]
        asked = str(self.data.get("officer", ""))
        if asked.isascii() and asked.isdecimal() and len(asked) < 19 and int(asked) not in dict(found):
            left = officer_to_list(actor, int(asked))
            found += [(left.pk, left.display)] if left else []
        return found

    def clean(self) -> dict[str, Any]:
        """Refuse a parameter that no field is called by: a misspelt filter must not show more."""
        unknown = sorted(set(self.data) - set(self.fields) - {"csrfmiddlewaretoken"})
        if unknown:
            raise ValidationError(f"There is no filter “{unknown[0][:30]}” on this list.")
        cleaned = super().clean() or {}
        if self.recent and any(cleaned.get(name) for name in ("status", "risk", "sort", "after")):
            raise ValidationError("Recent cases stand in the order in which you opened them and are not filtered.")
        return cleaned

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
    def recent(self) -> bool:
        """Whether what the reader opened last is asked for, and not the cases of a scope."""
        return self.cleaned_data.get("tab") == RECENT

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """Every parameter that was given and understood, without the page: what a link to this list carries."""
        asked = self.cleaned_data
        single = [(name, str(asked[name])) for name in ("tab", "sort", "officer") if asked.get(name)]
        return single + [(name, str(value)) for name in ("status", "risk") for value in asked.get(name) or ()]

    @property
    def chips(self) -> list[tuple[str, str, str]]:
        """Each chosen officer, status and level: parameter, value, and the value in words."""
        return [
            (name, value, dict(self.fields[name].choices)[int(value)])  # type: ignore[attr-defined]
            for name, value in self.chosen
            if name in ("officer", "status", "risk")
        ]

    @property
    def narrowed(self) -> CaseFilter:
        """The filter as the list takes it. Not for recent cases, which are no scope."""
        asked = self.cleaned_data
        return CaseFilter(
            scope=asked["tab"] or self.default,
            statuses=tuple(asked.get("status") or ()),
            risk_levels=tuple(asked.get("risk") or ()),
            sort=asked["sort"] or LATEST,
            officer=asked.get("officer"),
        )


def cursor_text(cursor: Cursor, sort: str) -> str:
    """A cursor as the link to the next page carries it."""
    return sign_cursor(cursor.position, "cases", sort)


class SavedFilterForm(forms.Form):
    """The name of a filter that somebody keeps."""

    name = forms.CharField(label="Name of this filter", max_length=60)


class ColumnsForm(forms.Form):
    """Which columns the lists show."""

    columns = forms.MultipleChoiceField(
        label="Columns",
        choices=list(CHOICES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "There is no column “%(value)s”."},
    )


class ChosenCases(forms.TypedMultipleChoiceField):
    """The UUIDs of rows that were ticked. Whether they are the reader's to use is for the door to say."""

    widget = forms.MultipleHiddenInput

    def __init__(self) -> None:
        super().__init__(coerce=uuid.UUID, required=False)

    def valid_value(self, value: Any) -> bool:
        """Any UUID may be asked for."""
        return True

    @classmethod
    def read(cls, given: QueryDict) -> list[uuid.UUID]:
        """The ticked rows in an address or a form. Raises BadRequest for what is no UUID."""
        try:
            return list(cls().clean(given.getlist("case")))
        except ValidationError:
            raise BadRequest("case: tick the rows again.") from None


class ExportForm(CaseListForm):
    """A list, or the rows ticked on it, with what the file is for."""

    case = ChosenCases()
    purpose = forms.ChoiceField(label="What the file is for", choices=[("", "Choose a purpose"), *Purpose.choices])

    def __init__(self, data: Any, *, actor: Actor, asks: bool = False) -> None:
        super().__init__(data, actor=actor)
        del self.fields["after"]
        self.fields["purpose"].required = not asks  # the page that asks for it has none yet
        for name in ("status", "risk"):
            if name in self.fields:
                self.fields[name].widget = forms.MultipleHiddenInput()
        if "officer" in self.fields:
            self.fields["officer"].widget = forms.HiddenInput()


class ReassignForm(forms.Form):
    """To whom the ticked cases go."""

    use_required_attribute = False

    case = ChosenCases()
    officer = forms.ModelChoiceField(
        label="Officer of record",
        queryset=User.objects.none(),
        error_messages={"invalid_choice": "Choose an officer of your agency who works cases."},
    )
    unit = forms.ModelChoiceField(
        label="Unit", queryset=Unit.objects.none(), required=False, empty_label="Each stays in its own unit"
    )
    reason = forms.CharField(label="Reason", max_length=300, help_text="Kept with each case, and told to its officers")

    def __init__(self, data: Any = None, *, actor: Actor, **options: Any) -> None:
        super().__init__(data, **options)
        units = Unit.objects.filter(agency_id=actor.agency_id, closed_at__isnull=True)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        people = members_of(units.order_by().values("pk"), having=Category.SHARE)
        self.fields["officer"].queryset = people  # type: ignore[attr-defined]
        self.fields["officer"].label_from_instance = lambda user: user.display  # type: ignore[attr-defined]
