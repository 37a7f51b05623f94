"""Goals and actions as people type them."""

from __future__ import annotations

from typing import Any

from django import forms

from agencies.directory.categories import Category
from agencies.directory.dates import TypedDateField
from agencies.directory.models import Agency
from cases.plans.models import Action, Goal, Plan
from cases.plans.services import values_of
from cases.plans.wording import LABELS
from cases.supervision.models import Case
from cases.supervision.readers import audience_choices
from sharing.access.actors import Actor
from sharing.access.pages import OnceField


class PlanForm(forms.ModelForm):
    """What a joint plan is for."""

    use_required_attribute = False

    class Meta:
        model = Plan
        fields = ["purpose", "strengths"]
        widgets = {"purpose": forms.Textarea(attrs={"rows": 2}), "strengths": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "purpose": "What both agencies want to reach with the person, in a sentence.",
            "strengths": "What the person brings: a trade, a family, a plan of their own.",
        }
        error_messages = {"purpose": {"required": "Say in a sentence what the plan is for."}}


class PartForm(forms.ModelForm):
    """A goal or an action. An edit carries the version it began from; a new one its future UUID, so that a second post
    of the same form finds the first one's work instead of adding again.
    """

    use_required_attribute = False
    reason = forms.CharField(
        label="Why it changes", max_length=300, required=False, help_text="Others read this beside the change."
    )
    seen_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, actor: Actor, case: Case, instance: Any, adding: bool) -> None:
        super().__init__(data, instance=instance)
        self.actor = actor
        if adding:
            del self.fields["seen_version"], self.fields["reason"]
            self.fields["token"] = OnceField(actor)
        else:
            self.initial["seen_version"] = instance.version
        # An action is for nobody who does not read its goal.
        only = instance.goal.audience if isinstance(instance, Action) else 0
        audiences = audience_choices(actor, case, Category.PLAN_VIEW, only)
        self.fields["audience"].choices = audiences  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            if field.required and not isinstance(field.widget, forms.HiddenInput):
                field.error_messages["required"] = "Fill this in."

    def changes(self) -> dict[str, Any]:
        """The values to save, by field."""
        return {name: self.cleaned_data[name] for name in type(self.instance).VERSIONED}

    def kept_values(self) -> dict[str, Any]:
        """The values as a version would keep them."""
        return values_of(self.instance)


class GoalForm(PartForm):
    """A goal."""

    class Meta:
        model = Goal
        fields = [
            "title",
            "need",
            "target",
            "baseline",
            "status",
            "progress_now",
            "progress_target",
            "progress_unit",
            "progress_note",
            "audience",
        ]
        widgets = {
            "target": forms.Textarea(attrs={"rows": 2}),
            "progress_note": forms.Textarea(attrs={"rows": 2}),
            "audience": forms.RadioSelect,
        }
        help_texts = {
            "title": "In the person’s words where you can: Keep a job.",
            "target": "Something both agencies can check: six months in one job.",
            "progress_target": "0 where progress is not counted.",
            "progress_unit": "Months, sessions, payments.",
        }


class ActionForm(PartForm):
    """An action that serves a goal."""

    due_on = TypedDateField(required=False)

    class Meta:
        model = Action
        fields = ["title", "kind", "owner_agency", "owner_text", "due_on", "rhythm", "status", "audience"]
        widgets = {"kind": forms.RadioSelect, "audience": forms.RadioSelect}
        help_texts = {
            "owner_text": "An officer, a unit, or the person.",
            "rhythm": "Weekly; Thursdays; when asked. Leave empty where there is one date.",
        }

    def __init__(self, *args: Any, agencies: list[Agency], **options: Any) -> None:
        super().__init__(*args, **options)
        owner: Any = self.fields["owner_agency"]
        owner.to_field_name = "uuid"
        owner.queryset = Agency.objects.filter(pk__in=[agency.pk for agency in agencies])
        owner.empty_label = "No agency"
        if self.instance.owner_agency_id:
            self.initial["owner_agency"] = next(
                (agency.uuid for agency in agencies if agency.pk == self.instance.owner_agency_id), None
            )
