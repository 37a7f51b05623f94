"""Connections as administrators type them."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone

from agencies.directory.dates import TypedDateField, end_of_day
from agencies.directory.models import Unit
from sharing.access.actors import Actor
from sharing.access.pages import OnceField
from sharing.connections.services import CLIENT_ROLES
from sharing.notices.models import Webhook
from sharing.notices.registry import kinds

MAY = {
    "system_reader": "Read what is shared with these units",
    "system_partner": "Read it, and change joint plans",
}
USUAL_LIFE = datetime.timedelta(days=90)


class ClientForm(forms.Form):
    """A new system: its name, where it works, and as what."""

    use_required_attribute = False
    name = forms.CharField(
        label="Name of the system", max_length=120, error_messages={"required": "Give the system a name."},
        help_text="As your colleagues know it: Records system.",
    )  # fmt: skip
    units = forms.TypedMultipleChoiceField(
        label="Works in", coerce=int, widget=forms.CheckboxSelectMultiple,
        help_text="It sees what is shared with these units, as one of their officers would.",
        error_messages={"required": "Choose at least one unit."},
    )  # fmt: skip
    role = forms.ChoiceField(
        label="May", widget=forms.RadioSelect, error_messages={"required": "Choose what the system may do."}
    )

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        super().__init__(data)
        units = Unit.objects.filter(agency=actor.agency_id, closed_at__isnull=True).order_by("-is_root", "name")
        choices: dict[str, Any] = {
            "units": list(units.values_list("pk", "name")),
            "role": [(code, MAY[code]) for code in CLIENT_ROLES],
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]


class TokenForm(forms.Form):
    """What a token is for, and its last day."""

    use_required_attribute = False
    label = forms.CharField(
        label="What it is for", max_length=80, help_text="For example: nightly import, server 2.",
        error_messages={"required": "Say what the token is for."},
    )  # fmt: skip
    expires_at = TypedDateField(
        label="Last day",
        help_text="Within a year. For example 6/4/26 or Jun 4 2026.",
        error_messages={"required": "Type the last day."},
    )

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        super().__init__(data, initial={"expires_at": timezone.localdate() + USUAL_LIFE})
        self.fields["once"] = OnceField(actor)

    def clean_expires_at(self) -> datetime.datetime:
        """The end of the last day."""
        return end_of_day(self.cleaned_data["expires_at"])


class WebhookForm(forms.Form):
    """Where messages go, and about what."""

    use_required_attribute = False
    url = forms.CharField(
        label="Address", max_length=500, widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text="It begins with https:// and can be reached from the internet.",
        error_messages={"required": "Give the address."},
    )  # fmt: skip
    kinds_wanted = forms.MultipleChoiceField(
        label="Only these kinds of news", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Choose none, and it gets every kind.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, actor: Actor, webhook: Webhook | None = None) -> None:
        usual = {"url": webhook.url, "kinds_wanted": webhook.kinds} if webhook else {}
        super().__init__(data, initial=usual)
        choices = [(kind.kind, f"{kind.title}: {kind.line('an agency')}") for kind in kinds() if kind.is_about_records]
        self.fields["kinds_wanted"].choices = choices  # type: ignore[attr-defined]
        if webhook is None:
            self.fields["once"] = OnceField(actor)


class OnceForm(forms.Form):
    """Nothing but the number of what will be made."""

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        super().__init__(data)
        self.fields["once"] = OnceField(actor)
