"""Appointments as people type them."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.dates import TypedDateField
from agencies.directory.models import User
from agencies.directory.times import TypedTimeField
from cases.appointments.codes import ATTENDANCE, NOT_A_READER, AppointmentKind
from cases.appointments.models import Appointment
from cases.appointments.querysets import colleagues, companions, to_choose
from cases.supervision.codes import Audience
from cases.supervision.models import Case
from cases.supervision.readers import audience_choices
from sharing.access.actors import Actor
from sharing.access.pages import OnceField

LENGTHS = ((15, "15 minutes"), (30, "30 minutes"), (45, "45 minutes"), (60, "1 hour"), (90, "1 hour 30 minutes"),
           (120, "2 hours"), (240, "Half a day"), (480, "A day"))  # fmt: skip


AT_ONCE = 8
"""More officers than these stand behind a fold: a phone would show nothing else."""


class TimedForm(forms.Form):
    """A day and a time, typed, as one moment where the agency is."""

    use_required_attribute = False
    day = TypedDateField(error_messages={"required": "Type the day."})
    time = TypedTimeField(error_messages={"required": "Type the time."})

    def clean(self) -> dict[str, Any]:
        """Adds `starts_at` once day and time can be read."""
        values = super().clean() or {}
        day, time = values.get("day"), values.get("time")
        if day and time:
            values["starts_at"] = timezone.make_aware(datetime.datetime.combine(day, time))
        return values


class VersionField(forms.IntegerField):
    """The version from which a change begins, carried along by the form."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(min_value=1, max_value=2**31 - 1)


class DetailsForm(forms.Form):
    """What may be changed of an appointment while it is to come."""

    use_required_attribute = False
    kind = forms.ChoiceField(label="Kind", choices=AppointmentKind.choices)
    minutes = forms.TypedChoiceField(label="How long", coerce=int, choices=LENGTHS, initial=30)
    officer = forms.ModelChoiceField(
        label="With", queryset=User.objects.none(), empty_label=None,
        help_text="In whose calendar it stands.", error_messages={"invalid_choice": "Choose somebody of your unit."},
    )  # fmt: skip
    companions = forms.TypedMultipleChoiceField(
        label="Officers who come along", coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="It stands in their calendar too, and they are told. All of them may read this appointment.",
        error_messages={"invalid_choice": NOT_A_READER},
    )  # fmt: skip
    others = forms.CharField(
        label="Who else comes", max_length=160, required=False, help_text="An interpreter, somebody of the family."
    )
    place = forms.CharField(
        label="Where", max_length=160, required=False,
        help_text="A room, a courtroom, a site. Leave it empty for a visit at the home address.",
    )  # fmt: skip
    purpose = forms.CharField(
        label="What for", max_length=200, required=False,
        help_text="In a few words: plan review. Treatment sessions are not recorded here.",
    )  # fmt: skip
    audience = forms.TypedChoiceField(label="Who may read it", coerce=int, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, actor: Actor, case: Case, about: Appointment) -> None:
        super().__init__(data, initial={name: getattr(about, name) for name in Appointment.DETAILS})
        audiences = audience_choices(actor, case, Category.CONTACT_VIEW)
        self.fields["audience"].choices = audiences  # type: ignore[attr-defined]
        self.fields["officer"].queryset = colleagues(actor)  # type: ignore[attr-defined]
        self.fields["officer"].label_from_instance = lambda user: user.display  # type: ignore[attr-defined]
        named = about.companion_ids if about.pk else []
        self.people = {
            one.pk: one for one in to_choose(companions(actor, case, case.opened, Audience.BOTH, named), named)
        }
        self.fields["companions"].choices = [(one.pk, _named(one)) for one in self.people.values()]  # type: ignore[attr-defined]
        self.initial["companions"] = named
        if lapsed := [number for number in named if number not in self.people]:
            taken = "one who was" if len(lapsed) == 1 else f"{len(lapsed)} who were"
            self.fields["companions"].help_text += f" Saving takes off {taken} named and cannot come any more."
        if len(self.people) > AT_ONCE:
            self.fields["companions"].folded = f"Choose among {len(self.people)} officers"  # type: ignore[attr-defined]
        if about.minutes not in dict(LENGTHS):
            own = (about.minutes, f"{about.minutes} minutes")
            self.fields["minutes"].choices = sorted((*LENGTHS, own))  # type: ignore[attr-defined]
        self.initial["officer"] = about.officer_id

    def details(self) -> dict[str, Any]:
        """The values to save, by field."""
        return {name: self.cleaned_data[name] for name in Appointment.DETAILS} | {"companions": self.along()}

    def along(self) -> list[User]:
        """Who comes along."""
        return [self.people[number] for number in self.cleaned_data["companions"]]

    def officers(self) -> set[User]:
        """Who is to be there."""
        return {self.cleaned_data["officer"], *self.along()}


