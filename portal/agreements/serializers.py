"""Agreements as systems read and write them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agencies.directory.models import Agency, AgencyKind
from sharing.access.registry import bundles_offered
from sharing.access.rest import AgencyBrief, PageParameters, Strict
from sharing.agreements.codes import AgreementKind, Onward, Purpose, State
from sharing.agreements.models import Agreement, AgreementVersion, Signature
from sharing.agreements.querysets import state_of
from sharing.agreements.terms import TERMS, digest_of

KINDS = [(kind.value, kind.label) for kind in AgencyKind]


class AgreementParameters(PageParameters):
    """Which agreements to list."""

    all = serializers.BooleanField(
        required=False, default=False, help_text="Drafts, proposals and what has ended too; else what is in force"
    )


class AgreementAnswer(serializers.ModelSerializer[Agreement]):
    """An agreement to which the caller's agency is a party."""

    id = serializers.UUIDField(source="uuid")
    number = serializers.IntegerField(source="pk", help_text="As people cite it")
    parties = AgencyBrief(many=True)

    class Meta:
        model = Agreement
        fields: ClassVar[list[str]] = ["id", "number", "title", "kind", "starts_at", "ends_at", "parties"]
        read_only_fields = fields


class AgreementPageAnswer(serializers.Serializer):
    """A page of agreements."""

    results = AgreementAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class AllowanceField(serializers.Serializer):
    """A bundle that agencies of one kind may be given."""

    receiver_kind = serializers.ChoiceField(choices=KINDS)
    bundle = serializers.ChoiceField(choices=[])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["bundle"].choices = [  # type: ignore[attr-defined]
            (code, bundle.label) for code, bundle in bundles_offered().items()
        ]


class SignatureAnswer(serializers.ModelSerializer[Signature]):
    """One agency's signature under a version."""

    agency = AgencyBrief()
    signed_by = serializers.CharField(source="user.display")

    class Meta:
        model = Signature
        fields: ClassVar[list[str]] = ["agency", "signed_by", "capacity", "signed_at", "digest"]
        read_only_fields = fields


class AgreementVersionAnswer(serializers.ModelSerializer[AgreementVersion]):
    """One version of the terms, with what may be given, who signed, and the digest to sign under."""

    allowances = AllowanceField(many=True)
    signatures = SignatureAnswer(many=True)
    digest = serializers.SerializerMethodField()

    class Meta:
        model = AgreementVersion
        fields: ClassVar[list[str]] = [
            "number", "revision", *TERMS, "allowances", "proposed_at", "signed_at", "signatures", "digest",
        ]  # fmt: skip
        read_only_fields = fields

    def get_digest(self, version: AgreementVersion) -> str:
        """SHA-256 of title, parties and terms."""
        return digest_of(self.context["agreement"], version)


class AgreementDetailAnswer(AgreementAnswer):
    """An agreement with its state and every version that the caller's agency may read, newest first."""

    state = serializers.SerializerMethodField()
    versions = serializers.SerializerMethodField()
    stopped_by = AgencyBrief(allow_null=True)

    class Meta(AgreementAnswer.Meta):
        fields: ClassVar[list[str]] = [
            *AgreementAnswer.Meta.fields, "state", "joinable", "signed_at", "suspended_at", "ended_at", "stopped_by",
            "stop_reason", "versions",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=State.choices))
    def get_state(self, agreement: Agreement) -> str:
        """Where it stands: a code of State."""
        return State(state_of(agreement, self.context["versions"], timezone.now())).value

    @extend_schema_field(AgreementVersionAnswer(many=True))
    def get_versions(self, agreement: Agreement) -> list[AgreementVersionAnswer]:
        """The versions, newest first."""
        context = {"agreement": agreement}
        return AgreementVersionAnswer(self.context["versions"], many=True, context=context).data  # type: ignore[return-value]


class AgreementTerms(Strict):
    """The terms of a draft."""

    title = serializers.CharField(max_length=160, help_text="Until the first version is signed")
    partners = serializers.SlugRelatedField(
        many=True, slug_field="uuid", queryset=Agency.objects.filter(is_active=True), help_text="The other parties"
    )
    purposes = serializers.ListField(
        child=serializers.ChoiceField(choices=Purpose.choices), min_length=1, max_length=20
    )
    allowances = AllowanceField(many=True)
    legal_authority = serializers.CharField(max_length=2000)
    text = serializers.CharField(max_length=20_000)
    onward = serializers.ChoiceField(choices=Onward.choices, default=Onward.NEVER)
    max_days = serializers.IntegerField(min_value=1, max_value=3650, default=365)
    two_sided = serializers.BooleanField(default=False)
    response_hours = serializers.IntegerField(min_value=1, max_value=720, default=48)
    retention_days = serializers.IntegerField(min_value=0, max_value=3650, default=365)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    review_on = serializers.DateField()


class AgreementInput(AgreementTerms):
    """A new agreement."""

    kind = serializers.ChoiceField(choices=AgreementKind.choices)
    joinable = serializers.BooleanField(default=False)


class SignatureInput(Strict):
    """As what somebody signs, and what they read."""

    number = serializers.IntegerField(min_value=1, max_value=32_767)
    digest = serializers.CharField(max_length=64)
    capacity = serializers.CharField(max_length=120)


class ReasonInput(Strict):
    """Why; the other parties read it."""

    reason = serializers.CharField(max_length=300)


def terms_given(given: dict[str, Any]) -> dict[str, Any]:
    """Those of the terms that a body names."""
    return {name: given[name] for name in TERMS if name in given}


def allowed_in(given: dict[str, Any]) -> list[tuple[str, str]] | None:
    """The allowances that a body names, as pairs; None where it says nothing of them."""
    rows = given.get("allowances")
    return None if rows is None else [(row["receiver_kind"], row["bundle"]) for row in rows]
