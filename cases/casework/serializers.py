"""Opening, changing and closing cases as JSON. Names follow the answers of the API, codes the N-DEx lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from cases.people.models import Address, Identifier, Person
from cases.people.services import EDITABLE as PERSON_EDITABLE
from cases.supervision.codes import CLOSED_STATUSES, SupervisionStatus
from cases.supervision.serializers import AddressBlock, AliasBlock, IdentifierBlock
from sharing.access.rest import CodeField, Strict


class AliasInput(Strict):
    """Another name in use."""

    given = serializers.CharField(source="given_name", max_length=60, required=False, allow_blank=True, default="")
    middle = serializers.CharField(source="middle_name", max_length=60, required=False, allow_blank=True, default="")
    sur = serializers.CharField(source="family_name", max_length=60, required=False, allow_blank=True, default="")


class IdentifierInput(Strict):
    """A number of the person; one of a kind."""

    kind = serializers.ChoiceField(choices=Identifier.Kind.choices)
    value = serializers.CharField(max_length=40)


class PersonAnswer(serializers.ModelSerializer[Person]):
    """A person, as the agency that owns the case knows them."""

    id = serializers.UUIDField(source="uuid")
    identifiers = IdentifierBlock(many=True, source="shown_identifiers")
    aliases = AliasBlock(many=True, source="shown_aliases")

    class Meta:
        model = Person
        fields: Sequence[str] = [
            "id", "version", "updated_at", "confirmed_at", "local_id", *PERSON_EDITABLE, "identifiers", "aliases",
        ]  # fmt: skip
        read_only_fields = fields


class PersonChange(Strict, serializers.ModelSerializer[Person]):
    """Details of a person: only what changes. `identifiers` and `aliases`, where given, are all there are from now."""

    identifiers = IdentifierInput(many=True, required=False, max_length=4)  # type: ignore[call-arg]
    aliases = AliasInput(many=True, required=False, max_length=20)  # type: ignore[call-arg]
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300)

    class Meta:
        model = Person
        fields: Sequence[str] = [*PERSON_EDITABLE, "identifiers", "aliases", "reason"]


class AddressAnswer(AddressBlock):
    """An address of the person, and when somebody last confirmed it."""

    stale = serializers.BooleanField(read_only=True)

    class Meta(AddressBlock.Meta):
        fields = [*AddressBlock.Meta.fields, "stale"]


class AddressInput(Strict, serializers.ModelSerializer[Address]):
    """A new address."""

    class Meta:
        model = Address
        fields: Sequence[str] = ["kind", "street", "city", "state", "postal_code", "phone", "confirmed_on"]


class AddressList(serializers.Serializer):
    """A page of the addresses of a person."""

    results = AddressAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class Closing(Strict):
    """How and when a supervision ended."""

    status = CodeField(SupervisionStatus, help_text="One of an ended supervision")
    closed_on = serializers.DateField()
    reason = serializers.CharField(max_length=300)

    def validate_status(self, value: Any) -> Any:
        """The status, if it is one under which a case is closed."""
        if value not in CLOSED_STATUSES:
            raise serializers.ValidationError("Choose how the supervision ended.")
        return value


class Reopening(Strict):
    """Why a closed case is taken up again."""

    reason = serializers.CharField(max_length=300)
