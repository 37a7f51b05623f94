"""Cases as JSON. Names follow NIEM (domain names of the field list), codes are the member names of the N-DEx lists."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agencies.directory.categories import Category, codes_of
from agencies.directory.models import User
from cases.people.models import Address, Alias, Identifier, Person
from cases.supervision.codes import (
    ConditionKind,
    Enforcer,
    RiskLevel,
    SupervisionLevel,
    SupervisionStatus,
    SupervisionType,
)
from cases.supervision.models import Case, Caution, Condition, RiskAssessment
from cases.supervision.querysets import ALL, LATEST, MINE, REVIEW, SHARED, UNIT
from sharing.access.explain import withheld_mask
from sharing.access.rest import AgencyBrief, CodeField, Gated, LinkField, PageParameters, Strict

C = Category


class CaseListParameters(PageParameters):
    """Which cases to list, and how."""

    status = serializers.ListField(
        child=CodeField(SupervisionStatus), required=False, default=[], max_length=20, help_text="Repeat for several"
    )
    risk_level = serializers.ListField(
        child=CodeField(RiskLevel), required=False, default=[], max_length=20, help_text="Repeat for several"
    )
    scope = serializers.ChoiceField(
        choices=[ALL, MINE, UNIT, SHARED],
        required=False,
        default=ALL,
        help_text="All; mine: those whose officer of record calls; unit: those of the own agency; shared: all others",
    )
    sort = serializers.ChoiceField(
        choices=[LATEST, REVIEW], required=False, default=LATEST, help_text="Latest change, or next review, first"
    )
    count = serializers.BooleanField(
        required=False, default=False, help_text="Also count, up to 1,000; `countExact` says whether that is all"
    )


class SearchInput(Strict):
    """Whom to find: at least one of the three. A name may be misspelt."""

    words = serializers.CharField(required=False, min_length=2, max_length=120, help_text="Words of a name or alias")
    number = serializers.CharField(
        required=False, min_length=2, max_length=40, help_text="Case, agency or identifier number, exactly"
    )
    birth_date = serializers.DateField(required=False, help_text="A day more or less is found too")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The input. Raises ValidationError where nothing is asked, or two things that exclude each other."""
        if not {"words", "number", "birth_date"} & set(attrs):
            raise serializers.ValidationError("Give words, a number or a birth date.")
        if "number" in attrs and len(attrs.keys() & {"words", "birth_date"}):
            raise serializers.ValidationError({"number": "A number is searched by itself."})
        if "number" in attrs and not any(character.isdigit() for character in attrs["number"]):
            raise serializers.ValidationError({"number": "A number holds at least one digit."})
        return attrs


class NameBlock(serializers.ModelSerializer[Person]):
    """A name (nc:PersonName)."""

    given = serializers.CharField(source="given_name")
    middle = serializers.CharField(source="middle_name")
    sur = serializers.CharField(source="family_name")
    suffix = serializers.CharField()

    class Meta:
        model = Person
        fields = ["given", "middle", "sur", "suffix"]


class AliasBlock(serializers.ModelSerializer[Alias]):
    """Another name in use."""

    given = serializers.CharField(source="given_name")
    middle = serializers.CharField(source="middle_name")
    sur = serializers.CharField(source="family_name")

    class Meta:
        model = Alias
        fields = ["kind", "given", "middle", "sur"]


class IdentifierBlock(serializers.ModelSerializer[Identifier]):
    """A number of the person."""

    class Meta:
        model = Identifier
        fields = ["kind", "value"]


class PersonBlock(Gated):
    """The person; a caller who has name and contact only sees no more than the name."""

    opened_by = {"birth_date": C.SUPERVISION, "sex": C.SUPERVISION, "race": C.SUPERVISION}

    id = serializers.UUIDField(source="person.uuid")
    url = LinkField("supervisee", source="person")
    name = NameBlock(source="person")
    birth_date = serializers.DateField(source="person.birth_date", allow_null=True)
    sex = serializers.ChoiceField(source="person.sex", choices=Person.Sex.choices, allow_null=True)
    race = serializers.CharField(source="person.race", allow_null=True)


class UnitBlock(serializers.Serializer):
    """The unit that supervises: whom to call."""

    name = serializers.CharField()
    phone = serializers.CharField()


class OfficerBlock(serializers.ModelSerializer[User]):
    """The officer of record (nc:SupervisionSupervisor)."""

    class Meta:
        model = User
        fields = ["name", "title", "badge", "phone", "email"]
        read_only_fields = fields


class TermBlock(serializers.Serializer):
    """The term of supervision."""

    start = serializers.DateField(source="term_start", allow_null=True)
    projected_end = serializers.DateField(source="term_end", allow_null=True)


class OffenseBlock(serializers.Serializer):
    """What the person is supervised for."""

    description = serializers.CharField(source="offense")
    degree = serializers.CharField(source="offense_degree")
    date = serializers.DateField(source="offense_date", allow_null=True)


