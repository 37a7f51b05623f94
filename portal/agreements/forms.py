"""Agreements as administrators type them."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone

from agencies.directory.dates import TypedDateField
from agencies.directory.models import Agency, AgencyKind
from sharing.agreements.codes import TEMPLATES, AgreementKind, Onward, Purpose
from sharing.agreements.models import Agreement, AgreementVersion
from sharing.agreements.terms import TERMS

YEAR = datetime.timedelta(days=365)


class TermsForm(forms.Form):
    """The terms of a draft. `bundles` are those in which a record may be shared, by code."""

    use_required_attribute = False
    purposes = forms.MultipleChoiceField(
        label="For which purposes", choices=Purpose.choices, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one purpose."},
    )  # fmt: skip
    allowances = forms.MultipleChoiceField(
        label="Who may be given what", widget=forms.CheckboxSelectMultiple,
        help_text="By kind of the agency that receives it. Nothing else can be shared under this agreement.",
        error_messages={"required": "Choose at least one thing that may be shared."},
    )  # fmt: skip
    legal_authority = forms.CharField(
        label="Legal authority", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The statutes and orders that let the parties share.",
        error_messages={"required": "Name the statutes or orders that let you share."},
    )  # fmt: skip
    text = forms.CharField(
        label="What the parties agree to", max_length=20_000, widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": "Say what the parties agree to."},
    )  # fmt: skip
    onward = forms.ChoiceField(label="May a receiver pass it on?", choices=Onward.choices, widget=forms.RadioSelect)
    max_days = forms.IntegerField(
        label="Longest single access, in days", min_value=1, max_value=3650,
        help_text="Whoever shares a case chooses an end within this.",
        error_messages={"required": "Type a number of days."},
    )  # fmt: skip
    response_hours = forms.IntegerField(
        label="A request is answered within, in hours", min_value=1, max_value=720,
        error_messages={"required": "Type a number of hours."},
    )  # fmt: skip
    retention_days = forms.IntegerField(
        label="What was taken out is kept for, in days", min_value=0, max_value=3650,
        help_text="Files and copies in the receivers' own systems.",
        error_messages={"required": "Type a number of days."},
    )  # fmt: skip
    two_sided = forms.BooleanField(label="A request needs a yes of both agencies", required=False)
    starts_on = TypedDateField(label="First day", error_messages={"required": "Type the first day."})
    ends_on = TypedDateField(label="Last day", error_messages={"required": "Type the last day."})
    review_on = TypedDateField(
        label="Looked at again by", help_text="Within three years of the first day.",
        error_messages={"required": "Type the day of the review."},
    )  # fmt: skip

    def __init__(self, data: Any = None, *, bundles: dict[str, Any], initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        offered = [
            (f"{kind.value}:{code}", f"{kind.label}: {bundle.label.lower()}")
            for kind in AgencyKind
            for code, bundle in bundles.items()
            if bundle.may_go_to(kind.value)
        ]
        self.fields["allowances"].choices = offered  # type: ignore[attr-defined]

    def terms(self) -> dict[str, Any]:
        """The terms, by field of the version."""
        return {name: self.cleaned_data[name] for name in TERMS}

    def allowed(self) -> list[tuple[str, str]]:
        """Pairs of a kind of agency and a bundle."""
        pairs = [chosen.partition(":") for chosen in self.cleaned_data["allowances"]]
        return [(kind, code) for kind, _, code in pairs]


class NewAgreementForm(TermsForm):
    """A new agreement from a template."""

    title = forms.CharField(
        label="Title", max_length=160, help_text="As people will read it beside every case that is shared under it.",
        error_messages={"required": "Give it a title."},
    )  # fmt: skip
    partners = forms.ModelMultipleChoiceField(
        label="With whom", queryset=Agency.objects.none(), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one other agency."},
    )  # fmt: skip
    joinable = forms.BooleanField(
        label="Other agencies may join later by their own signature", required=False,
        help_text="For agreements of a whole county or state.",
    )  # fmt: skip
    field_order = ["title", "partners"]

    def __init__(self, data: Any = None, *, own: Agency, bundles: dict[str, Any], initial: dict[str, Any]) -> None:
        super().__init__(data, bundles=bundles, initial=initial)
        partners = Agency.objects.filter(is_active=True).exclude(pk=own.pk).order_by("name")
        self.fields["partners"].queryset = partners  # type: ignore[attr-defined]


class DraftForm(NewAgreementForm):
    """A draft, from the revision that was read; of an amendment the terms alone."""

    seen_revision = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, first: bool, **options: Any) -> None:
        super().__init__(data, **options)
        del self.fields["joinable"]
        if not first:
            del self.fields["title"], self.fields["partners"]


class SeenForm(forms.Form):
    """Nothing to fill in but the revision that was read."""

    seen_revision = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class SignForm(forms.Form):
    """As what somebody signs; which version, and the digest of what they read."""

    use_required_attribute = False
    capacity = forms.CharField(
        label="You sign as", max_length=120, help_text="For example: Chief Probation Officer.",
        error_messages={"required": "Say as what you sign."},
    )  # fmt: skip
    number = forms.IntegerField(min_value=1, max_value=32_767, widget=forms.HiddenInput)
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    """Why."""

    use_required_attribute = False
    reason = forms.CharField(
        label="Why", max_length=300, help_text="The other parties read it.", error_messages={"required": "Say why."}
    )


def begun_from(kind: AgreementKind) -> dict[str, Any]:
    """What the form of a new agreement of this kind begins with: its template, from today."""
    template, today = TEMPLATES[kind], timezone.localdate()
    return {
        "title": "",
        "purposes": list(template.purposes),
        "allowances": [f"{receiver}:{code}" for receiver, codes in template.bundles.items() for code in codes],
        "text": template.text,
        "onward": Onward.NEVER,
        "max_days": template.max_days,
        "response_hours": 48,
        "retention_days": 365,
        "joinable": template.joinable,
        "starts_on": today,
        "ends_on": today + template.years * YEAR - datetime.timedelta(days=1),
        "review_on": today + template.years * YEAR - datetime.timedelta(days=60),
    }


def as_drafted(agreement: Agreement, version: AgreementVersion) -> dict[str, Any]:
    """What the form of a draft begins with: the draft."""
    return {
        **{name: getattr(version, name) for name in TERMS},
        "title": agreement.title,
        "partners": [row.agency_id for row in agreement.party_rows.all() if row.agency_id != agreement.made_by_id],
        "allowances": [f"{row.receiver_kind}:{row.bundle}" for row in version.allowances.all()],
        "seen_revision": version.revision,
    }
