"""Access as JSON: grants, who holds what and why, and to whom something may be given."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agencies.directory.categories import LABELS, Category, codes_of
from agencies.directory.models import FOREVER
from sharing.access.explain import Holder, Way, principal_name, withheld_mask
from sharing.access.models import Grant, Purpose
from sharing.access.rest import AgencyBrief, CodeField, LinkField, Moment, PageParameters, Strict

_CODES = {label: str(category.name) for category, label in LABELS.items()}

STATES = ["live", "suspended", "expired", "ended"]


class GrantParameters(PageParameters):
    """Which grants to list."""

    state = serializers.ChoiceField(choices=STATES, required=False)


class GrantInput(Strict):
    """What to share, with whom, why, and until when."""

    group = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="`group` of a unit or circle")
    bundle = serializers.CharField(max_length=20)
    narrowed_by = serializers.ListField(
        child=CodeField(Category), required=False, default=[], max_length=20, help_text="Categories to leave out"
    )
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    legal_basis = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    agreement = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Across agencies: needed"
    )
    until = Moment()

    def validate_until(self, value: Any) -> Any:
        """The end, no later than the calendar's last day."""
        return until_in_range(value)


class GrantChange(Strict):
    """A new end."""

    until = Moment()

    def validate_until(self, value: Any) -> Any:
        """The end, no later than the calendar's last day."""
        return until_in_range(value)


class GrantEnd(Strict):
    """Why access ends; the other side reads it."""

    reason = serializers.CharField(max_length=300)


class GrantAnswer(serializers.ModelSerializer[Grant]):
    """A grant: the paper on which access rests."""

    id = serializers.UUIDField(source="uuid")
    url = LinkField("grant")
    principal = serializers.SerializerMethodField(help_text="Name of the unit or circle that holds it")
    opens = serializers.SerializerMethodField()
    withheld = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    agreement = serializers.CharField(source="agreement.title", default=None, allow_null=True)
    issued_by = serializers.CharField(source="issued_by.display", default=None, allow_null=True)

    class Meta:
        model = Grant
        fields = [
            "id",
            "url",
            "version",
            "kind",
            "state",
            "record_type",
            "record_id",
            "group",
            "principal",
            "bundle",
            "opens",
            "withheld",
            "purpose",
            "legal_basis",
            "agreement",
            "issued_by",
            "issued_at",
            "until",
            "revoked_at",
            "revoke_reason",
        ]
        read_only_fields = fields

    def get_principal(self, grant: Grant) -> str:
        """The unit's or circle's name."""
        return principal_name(grant.group)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_opens(self, grant: Grant) -> list[str]:
        """The categories that it opens."""
        return codes_of(grant.mask)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_withheld(self, grant: Grant) -> list[str]:
        """The categories of data that it does not open."""
        return codes_of(withheld_mask(grant.mask))

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, grant: Grant) -> str:
        """Whether it opens anything now."""
        return state_of(grant, self.context["now"], self.context["closed"])


class GrantList(serializers.Serializer):
    """A page of the grants of one record: in force first, then those that have ended."""

    results = GrantAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class WayAnswer(serializers.Serializer):
    """One way by which the caller sees the record."""

    principal = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    bundle = serializers.CharField()
    opens = serializers.SerializerMethodField()
    agreement = serializers.CharField(allow_blank=True)
    until = serializers.DateTimeField()
    grant_url = LinkField("grant", source="grant")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_opens(self, way: Way) -> list[str]:
        """The categories that this way opens."""
        return [_CODES[label] for label in way.opens]


class HolderAnswer(serializers.Serializer):
    """Somebody who can see the record now."""

    principal = serializers.CharField()
    agencies = AgencyBrief(many=True)
    bundle = serializers.CharField()
    withheld = serializers.SerializerMethodField()
    until = serializers.DateTimeField()
    suspended = serializers.BooleanField()
    grant_url = LinkField("grant", source="grant")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_withheld(self, holder: Holder) -> list[str]:
        """The categories of data that the holder's grant does not open."""
        return codes_of(withheld_mask(holder.grant.mask))


class ReaderAnswer(serializers.Serializer):
    """Somebody who looked at the record in the last 90 days."""

    user_name = serializers.CharField()
    agency_name = serializers.CharField()
    action = serializers.CharField()
    purpose = serializers.CharField(allow_blank=True)
    channel = serializers.CharField()
    times = serializers.IntegerField()
    last_at = serializers.DateTimeField()


class AccessAnswer(serializers.Serializer):
    """Why the caller sees the record; who else can and who has, for those who may share it, else null."""

    why = WayAnswer(many=True)
    withheld = serializers.ListField(child=serializers.CharField())
    holders = HolderAnswer(many=True, allow_null=True)
    readers = ReaderAnswer(many=True, allow_null=True)


class UnitParameters(PageParameters):
    """Which units to list."""

    agency = serializers.UUIDField(required=False, help_text="Only this agency's")
    kind = serializers.ChoiceField(choices=["unit", "circle"], required=False)


class UnitAnswer(serializers.Serializer):
    """A unit or circle to which something may be given."""

    group = serializers.IntegerField(source="pk", help_text="What a grant names")
    kind = serializers.SerializerMethodField()
    name = serializers.SerializerMethodField()
    agency = AgencyBrief(source="unit.agency", default=None, allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=["unit", "circle"]))
    def get_kind(self, group: Any) -> str:
        """Which of the two it is."""
        return "unit" if hasattr(group, "unit") else "circle"

    def get_name(self, group: Any) -> str:
        """Its name as people say it."""
        return principal_name(group)


class UnitPage(serializers.Serializer):
    """A page of units and circles."""

    results = UnitAnswer(many=True)
    next = serializers.CharField(allow_null=True)


def until_in_range(value: Any) -> Any:
    """The moment, or ValidationError where the calendar of the database ends before it."""
    if value > FOREVER:
        raise serializers.ValidationError("Choose an end before the year 10000.")
    return value


def state_of(grant: Grant, now: Any, closed_agreements: tuple[int, ...]) -> str:
    """One of STATES, by the database's clock and the agreements that open nothing at present."""
    if grant.revoked_at is not None:
        return "ended"
    if grant.until <= now:
        return "expired"
    return "suspended" if grant.agreement_id in closed_agreements else "live"
