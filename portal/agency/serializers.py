"""The directory as systems read it, and what an administrator's program sends."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from agencies.directory.models import AgencyKind, Cover, Unit, User
from agencies.directory.roles import ROLES
from portal.agency.querysets import HERE, STATES, stand_in
from sharing.access.rest import AgencyBrief, Moment, PageParameters, Strict

ROLE_CODES = [(role.code, role.label) for role in ROLES.values() if not role.for_systems]


class AgencyParameters(PageParameters):
    """Which agencies to list."""

    kind = serializers.ChoiceField(choices=AgencyKind.choices, required=False)


class AgencyPage(serializers.Serializer):
    """A page of agencies."""

    results = AgencyBrief(many=True)
    next = serializers.CharField(allow_null=True)


class AgencyUnitParameters(PageParameters):
    """Which units to list."""

    agency = serializers.UUIDField(required=False, help_text="Only this agency's")


class AgencyUnit(serializers.ModelSerializer[Unit]):
    """A unit of an agency. Its number is what grants, members and cases name."""

    id = serializers.IntegerField(source="pk", read_only=True)
    agency = AgencyBrief(read_only=True)

    class Meta:
        model = Unit
        fields = ["id", "name", "phone", "is_root", "closed_at", "agency"]
        read_only_fields = ["is_root", "closed_at"]


class AgencyUnitPage(serializers.Serializer):
    """A page of units."""

    results = AgencyUnit(many=True)
    next = serializers.CharField(allow_null=True)


class AgencyUnitInput(Strict):
    """A unit's name and number to call."""

    name = serializers.CharField(max_length=80)
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")


class RoleHere(serializers.Serializer):
    """A role in a unit; `id` is what ending it names."""

    id = serializers.IntegerField(source="pk")
    unit = serializers.IntegerField(source="group_id")
    unit_name = serializers.CharField(source="group.unit.name")
    role = serializers.CharField()
    until = serializers.DateTimeField(help_text="9999-12-31 for no end")


class StandIn(serializers.Serializer):
    """Who answers for an officer who is away, and until when."""

    until = serializers.DateTimeField()
    name = serializers.CharField()
    phone = serializers.CharField()


class OfficerAnswer(serializers.ModelSerializer[User]):
    """Somebody who works for the caller's agency."""

    id = serializers.IntegerField(source="pk")
    roles = RoleHere(source="roles_here", many=True)
    away = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "name", "title", "badge", "phone", "roles", "away"]

    @extend_schema_field(StandIn(allow_null=True))
    def get_away(self, user: User) -> Any:
        """Who answers, where the officer is away now."""
        answers = stand_in(user)
        return StandIn(answers).data if answers else None


class OfficerParameters(PageParameters):
    """Which officers to list."""

    unit = serializers.IntegerField(required=False, min_value=1, help_text="Only those of this unit")


class OfficerPage(serializers.Serializer):
    """A page of officers."""

    results = OfficerAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class OfficerSearch(Strict):
    """Whom to find. In the body, so that no name stands in an address."""

    words = serializers.CharField(max_length=120, help_text="Each stands in the name or in the e-mail address")


class OfficersFound(serializers.Serializer):
    """The officers found, by name; the first fifty."""

    results = OfficerAnswer(many=True)


class MemberAnswer(OfficerAnswer):
    """An account as the agency's administrators see it. Of one that works there no more, `last_login` is null."""

    state = serializers.SerializerMethodField()

    class Meta(OfficerAnswer.Meta):
        fields = [*OfficerAnswer.Meta.fields, "email", "state", "last_login"]

    def to_representation(self, user: User) -> dict[str, Any]:
        """Besides: when somebody signs in is no matter of an agency whose roles have ended."""
        shown: dict[str, Any] = super().to_representation(user)
        return shown if shown["roles"] else {**shown, "last_login": None}

    @extend_schema_field(serializers.ChoiceField(choices=["active", "invited", "suspended"]))
    def get_state(self, user: User) -> str:
        """Whether somebody can sign in: invited until a password is chosen."""
        if not user.is_active:
            return "suspended"
        return "active" if user.has_usable_password() or user.last_login else "invited"


class MemberParameters(OfficerParameters):
    """Which accounts to list."""

    state = serializers.ChoiceField(choices=STATES, required=False, default=HERE)


class MemberPage(serializers.Serializer):
    """A page of accounts."""

    results = MemberAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class RoleInput(Strict):
    """A role in a unit of the caller's agency."""

    unit = serializers.IntegerField(min_value=1)
    role = serializers.ChoiceField(choices=ROLE_CODES)


class MemberInput(RoleInput):
    """Somebody new, and the role with which they begin."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(max_length=254)
    title = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    badge = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")


class DetailsInput(Strict):
    """What an account says of its owner. The address stays: it is the name by which they sign in."""

    name = serializers.CharField(max_length=120)
    title = serializers.CharField(max_length=40, allow_blank=True)
    badge = serializers.CharField(max_length=20, allow_blank=True)
    phone = serializers.CharField(max_length=30, allow_blank=True)


class WhyInput(Strict):
    """Why an account is shut."""

    reason = serializers.CharField(max_length=300)


class RoleAnswer(serializers.Serializer):
    """A role: a ceiling over what the keys of the holder's units open."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    explanation = serializers.CharField()
    sees = serializers.ListField(child=serializers.CharField())
    does = serializers.ListField(child=serializers.CharField())
    for_systems = serializers.BooleanField()


class RoleList(serializers.Serializer):
    """Every role; the table is fixed, and short."""

    roles = RoleAnswer(many=True)


class LoadAnswer(serializers.Serializer):
    """What one officer carries in one unit."""

    unit = serializers.CharField()
    officer = serializers.CharField(source="name")
    cases = serializers.IntegerField()
    due = serializers.IntegerField(help_text="Reviews that fall within 14 days")
    overdue = serializers.IntegerField()


class LoadList(serializers.Serializer):
    """The workload of the units whose cases the caller may see."""

    loads = LoadAnswer(many=True)


@extend_schema_serializer(component_name="Cover")
class CoverAnswer(serializers.ModelSerializer[Cover]):
    """A colleague who answers for an officer. It gives news and a list, and opens nothing."""

    id = serializers.UUIDField(source="uuid")
    officer = serializers.IntegerField(source="officer_id")
    colleague = serializers.IntegerField(source="colleague_id")

    class Meta:
        model = Cover
        fields = ["id", "officer", "colleague", "starts_at", "until"]


class CoverList(serializers.Serializer):
    """The caller's covers that are not over, and those in which the caller answers now."""

    own = CoverAnswer(many=True)
    covering = CoverAnswer(many=True)


class CoverInput(Strict):
    """A colleague of the caller's agency, and the time; an administrator may name another officer than themselves."""

    officer = serializers.IntegerField(min_value=1, required=False)
    colleague = serializers.IntegerField(min_value=1)
    starts_at = Moment()
    until = Moment()