class SupervisionBlock(serializers.Serializer):
    """Type, status, level and term (nc:Supervision)."""

    agency_record_no = serializers.CharField(source="number")
    type = CodeField(SupervisionType, source="kind")
    status = CodeField(SupervisionStatus)
    level = CodeField(SupervisionLevel, source="supervision_level")
    risk_level = CodeField(RiskLevel)
    term = TermBlock(source="*")
    offense = OffenseBlock(source="*")
    review_due = serializers.DateField(source="next_review", allow_null=True)


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


class AddressBlock(serializers.ModelSerializer[Address]):
    """Where the person lives, stays or works."""

    id = serializers.UUIDField(source="uuid")

    class Meta:
        model = Address
        fields = ["id", "kind", "street", "city", "state", "postal_code", "phone", "confirmed_on", "ended_on"]


class CautionBlock(serializers.ModelSerializer[Caution]):
    """A caution (j:PersonCautionInformationAbstract), worst first."""

    id = serializers.UUIDField(source="uuid")

    class Meta:
        model = Caution
        fields = ["id", "rank", "text", "detail", "set_on", "review_on", "ended_on"]


class ConditionBlock(serializers.ModelSerializer[Condition]):
    """A condition of supervision (j:SupervisionCondition)."""

    id = serializers.UUIDField(source="uuid")

    class Meta:
        model = Condition
        fields = ["id", "kind", "text", "enforcer", "starts_on", "ends_on", "daily_from", "daily_until"]


class AssessmentBlock(serializers.ModelSerializer[RiskAssessment]):
    """Raw scores of a risk tool."""

    violence_level = CodeField(RiskLevel)

    class Meta:
        model = RiskAssessment
        fields = ["tool", "assessed_on", "risk_decile", "violence_level", "violence_decile", "prior_count"]


class PlanSummary(serializers.Serializer):
    """That there is a plan, and where."""

    id = serializers.UUIDField(source="uuid")
    url = LinkField("plan", source="case")
    status = serializers.CharField()
    purpose = serializers.CharField()
    review_due = serializers.DateField(source="review_on", allow_null=True)
    version = serializers.IntegerField()


class CaseFields(Strict, serializers.ModelSerializer[Case]):
    """What a case says. `type`, `level` and `review_due` are called as in the answer."""

    type = CodeField(SupervisionType, source="kind", required=False)
    level = CodeField(SupervisionLevel, source="supervision_level", required=False)
    risk_level = CodeField(RiskLevel, required=False)
    review_due = serializers.DateField(source="next_review", required=False, allow_null=True)

    class Meta:
        model = Case
        fields = [
            "type",
            "level",
            "risk_level",
            "offense",
            "offense_degree",
            "offense_date",
            "term_start",
            "term_end",
            "review_due",
        ]


class CaseChange(CaseFields):
    """A changed case: only what changes, and why."""

    status = CodeField(SupervisionStatus, required=False, help_text="Of an open case; closing is an act of its own")
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300)

    class Meta(CaseFields.Meta):
        fields = [*CaseFields.Meta.fields, "status", "reason"]


class PersonInput(Strict, serializers.ModelSerializer[Person]):
    """A person whom the agency does not know yet."""

    class Meta:
        model = Person
        fields = ["local_id", "given_name", "middle_name", "family_name", "suffix", "birth_date", "sex", "race"]


class HomeInput(Strict, serializers.ModelSerializer[Address]):
    """Where the person lives."""

    class Meta:
        model = Address
        fields = ["street", "city", "state", "postal_code", "phone"]


class NumberInput(Strict):
    """A number of the person; one of a kind."""

    kind = serializers.ChoiceField(choices=Identifier.Kind.choices)
    value = serializers.CharField(max_length=40)


class CaseInput(CaseFields):
    """A new case, of a new person or of one whose case the caller works."""

    number = serializers.CharField(max_length=30, help_text="The agency’s own number of the case")
    person = PersonInput(required=False, help_text="A new person; else `person_id`")
    person_id = serializers.UUIDField(required=False)
    identifiers = NumberInput(many=True, required=False, max_length=4, help_text="Of a new person")  # type: ignore[call-arg]
    home = HomeInput(required=False, help_text="Of a new person")
    unit = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="As in the directory")
    officer = serializers.EmailField(required=False, allow_null=True, help_text="Of the officer of record")
    not_a_duplicate = serializers.BooleanField(
        required=False,
        default=False,
        help_text="That the person is none of those known ones who resemble them",
    )

    class Meta(CaseFields.Meta):
        fields = [
            "number", "person", "person_id", "identifiers", "home", "unit", "officer", "not_a_duplicate",
            *CaseFields.Meta.fields,
        ]  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The input. Raises ValidationError where it names no person, or two."""
        if ("person" in attrs) == ("person_id" in attrs):
            raise serializers.ValidationError({"person": "Give a new person, or the person_id of a known one."})
        return attrs


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


class ConditionParameters(PageParameters):
    """Which conditions to list."""

    kind = serializers.ChoiceField(choices=ConditionKind.choices, required=False)
    enforcer = serializers.ChoiceField(choices=Enforcer.choices, required=False)


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