class AppointmentForm(TimedForm, DetailsForm):
    """A new appointment, with its future UUID."""

    field_order = ["kind", "day", "time", "minutes", "officer", "companions", "others", "place", "purpose", "audience"]

    def __init__(self, data: Any = None, *, actor: Actor, case: Case, about: Appointment) -> None:
        super().__init__(data, actor=actor, case=case, about=about)
        self.fields["token"] = OnceField(actor)

    def values(self) -> dict[str, Any]:
        """The values to save, by field, with the moment."""
        return {"starts_at": self.cleaned_data["starts_at"], **self.details()}


class ChangeForm(DetailsForm):
    """An appointment's details, changed."""

    seen_version = VersionField()

    def __init__(self, data: Any = None, *, actor: Actor, case: Case, about: Appointment) -> None:
        super().__init__(data, actor=actor, case=case, about=about)
        self.initial["seen_version"] = about.version


class OutcomeForm(forms.Form):
    """How an appointment went: one choice, one text that may stay empty."""

    use_required_attribute = False
    outcome = forms.ChoiceField(
        label="How did it go?",
        widget=forms.RadioSelect,
        choices=[(code.value, code.label) for code in ATTENDANCE],
        error_messages={"required": "Choose how it went."},
    )
    note = forms.CharField(
        label="Note", max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What happened, in plain facts. Whoever may see the appointment reads it.",
    )  # fmt: skip
    seen_version = VersionField()


class MoveForm(TimedForm):
    """Another day and time, and why."""

    note = forms.CharField(
        label="Why it moves", max_length=300, error_messages={"required": "Say why it moves."},
        help_text="Whoever may see the appointment reads it.",
    )  # fmt: skip
    seen_version = VersionField()

    def __init__(self, data: Any = None, *, actor: Actor, about: Appointment) -> None:
        start = timezone.localtime(about.starts_at)
        super().__init__(data, initial={"time": start.time(), "seen_version": about.version})
        self.fields["token"] = OnceField(actor)


class CancelForm(forms.Form):
    """Why an appointment is called off."""

    use_required_attribute = False
    note = forms.CharField(
        label="Why it is canceled", max_length=300, error_messages={"required": "Say why it is canceled."},
        help_text="Whoever may see the appointment reads it.",
    )  # fmt: skip
    seen_version = VersionField()


class PersonForm(forms.Form):
    """With whom a new appointment is to be."""

    use_required_attribute = False
    case = forms.ChoiceField(label="With whom", error_messages={"required": "Choose a person."})

    def __init__(self, data: Any = None, *, cases: list[Case]) -> None:
        super().__init__(data)
        rows = sorted((case.person.sorted, str(case.uuid)) for case in cases)
        self.fields["case"].choices = [  # type: ignore[attr-defined]
            ("", "Choose a person"),
            *((key, name) for name, key in rows),
        ]


def _named(user: Any) -> str:
    """An officer; one of another agency with its name."""
    return str(user.display if user.near else f"{user.display}, {user.agency_name}")
