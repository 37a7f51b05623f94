"""Opening, changing, reassigning and closing a case, as people type it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.dates import TypedDateField
from agencies.directory.models import AgencyKind, Unit
from agencies.directory.querysets import members_by_unit
from cases.people.models import Address, Alias, Identifier, Person
from cases.supervision.codes import CLOSED_STATUSES, OPEN_STATUSES, SupervisionType
from cases.supervision.models import Case
from cases.supervision.services import EDITABLE
from sharing.access.actors import Actor
from sharing.access.pages import OnceField

# The type of supervision that a new case of an agency of this kind most often has.
USUAL = {
    AgencyKind.PROBATION_ADULT.value: SupervisionType.PROBATION,
    AgencyKind.PROBATION_JUVENILE.value: SupervisionType.PROBATION_JUVENILE_DELINQUENT,
    AgencyKind.PAROLE.value: SupervisionType.PAROLE,
    AgencyKind.PRETRIAL.value: SupervisionType.PRETRIAL,
}
_REQUIRED = {"required": "Fill this in."}


def _reason() -> forms.CharField:
    """Why something changes, where nobody has to say."""
    help_text = "It stays in the record’s trail."
    return forms.CharField(label="Why it changes", max_length=300, required=False, help_text=help_text)


class Plain(forms.ModelForm):
    """A form whose sentences are ours: the browser's own checks stay off."""

    use_required_attribute = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if field.error_messages["required"] == "This field is required.":
                field.error_messages["required"] = "Fill this in."

    def _post_clean(self) -> None:
        """What the model says of the values is said by the services, where every way in passes."""

    def values(self, *names: str) -> dict[str, Any]:
        """Those of the named fields that the form has."""
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class PersonForm(Plain):
    """Who the person is: names, birth date, numbers."""

    birth_date = TypedDateField(label="Birth date", required=False, help_text="For example 6/4/1991 or Jun 4 1991.")

    class Meta:
        model = Person
        fields = ["given_name", "middle_name", "family_name", "suffix", "birth_date", "sex", "race", "local_id"]
        labels = {
            "given_name": "First name",
            "middle_name": "Middle name",
            "family_name": "Last name",
            "local_id": "Your agency’s number for the person",
        }
        help_texts = {"local_id": "", "suffix": "Jr., III."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for kind, label in Identifier.Kind.choices:
            self.fields[kind] = forms.CharField(label=label, max_length=40, required=False)

    def numbers(self) -> dict[str, str]:
        """Identifiers by kind, without blanks."""
        return {kind: self.cleaned_data.get(kind, "").strip() for kind in Identifier.Kind.values}

    def person(self) -> dict[str, Any]:
        """The columns of the person."""
        return self.values(*self.Meta.fields)


class PersonEditForm(PersonForm):
    """What an agency knows of a person, to be changed: the number it gave stays."""

    aliases = forms.CharField(
        label="Other names",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line, last name first: Hall, Tobi.",
    )
    reason = _reason()
    seen_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    class Meta(PersonForm.Meta):
        fields = PersonForm.Meta.fields[:-1]

    field_order = [*PersonForm.Meta.fields[:-1], *Identifier.Kind.values, "aliases", "reason"]

    def __init__(self, *args: Any, numbers: dict[str, str], aliases: list[Alias], **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.update(numbers)
        self.initial["aliases"] = "\r\n".join(_name_line(alias) for alias in aliases)
        self.initial["seen_version"] = self.instance.version
        self.order_fields(self.field_order)

    def names(self) -> list[dict[str, str]]:
        """The other names, line by line."""
        return [_name_of(line) for line in self.cleaned_data["aliases"].splitlines() if line.strip()]


class AddressForm(Plain):
    """Where the person lives, stays or works."""

    class Meta:
        model = Address
        fields = ["street", "city", "state", "postal_code", "phone"]
        labels = {"street": "Street and number", "state": "State", "postal_code": "ZIP code"}
        help_texts = {"state": "Two letters: FL."}

    def clean_state(self) -> str:
        """In capitals, as the post writes it."""
        return str(self.cleaned_data["state"]).upper()


class HomeForm(AddressForm):
    """Where the person lives, as far as that is known when the case is opened."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.required = False

    def clean(self) -> dict[str, Any]:
        """All of an address, or none of it."""
        cleaned = super().clean() or {}
        if any(cleaned.values()):
            for name in ("street", "city", "state"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, "Fill this in, or leave the whole address empty.")
        return cleaned

    def home(self) -> dict[str, Any] | None:
        """The address, or None where nothing was typed."""
        return dict(self.cleaned_data) if any(self.cleaned_data.values()) else None


class NewAddressForm(AddressForm):
    """One more address of a person."""

    class Meta(AddressForm.Meta):
        fields = ["kind", *AddressForm.Meta.fields]
        labels = {**AddressForm.Meta.labels, "kind": "What it is"}

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        super().__init__(data)
        self.fields["token"] = OnceField(actor)


class TermForm(Plain):
    """What the supervision is: kind, level, offense, term."""

    offense_date = TypedDateField(label="Date of the offense", required=False)
    term_start = TypedDateField(label="Term begins", required=False)
    term_end = TypedDateField(label="Term ends", required=False)
    next_review = TypedDateField(label="Next review", required=False)

    class Meta:
        model = Case
        fields: list[str] = [name for name in EDITABLE if name != "status"]
        labels = {
            "kind": "Type of supervision",
            "risk_level": "Assessed risk",
            "supervision_level": "Level of supervision",
            "offense": "Offense",
            "offense_degree": "Degree",
        }
        help_texts = {"offense_degree": "F2, M1."}


class NewCaseForm(TermForm):
    """A new case: its number, who works it, and what it is."""

    unit = forms.TypedChoiceField(label="Unit", coerce=int, error_messages={"required": "Choose the unit."})
    officer = forms.TypedChoiceField(label="Officer of record", coerce=int, required=False, empty_value=None)

    class Meta(TermForm.Meta):
        fields = ["number", *TermForm.Meta.fields]
        labels = {**TermForm.Meta.labels, "number": "Case number"}
        help_texts = {**TermForm.Meta.help_texts, "number": "As your agency counts its cases."}

    field_order = ["number", "unit", "officer"]

    def __init__(self, data: Any = None, *, actor: Actor, units: list[Unit], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["unit"].choices = [(unit.pk, unit.name) for unit in units]  # type: ignore[attr-defined]
        self.fields["officer"].choices = _officers(units)  # type: ignore[attr-defined]
        self.initial.setdefault("unit", units[0].pk)
        self.initial.setdefault("officer", actor.user_id)
        self.initial.setdefault("kind", USUAL.get(actor.agency.kind, SupervisionType.UNSPECIFIED))

    def case(self) -> dict[str, Any]:
        """The columns of the case."""
        return self.values(*self.Meta.fields)


class CaseEditForm(TermForm):
    """What a case says, to be changed. An open case stays open here: closing has its own page."""

    status = forms.TypedChoiceField(label="Status", coerce=int, choices=[(s.value, s.label) for s in OPEN_STATUSES])
    reason = _reason()
    seen = forms.CharField(widget=forms.HiddenInput)

    class Meta(TermForm.Meta):
        fields = list(EDITABLE)

    field_order = [*EDITABLE, "reason"]

    def __init__(self, data: Any = None, *, instance: Case, seen: str) -> None:
        super().__init__(data, instance=instance)
        self.initial["seen"] = seen
        if not instance.is_open:
            del self.fields["status"]

    def changes(self) -> dict[str, Any]:
        """The values to save, by field."""
        return self.values(*EDITABLE)


class Deciding(forms.Form):
    """A decision about a case, with its reason, made from the state in which somebody saw it."""

    use_required_attribute = False
    reason = forms.CharField(
        label="Reason", max_length=300, widget=forms.Textarea(attrs={"rows": 2}), error_messages=_REQUIRED
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, case: Case, seen: str) -> None:
        super().__init__(data, initial={"seen": seen})
        self.case = case


class ReassignForm(Deciding):
    """To which unit and officer a case goes."""

    unit = forms.TypedChoiceField(label="Unit", coerce=int)
    officer = forms.TypedChoiceField(
        label="Officer of record", coerce=int, required=False, empty_value=None, help_text="Of that unit."
    )

    field_order = ["unit", "officer", "reason"]

    def __init__(self, data: Any = None, *, case: Case, seen: str) -> None:
        super().__init__(data, case=case, seen=seen)
        open_or_own = Q(closed_at__isnull=True) | Q(pk=case.unit_id)
        units = list(Unit.objects.filter(open_or_own, agency_id=case.agency_id).order_by("is_root", "name"))
        self.fields["unit"].choices = [(unit.pk, unit.name) for unit in units]  # type: ignore[attr-defined]
        self.fields["officer"].choices = _officers(units)  # type: ignore[attr-defined]
        self.initial.update(unit=case.unit_id, officer=case.officer_id)


class CloseForm(Deciding):
    """How and when a supervision ended."""

    status = forms.TypedChoiceField(
        label="How it ended",
        coerce=int,
        widget=forms.RadioSelect,
        choices=[(status.value, status.label) for status in CLOSED_STATUSES],
        error_messages={"required": "Choose how the supervision ended."},
    )
    closed_on = TypedDateField(label="Last day", error_messages=_REQUIRED)

    field_order = ["status", "closed_on", "reason"]

    def __init__(self, data: Any = None, *, case: Case, seen: str) -> None:
        super().__init__(data, case=case, seen=seen)
        self.initial["closed_on"] = timezone.localdate()


class ReopenForm(Deciding):
    """Why a closed case is taken up again."""


def words(form: forms.BaseForm, name: str, value: Any = None) -> str:
    """What somebody chose or typed in a field, or another value of it, as people read it."""
    field = form.fields[name]
    chosen = form[name].value() if value is None else value
    if isinstance(field, forms.ChoiceField):
        flat: list[tuple[Any, Any]] = []
        for key, label in field.choices:  # type: ignore[misc, union-attr]
            flat += label if isinstance(label, (list, tuple)) else [(key, label)]
        return str({str(key): label for key, label in flat}.get(str(chosen), ""))
    return "" if chosen is None else str(field.prepare_value(chosen))


def _officers(units: list[Unit]) -> list[tuple[str, Any]]:
    """Nobody, then the officers who work cases, under their units."""
    working = members_by_unit([unit.pk for unit in units], having=Category.SHARE)
    groups = [(unit.name, [(person.pk, person.display) for person in working.get(unit.pk, [])]) for unit in units]
    return [("", "Nobody yet"), *(group for group in groups if group[1])]


def _name_line(alias: Alias) -> str:
    first = " ".join(part for part in (alias.given_name, alias.middle_name) if part)
    return f"{alias.family_name}, {first}" if first else alias.family_name


def _name_of(line: str) -> dict[str, str]:
    family, comma, first = line.partition(",")
    if not comma:
        *given, family = line.split()
        return {"given_name": " ".join(given), "family_name": family}
    given_name, _, middle = first.strip().partition(" ")
    return {"given_name": given_name, "middle_name": middle.strip(), "family_name": family.strip()}
