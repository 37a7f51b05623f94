"""What an answer about a case is put together from."""

from __future__ import annotations

from rest_framework import serializers

from agencies.directory.categories import Category
from agencies.directory.models import User
from cases.people.models import Address, Alias, Identifier, Person
from cases.supervision.codes import (
    RiskLevel,
    SupervisionLevel,
    SupervisionStatus,
    SupervisionType,
)
from cases.supervision.models import Caution, Condition, RiskAssessment
from sharing.access.rest import CodeField, Gated, LinkField

C = Category


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
