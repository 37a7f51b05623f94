"""Giving access, moving its end and ending it, as people type it."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from agencies.directory.dates import TypedDateField
from sharing.access.actors import Actor
from sharing.access.models import Purpose
from sharing.access.querysets import receivers_for
from sharing.access.registry import Shareable
from sharing.agreements.querysets import live_of

TOKEN_SALT = "sharing.access.share"  # noqa: S105 - names the use, is no secret
NEVER_LEFT_OUT = Category.EXISTENCE


def end_of_day(day: datetime.date) -> datetime.datetime:
    """The last moment of a day where the agency is: access "until June 4" includes June 4."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(23, 59, 59)))


class ShareForm(forms.Form):
    """To whom, what, why, on what ground, until when."""

    use_required_attribute = False
    group = forms.TypedChoiceField(
        label="Share with", coerce=int, error_messages={"required": "Choose who will see it."}
    )
    bundle = forms.ChoiceField(
        label="What they will see", widget=forms.RadioSelect, error_messages={"required": "Choose what they will see."}
    )
    narrowed = forms.TypedMultipleChoiceField(
        label="Leave out", coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    purpose = forms.ChoiceField(label="Purpose", choices=[("", "Choose a purpose"), *Purpose.choices])
    legal_basis = forms.CharField(
        label="Legal basis", max_length=200, required=False, help_text="The statute or order, where one applies."
    )
    agreement = forms.TypedChoiceField(
        label="Agreement", coerce=int, required=False, empty_value=None,
        help_text="Leave it open where one agreement alone covers both agencies.",
    )  # fmt: skip
    until = TypedDateField(label="Until", help_text="The last day. For example 6/4/26 or Jun 4 2026.")
    token = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, actor: Actor, shareable: Shareable, record: Any) -> None:
        super().__init__(data)
        self.actor = actor
        self.initial["token"] = signing.dumps(str(uuid.uuid4()), salt=f"{TOKEN_SALT}.{actor.user_id}")
        bundles = [bundle for code, bundle in shareable.bundles.items() if code != "own_case"]
        offered = NOTHING
        for bundle in bundles:
            offered |= bundle.categories
        self.receivers = receivers_for(record)
        choices: dict[str, Any] = {
            "group": [("", "Choose a unit or circle"), *self.receivers.items()],
            "bundle": [(bundle.code, bundle.label) for bundle in bundles],
            "narrowed": [(int(c), c.label) for c in Category if c in offered and c not in NEVER_LEFT_OUT],
            "agreement": [("", "Choose for me"), *live_of(record.agency_id).values_list("pk", "title")],
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]

    def clean_token(self) -> uuid.UUID:
        """The UUID that the form was given for the grant it makes."""
        try:
            return uuid.UUID(
                signing.loads(self.cleaned_data["token"], salt=f"{TOKEN_SALT}.{self.actor.user_id}", max_age=86400)
            )
        except signing.BadSignature:
            raise ValidationError("This form has grown too old. Open it again.") from None

    def clean_narrowed(self) -> Category:
        """The categories left out, as one mask."""
        left_out = NOTHING
        for bit in self.cleaned_data["narrowed"]:
            left_out |= Category(bit)
        return left_out


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
