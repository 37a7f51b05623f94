"""Giving access, moving its end and ending it, as people type it."""

from __future__ import annotations

from typing import Any

from django import forms

from agencies.directory.categories import Category, union
from agencies.directory.dates import TypedDateField
from sharing.access.actors import Actor
from sharing.access.models import Purpose
from sharing.access.pages import OnceField
from sharing.access.querysets import receivers_for
from sharing.access.registry import Shareable
from sharing.agreements.querysets import live_of

NEVER_LEFT_OUT = Category.EXISTENCE


class ShareForm(forms.Form):
    """To whom, what, why, on what ground, until when."""

    use_required_attribute = False
    group = forms.TypedChoiceField(
        label="Share with", coerce=int, error_messages={"required": "Choose who will see it."}
    )
    bundle = forms.ChoiceField(
        label="What they will see", widget=forms.RadioSelect, error_messages={"required": "Choose what they will see."}
    )
    narrowed_by = forms.TypedMultipleChoiceField(
        label="Leave out", coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    purpose = forms.ChoiceField(
        label="Purpose",
        choices=[("", "Choose a purpose"), *Purpose.choices],
        error_messages={"required": "Choose a purpose."},
    )
    legal_basis = forms.CharField(
        label="Legal basis", max_length=200, required=False, help_text="The statute or order, where one applies."
    )
    agreement = forms.TypedChoiceField(
        label="Agreement", coerce=int, required=False, empty_value=None,
        help_text="Leave it open where one agreement alone covers both agencies.",
    )  # fmt: skip
    until = TypedDateField(
        label="Until",
        help_text="The last day. For example 6/4/26 or Jun 4 2026.",
        error_messages={"required": "Type the last day."},
    )

    def __init__(self, data: Any = None, *, actor: Actor, shareable: Shareable, record: Any) -> None:
        super().__init__(data)
        self.fields["token"] = OnceField(actor, record)
        bundles = [bundle for code, bundle in shareable.bundles.items() if code != "own_case"]
        offered = union(bundle.categories for bundle in bundles)
        self.receivers = receivers_for(record)
        choices: dict[str, Any] = {
            "group": [("", "Choose a unit or circle"), *self.receivers.items()],
            "bundle": [(bundle.code, bundle.label) for bundle in bundles],
            "narrowed_by": [(int(c), c.label) for c in Category if c in offered and c not in NEVER_LEFT_OUT],
            "agreement": [("", "Choose for me"), *live_of(record.agency_id).values_list("pk", "title")],
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]

    def clean_narrowed_by(self) -> Category:
        """The categories left out, as one mask."""
        return union(self.cleaned_data["narrowed_by"])


class EndForm(forms.Form):
    """Why access ends."""

    use_required_attribute = False
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The other side will read it.",
        error_messages={"required": "Say why the access ends; the other side will read it."},
    )


class ExtendForm(forms.Form):
    """Until when access lasts instead."""

    use_required_attribute = False
    until = TypedDateField(
        label="New last day",
        help_text="For example 6/4/26 or Jun 4 2026.",
        error_messages={"required": "Type the new last day."},
    )
