"""Flags and cautions as people type them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.dates import TypedDateField
from cases.flags.codes import usual_review
from cases.flags.models import Flag
from cases.supervision.codes import RiskLevel
from cases.supervision.models import Case, Caution
from cases.supervision.readers import audience_choices
from sharing.access.actors import Actor
from sharing.access.pages import OnceField

RANKS = [
    (1, "Weapon or assault: first on every page"),
    (3, "Danger to officers or others"),
    (5, "To be known on arrival"),
]


class FlagForm(forms.ModelForm):
    """A new flag."""

    use_required_attribute = False
    review_on = TypedDateField(
        label="Look at it again by",
        required=False,
        help_text="Left empty, the usual day of its kind. For example 6/4/26 or Jun 4 2026.",
    )

    class Meta:
        model = Flag
        fields = ["kind", "level", "basis", "evidence", "audience", "review_on"]
        labels = {"kind": "Flag", "level": "Level", "basis": "What it rests on", "audience": "Who may read it"}
        help_texts = {
            "evidence": "The order, tool, register or report, and its date.",
            "level": "Where the kind has levels.",
        }
        widgets = {
            "basis": forms.RadioSelect,
            "evidence": forms.Textarea(attrs={"rows": 2}),
            "audience": forms.RadioSelect,
        }
        error_messages = {
            "kind": {"required": "Choose which flag."},
            "basis": {"required": "Say what it rests on; a flag without a basis cannot be set."},
            "evidence": {"required": "Name the order, tool, register or report."},
        }

    def __init__(self, data: Any = None, *, actor: Actor, case: Case) -> None:
        super().__init__(data)
        self.fields["token"] = OnceField(actor)
        choices: dict[str, Any] = {
            "basis": Flag._meta.get_field("basis").choices,  # no empty choice beside the others
            "audience": audience_choices(actor, case, Category.FLAGS),
            "level": [(RiskLevel.NOT_APPLICABLE.value, "No level"), *RiskLevel.choices[1:]],
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class CautionForm(forms.ModelForm):
    """A new caution."""

    use_required_attribute = False
    rank = forms.TypedChoiceField(
        label="Where it stands", choices=RANKS, coerce=int, widget=forms.RadioSelect, initial=3,
        error_messages={"required": "Say how near the top it stands."},
    )  # fmt: skip
    review_on = TypedDateField(
        label="Look at it again by", error_messages={"required": "Type the day by which somebody looks again."}
    )

    class Meta:
        model = Caution
        fields = ["text", "detail", "rank", "review_on"]
        labels = {"text": "Caution, in two or three words", "detail": "What happened"}
        help_texts = {
            "text": "A fact, not a judgement: “Carries knife”, “Assaulted officer”. It stands on every page.",
            "detail": "When, and how it is known: “May 2025, carried concealed”.",
        }
        error_messages = {"text": {"required": "Name the danger in two or three words."}}

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        super().__init__(data)
        self.fields["token"] = OnceField(actor)

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class ReviewForm(forms.Form):
    """What was looked at, and until when it holds."""

    use_required_attribute = False
    note = forms.CharField(
        label="What you looked at",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="“Spoke with the unit that made the arrest; nothing since.”",
        error_messages={"required": "Say in a sentence what you looked at."},
    )
    review_on = TypedDateField(
        label="Look at it again by", error_messages={"required": "Type the day by which somebody looks again."}
    )
    seen_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    @classmethod
    def about(cls, part: Any, kind: str, data: Any = None) -> ReviewForm:
        """The form about one flag or caution, with the day on which its kind is usually looked at again."""
        usual = usual_review(kind, timezone.localdate())
        return cls(data, initial={"seen_version": part.version, "review_on": usual})


class EndForm(forms.Form):
    """Why a flag or caution ends."""

    use_required_attribute = False
    reason = forms.CharField(
        label="Why it ends",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="It stays beside the ended entry, with your name.",
        error_messages={"required": "Say why it ends."},
    )
