"""Contacts as people type them: one page, one required choice, the moment filled in."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from agencies.directory.dates import TypedDateField
from agencies.directory.times import TypedTimeField
from cases.contacts.codes import KINDS_OF_SIDE, ContactKind, ContactLocation, ContactOutcome
from cases.contacts.models import NOTE_LENGTH, Contact
from cases.contacts.querysets import audiences_for, contact_readers
from cases.contacts.wording import LABELS
from cases.supervision.models import Case
from cases.supervision.readers import with_readers
from sharing.access.actors import Actor
from sharing.access.pages import OnceField

_SAYS_HALF = re.compile(r"[ap]|noon|mid|^\s*(0|1[3-9]|2)\d", re.IGNORECASE)


class _Optional(forms.TypedChoiceField):
    """A code that may be left out, which is 0."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, coerce=int, **options)
        self.empty_value: Any = 0


class ContactForm(forms.Form):
    """A contact. A new one carries its future UUID, so that a second post finds the first one's work."""

    use_required_attribute = False

    kind = forms.TypedChoiceField(
        label=LABELS["kind"],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what kind of contact it was."},
    )
    on = TypedDateField(label="Day", error_messages={"required": "Say on which day it was."}, help_text="")
    at = TypedTimeField(label="Time", required=False, help_text="")
    location = _Optional(label=LABELS["location"], choices=ContactLocation.choices)
    place = forms.CharField(label=LABELS["place"], max_length=120, required=False)
    outcome = _Optional(label=LABELS["outcome"], choices=ContactOutcome.choices)
    note = forms.CharField(
        label=LABELS["note"],
        max_length=NOTE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Facts, and what was agreed.",
    )
    audience = forms.TypedChoiceField(label=LABELS["audience"], coerce=int, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, actor: Actor, case: Case, initial: Mapping[str, Any] | None = None) -> None:
        audiences = audiences_for(actor, case)
        super().__init__(data, initial={"audience": audiences[0].value, **(initial or {})})
        kinds = list(KINDS_OF_SIDE[actor.side])
        chosen = self.initial.get("kind")
        if chosen in ContactKind.values and ContactKind(chosen) not in kinds:  # sent by a system; a correction keeps it
            kinds.insert(0, ContactKind(chosen))
        _choose(self.fields["kind"], [(kind.value, kind.label) for kind in kinds])
        named = [(one.value, with_readers(one, contact_readers(actor, case, one)[0])) for one in audiences]
        _choose(self.fields["audience"], named)

    def clean(self) -> dict[str, Any]:
        """The moment out of day and time, as `occurred_at` and `timed`. Raises ValidationError."""
        asked: dict[str, Any] = super().clean() or {}
        if asked.get("on") and "at" in asked:
            asked["timed"] = asked["at"] is not None
            moment = datetime.datetime.combine(asked["on"], asked["at"] or datetime.time(0))
            asked["occurred_at"] = self._passed(timezone.make_aware(moment))
        return asked

    def _passed(self, moment: datetime.datetime) -> datetime.datetime:
        """The moment; what is still to come and says neither am nor pm was twelve hours before."""
        now = timezone.now()
        half = datetime.timedelta(hours=12)
        typed = str(self.data.get("at", ""))
        if moment > now and moment - half <= now and not _SAYS_HALF.search(typed) and self.cleaned_data["at"]:
            return moment - half
        if moment > now + datetime.timedelta(minutes=5):
            raise ValidationError({"on": "This is still to come. Record what has taken place."})
        return moment

    def values(self) -> dict[str, Any]:
        """The values to save, by field of the contact."""
        return {name: self.cleaned_data[name] for name in Contact.VERSIONED}


class NewContactForm(ContactForm):
    """A new contact, which has taken place just now unless somebody says otherwise."""

    def __init__(self, data: Any = None, *, actor: Actor, case: Case, draft: Mapping[str, Any] | None = None) -> None:
        now = timezone.localtime()
        super().__init__(data, actor=actor, case=case, initial={"on": now.date(), "at": now.time(), **(draft or {})})
        self.fields["token"] = OnceField(actor)

    def kept(self) -> dict[str, str]:
        """What a draft keeps: every field as typed."""
        return {name: str(self.data[name]) for name in self.fields if name != "token" and name in self.data}


class CorrectionForm(ContactForm):
    """A contact as it stands, from the version that was seen, and why it is corrected."""

    reason = forms.CharField(
        label="Why it is corrected",
        max_length=300,
        error_messages={"required": "Say why it is corrected."},
        help_text="Whoever reads the contact reads this beside it. The version before it stays readable.",
    )
    seen_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, actor: Actor, case: Case, contact: Contact) -> None:
        at = timezone.localtime(contact.occurred_at)
        stands = {name: getattr(contact, name) for name in ("kind", "location", "place", "outcome", "note", "audience")}
        moment = {"on": at.date(), "at": at.time() if contact.timed else None}
        super().__init__(data, actor=actor, case=case, initial={**stands, **moment, "seen_version": contact.version})


class WithdrawForm(forms.Form):
    """Why a contact is withdrawn."""

    use_required_attribute = False
    reason = forms.CharField(
        label="Why it is withdrawn",
        max_length=300,
        error_messages={"required": "Say why it is withdrawn."},
        help_text="Wrong person, recorded twice. Whoever reads the contact reads this.",
    )


def _choose(field: forms.Field, choices: list[tuple[int, Any]]) -> None:
    field.choices = choices  # type: ignore[attr-defined]
