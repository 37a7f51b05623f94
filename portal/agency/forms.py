"""What people type on the pages of their agency."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django import forms
from django.db.models.functions import Lower
from django.utils import timezone

from agencies.accounts.services import details_state
from agencies.directory.categories import Category
from agencies.directory.dates import TypedDateField, end_of_day
from agencies.directory.models import Unit, User
from agencies.directory.querysets import members_by_unit, memberships_in_force
from agencies.directory.roles import ROLES
from cases.supervision.models import Case
from sharing.access.actors import Actor


def open_units(agency_id: int) -> list[tuple[Any, str]]:
    """The agency's open units as choices, the root first."""
    rows = Unit.objects.filter(agency_id=agency_id, closed_at__isnull=True).order_by("-is_root", Lower("name"))
    return [(unit.pk, unit.name) for unit in rows]


PEOPLES_ROLES = [(role.code, role.label) for role in ROLES.values() if not role.for_systems]


class RoleForm(forms.Form):
    """A role in a unit."""

    use_required_attribute = False
    unit = forms.TypedChoiceField(label="Unit", coerce=int, error_messages={"required": "Choose a unit."})
    role = forms.ChoiceField(
        label="Role",
        choices=[("", "Choose a role"), *PEOPLES_ROLES],
        help_text="Roles says in words what each sees and does.",
        error_messages={"required": "Choose a role."},
    )

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        super().__init__(data)
        self.fields["unit"].choices = [("", "Choose a unit"), *open_units(actor.agency_id)]  # type: ignore[attr-defined]


class DetailsForm(forms.Form):
    """What an account says of its owner."""

    use_required_attribute = False
    name = forms.CharField(
        label="Name", max_length=120, error_messages={"required": "Type the name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    title = forms.CharField(label="Rank or title", max_length=40, required=False, help_text="As spoken: Sgt., Ofc., PO")
    badge = forms.CharField(label="Badge", max_length=20, required=False)
    phone = forms.CharField(label="Phone", max_length=30, required=False)


class CorrectForm(DetailsForm):
    """What an account says of its owner, from the state in which it was read."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, person: User) -> None:
        details = {name: getattr(person, name) for name in DetailsForm.base_fields}
        super().__init__(data, initial={**details, "seen": details_state(person)})


class InviteForm(DetailsForm, RoleForm):
    """Somebody new, and the role with which they begin."""

    email = forms.EmailField(
        label="E-mail at work",
        max_length=254,
        help_text="The invitation goes here. It carries a link and no name.",
        error_messages={"required": "Type the address at work."},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("name", "email", "title", "badge", "phone", "unit", "role")


class PeopleSearchForm(forms.Form):
    """Words of a name or an address."""

    q = forms.CharField(label="Name or e-mail", max_length=120, required=False)


class UnitForm(forms.Form):
    """A unit's name and number to call."""

    use_required_attribute = False
    name = forms.CharField(label="Name", max_length=80, error_messages={"required": "Type the unit's name."})
    phone = forms.CharField(label="Phone", max_length=30, required=False)


class ReasonForm(forms.Form):
    """Why an account is shut."""

    use_required_attribute = False
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The trail keeps it. No case, no name.",
        error_messages={"required": "Say why; the trail keeps it."},
    )


class ReassignForm(forms.Form):
    """Which cases of a caseload go to whom, and why. The boxes stand beside the cases, so the page draws them."""

    use_required_attribute = False
    cases = forms.TypedMultipleChoiceField(
        coerce=uuid.UUID, widget=forms.MultipleHiddenInput, error_messages={"required": "Choose at least one case."}
    )
    officer = forms.TypedChoiceField(
        label="To", coerce=int, error_messages={"required": "Choose who works these cases from now on."}
    )
    unit = forms.TypedChoiceField(
        label="Unit", coerce=int, required=False, empty_value=None, help_text="Where it differs from the cases’ own."
    )
    reason = forms.CharField(
        label="Reason", max_length=300, help_text="Both officers and the trail keep it.",
        error_messages={"required": "Say why the cases move."},
    )  # fmt: skip

    def __init__(self, data: Any = None, *, actor: Actor, cases: list[Case]) -> None:
        super().__init__(data, initial={"cases": [str(case.uuid) for case in cases]})
        units = open_units(actor.agency_id)
        people = members_by_unit([number for number, _ in units], having=Category.SHARE)
        others = [
            (
                name,
                [(person.pk, person.display) for person in people.get(number, []) if person.pk != cases[0].officer_id],
            )
            for number, name in units
        ]
        choices: dict[str, list[tuple[Any, Any]]] = {
            "cases": [(str(case.uuid), case.number) for case in cases],
            "officer": [("", "Choose an officer"), *[group for group in others if group[1]]],
            "unit": [("", "Each case stays in its unit"), *units],
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]

    def officer_name(self) -> str:
        """The chosen officer as the page names them."""
        field: Any = self.fields["officer"]
        people = dict(person for _, group in field.choices[1:] for person in group)
        return str(people[self.cleaned_data["officer"]])

    def keep_refused(self, refused: list[tuple[uuid.UUID, str]], cases: list[Case]) -> None:
        """Leave ticked what did not move, and say why on top of the form: one line a reason, with the names."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data.setlist("cases", [str(case_uuid) for case_uuid, _ in refused])  # type: ignore[attr-defined]
        names = {case.uuid: f"{case.person.sorted} ({case.number})" for case in cases}
        by_reason: dict[str, list[str]] = {}
        for case_uuid, why in refused:
            by_reason.setdefault(why, []).append(names[case_uuid])
        for why, people in by_reason.items():
            self.add_error(None, f"{why} {'; '.join(people)}.")


class CoverForm(forms.Form):
    """A colleague, and the days."""

    use_required_attribute = False
    colleague = forms.TypedChoiceField(
        label="Colleague", coerce=int, error_messages={"required": "Choose a colleague."}
    )
    starts = TypedDateField(label="First day", error_messages={"required": "Type the first day."})
    until = TypedDateField(label="Last day", error_messages={"required": "Type the last day."})

    def __init__(self, data: Any = None, *, actor: Actor, officer: User | None = None) -> None:
        super().__init__(data)
        officer = officer or actor.user
        here = memberships_in_force().filter(group__unit__agency_id=actor.agency_id)
        own = here.filter(user=officer).values("group_id")
        near = set(here.filter(group_id__in=own).values_list("user_id", flat=True))
        people = User.objects.filter(pk__in=here.values("user_id"), is_active=True, kind=User.Kind.PERSON)
        people = people.exclude(pk=officer.pk).order_by("name")
        unit: list[tuple[int, str]] = []
        others: list[tuple[int, str]] = []
        for person in people:
            (unit if person.pk in near else others).append((person.pk, person.display))
        groups = [("The same units", unit), ("Others of the agency", others)]
        choices = [("", "Choose a colleague"), *[group for group in groups if group[1]]]
        self.fields["colleague"].choices = choices  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """What a service takes: the colleague, and whole days."""
        given = self.cleaned_data
        begins = timezone.make_aware(datetime.datetime.combine(given["starts"], datetime.time()))
        return {"colleague_id": given["colleague"], "starts_at": begins, "until": end_of_day(given["until"])}
