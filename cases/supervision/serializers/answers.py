"""Cases, people, conditions and the status card as answers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agencies.directory.categories import codes_of
from cases.supervision.serializers.blocks import (
    AddressBlock,
    AliasBlock,
    AssessmentBlock,
    C,
    CautionBlock,
    ConditionBlock,
    IdentifierBlock,
    OfficerBlock,
    PersonBlock,
    PlanSummary,
    SupervisionBlock,
    UnitBlock,
)
from sharing.access.explain import withheld_mask
from sharing.access.rest import AgencyBrief, Gated, LinkField


class CaseRow(Gated):
    """A case in a list: what is not open to the caller is null, and named in `withheld`."""

    opened_by = {"supervision": C.SUPERVISION, "officer_of_record": C.SUPERVISION}

    id = serializers.UUIDField(source="uuid")
    url = LinkField("case")
    updated_at = serializers.DateTimeField()
    agency = AgencyBrief()
    unit = UnitBlock()
    person = PersonBlock(source="*")
    supervision = SupervisionBlock(source="*", allow_null=True)
    officer_of_record = OfficerBlock(source="officer", allow_null=True)
    withheld = serializers.SerializerMethodField(help_text="Categories that are not shared with the caller")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_withheld(self, case: Any) -> list[str]:
        """Computed from the caller's keys alone: it reads the same whether there is something or not."""
        return codes_of(withheld_mask(case.opened))


class CasePageAnswer(serializers.Serializer):
    """A page of cases."""

    results = CaseRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page")
    count = serializers.IntegerField(required=False)
    countExact = serializers.BooleanField(required=False)


class SearchAnswer(serializers.Serializer):
    """Cases found, best first."""

    results = CaseRow(many=True)


class CaseDetail(CaseRow):
    """A case with all its parts that are open to the caller."""

    opened_by = CaseRow.opened_by | {
        "aliases": C.SUPERVISION,
        "identifiers": C.SUPERVISION,
        "addresses": C.LOCATION,
        "cautions": C.CAUTIONS,
        "conditions": C.CONDITIONS,
        "assessments": C.ASSESSMENT,
        "plan": C.PLAN_VIEW,
    }

    aliases = AliasBlock(many=True, source="parts.aliases", allow_null=True)
    identifiers = IdentifierBlock(many=True, source="parts.identifiers", allow_null=True)
    addresses = AddressBlock(many=True, source="parts.addresses", allow_null=True)
    cautions = CautionBlock(many=True, source="parts.cautions", allow_null=True)
    conditions = ConditionBlock(many=True, source="parts.conditions", allow_null=True)
    assessments = AssessmentBlock(many=True, source="parts.assessments", allow_null=True)
    plan = PlanSummary(source="parts.plan", allow_null=True)
    plan_url = LinkField("plan")
    grants_url = LinkField("case-grants")
    access_url = LinkField("case-access")


class PersonDetail(PersonBlock):
    """A person, with the cases by which the caller sees them."""

    opened_by = PersonBlock.opened_by | {
        "aliases": C.SUPERVISION,
        "identifiers": C.SUPERVISION,
        "addresses": C.LOCATION,
    }

    aliases = AliasBlock(many=True, allow_null=True)
    identifiers = IdentifierBlock(many=True, allow_null=True)
    addresses = AddressBlock(many=True, allow_null=True)
    cases = CaseRow(many=True)


class CaseLink(Gated):
    """Where a case is to be read; its number only where the supervision is open, as everywhere."""

    opened_by = {"number": C.SUPERVISION}

    id = serializers.UUIDField(source="uuid")
    url = LinkField("case")
    number = serializers.CharField(allow_null=True)


class PersonRow(PersonBlock):
    """A person in a list, with the cases by which the caller sees them."""

    cases = CaseLink(many=True)


class PeoplePage(serializers.Serializer):
    """A page of people."""

    results = PersonRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page")


class ConditionAnswer(ConditionBlock):
    """A condition by its own address."""

    url = LinkField("condition")
    case_url = LinkField("case", source="case")

    class Meta(ConditionBlock.Meta):
        fields = [*ConditionBlock.Meta.fields, "url", "case_url", "version", "updated_at"]


class ConditionPage(serializers.Serializer):
    """A page of conditions."""

    results = ConditionAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class CardRule(serializers.Serializer):
    """A condition on a status card."""

    id = serializers.UUIDField(source="condition.uuid")
    kind = serializers.CharField(source="condition.kind")
    text = serializers.CharField(source="condition.text")
    enforcer = serializers.CharField(source="condition.enforcer")
    binds_now = serializers.BooleanField(source="binds")


class SpokenLine(serializers.Serializer):
    """One line of the read-back."""

    number = serializers.IntegerField()
    topic = serializers.CharField(source="label")
    text = serializers.CharField()


class StatusCard(Gated):
    """A status card: what is not open to the caller is null, which says nothing of what there is."""

    opened_by = {"cautions": C.CAUTIONS, "conditions": C.CONDITIONS, "search": C.CONDITIONS}

    id = serializers.UUIDField(source="uuid")
    url = LinkField("status-card")
    case_url = LinkField("case")
    asked_at = serializers.DateTimeField(source="card.asked_at")
    agency = AgencyBrief()
    unit = UnitBlock()
    person = PersonBlock(source="*")
    supervision = SupervisionBlock(source="*")
    officer_of_record = OfficerBlock(source="officer", allow_null=True)
    cautions = CautionBlock(many=True, source="card_cautions", allow_null=True)
    conditions = CardRule(many=True, source="card.rules", allow_null=True, help_text="On which police may act")
    search = CardRule(many=True, source="card.searches", allow_null=True, help_text="What may be searched")
    read_back = SpokenLine(many=True, source="card.lines", help_text="Always the same eight lines, in spoken order")
    confirmed_at = serializers.DateTimeField(source="person.confirmed_at")
    stale = serializers.BooleanField(source="card.stale", help_text="Verify with the officer before anybody acts")
