"""What is asked of cases, and what they are opened and changed by."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cases.people.models import Address, Identifier, Person
from cases.supervision.codes import (
    ConditionKind,
    Enforcer,
    RiskLevel,
    SupervisionLevel,
    SupervisionStatus,
    SupervisionType,
)
from cases.supervision.models import Case
from cases.supervision.querysets import ALL, LATEST, MINE, REVIEW, SHARED, UNIT
from sharing.access.rest import CodeField, PageParameters, Strict


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
    officer = serializers.IntegerField(
        required=False, default=None, min_value=1, help_text="Of record, as in the directory; with the scope unit"
    )
    sort = serializers.ChoiceField(
        choices=[LATEST, REVIEW], required=False, default=LATEST, help_text="Latest change, or next review, first"
    )
    count = serializers.BooleanField(
        required=False, default=False, help_text="Also count, up to 1,000; `countExact` says whether that is all"
    )


class PeopleParameters(PageParameters):
    """Whom to list: by the status of a case of theirs."""

    status = serializers.ListField(
        child=CodeField(SupervisionStatus), required=False, default=[], max_length=20, help_text="Repeat for several"
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


class ConditionParameters(PageParameters):
    """Which conditions to list."""

    kind = serializers.ChoiceField(choices=ConditionKind.choices, required=False)
    enforcer = serializers.ChoiceField(choices=Enforcer.choices, required=False)
