"""Joint plans as JSON (j:CasePlan): plan, goals, actions, and what each was before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cases.plans.codes import ActionKind, ActionStatus, GoalStatus, Need
from cases.plans.models import Action, Audience, Goal, GoalVersion, Plan, PlanPartVersion
from sharing.access.rest import AgencyField, CodeField, LinkField, PageParameters, Strict


class GoalParameters(PageParameters):
    """Which goals to list."""

    status = serializers.ChoiceField(choices=GoalStatus.choices, required=False)
    need = serializers.ChoiceField(choices=Need.choices, required=False)


class ActionParameters(PageParameters):
    """Which actions to list."""

    status = serializers.ChoiceField(choices=ActionStatus.choices, required=False)
    kind = serializers.ChoiceField(choices=ActionKind.choices, required=False)


class PlanInput(Strict, serializers.ModelSerializer[Plan]):
    """What a new plan is for."""

    class Meta:
        model = Plan
        fields = ["purpose", "strengths"]


class GoalInput(Strict, serializers.ModelSerializer[Goal]):
    """A goal, new or changed."""

    audience = CodeField(Audience, required=False)

    class Meta:
        model = Goal
        fields: Sequence[str] = Goal.VERSIONED


class GoalChange(GoalInput):
    """A changed goal: only what changes, and why."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=300)

    class Meta(GoalInput.Meta):
        fields = (*Goal.VERSIONED, "reason")


class ActionInput(Strict, serializers.ModelSerializer[Action]):
    """An action, new or changed."""

    audience = CodeField(Audience, required=False)
    owner_agency = AgencyField(required=False, allow_null=True)

    class Meta:
        model = Action
        fields: Sequence[str] = Action.VERSIONED


class ActionChange(ActionInput):
    """A changed action: only what changes, and why."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=300)

    class Meta(ActionInput.Meta):
        fields = (*Action.VERSIONED, "reason")


class ActionAnswer(serializers.ModelSerializer[Action]):
    """An action of a goal. Lists are in order; a number would show where something is hidden."""

    id = serializers.UUIDField(source="uuid")
    url = LinkField("action")
    audience = CodeField(Audience)
    owner_agency = AgencyField(allow_null=True)
    case_url = LinkField("case", source="case")

    class Meta:
        model = Action
        fields = ["id", "url", "version", "updated_at", *Action.VERSIONED, "case_url"]
        read_only_fields = fields


class GoalAnswer(serializers.ModelSerializer[Goal]):
    """A goal of a plan. Lists are in order; a number would show where something is hidden."""

    id = serializers.UUIDField(source="uuid")
    url = LinkField("goal")
    audience = CodeField(Audience)
    case_url = LinkField("case", source="case")
    actions_url = LinkField("goal-actions")
    versions_url = LinkField("goal-versions")

    class Meta:
        model = Goal
        fields = [
            "id",
            "url",
            "version",
            "updated_at",
            *Goal.VERSIONED,
            "case_url",
            "actions_url",
            "versions_url",
        ]
        read_only_fields = fields


class GoalWithActions(GoalAnswer):
    """A goal of a plan with its actions."""

    actions = serializers.SerializerMethodField()

    class Meta(GoalAnswer.Meta):
        fields = [*GoalAnswer.Meta.fields, "actions"]

    @extend_schema_field(ActionAnswer(many=True))
    def get_actions(self, goal: Goal) -> Any:
        """The goal's actions in order, as far as the caller may see them."""
        return ActionAnswer(self.context["actions"].get(goal.pk, []), many=True).data


class PlanAnswer(serializers.ModelSerializer[Plan]):
    """The open plan of a case with its goals and actions."""

    id = serializers.UUIDField(source="uuid")
    url = LinkField("plan", source="case")
    case_url = LinkField("case", source="case")
    review_due = serializers.DateField(source="review_on", allow_null=True)
    goals = serializers.SerializerMethodField()

    class Meta:
        model = Plan
        fields = [
            "id",
            "url",
            "case_url",
            "version",
            "updated_at",
            "status",
            "purpose",
            "strengths",
            "active_since",
            "review_due",
            "goals",
        ]
        read_only_fields = fields

    @extend_schema_field(GoalWithActions(many=True))
    def get_goals(self, plan: Plan) -> Any:
        """The goals in order, as far as the caller may see them."""
        return GoalWithActions(self.context["goals"], many=True, context=self.context).data


class GoalList(serializers.Serializer):
    """A page of the goals of a plan."""

    results = GoalAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class ActionList(serializers.Serializer):
    """A page of the actions of a goal."""

    results = ActionAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class VersionAnswer(serializers.ModelSerializer[GoalVersion]):
    """A goal or action as it was after one change, and what it was before."""

    changed_by = serializers.CharField(source="changed_by.display", default=None, allow_null=True)
    changed_by_agency = serializers.CharField(source="changed_by_agency.name", default=None, allow_null=True)
    before = serializers.SerializerMethodField(help_text="Fields before the change; null for the first version")
    after = serializers.SerializerMethodField(help_text="Fields after the change")

    class Meta:
        model = GoalVersion
        fields = [
            "version",
            "changed_at",
            "changed_by",
            "changed_by_agency",
            "changed_fields",
            "reason",
            "before",
            "after",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
    def get_before(self, version: PlanPartVersion) -> dict[str, Any] | None:
        """The version before this one, if there is one and the caller may see it."""
        earlier = self.context["earlier"].get(version.version)
        return values_shown(earlier.values) if earlier else None

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_after(self, version: PlanPartVersion) -> dict[str, Any]:
        """This version."""
        return values_shown(version.values)


class VersionList(serializers.Serializer):
    """A page of versions, latest first."""

    results = VersionAnswer(many=True)
    next = serializers.CharField(allow_null=True)


def values_shown(values: dict[str, Any]) -> dict[str, Any]:
    """What a version keeps, with codes by their names."""
    return values | {"audience": Audience(values["audience"]).name} if "audience" in values else values
