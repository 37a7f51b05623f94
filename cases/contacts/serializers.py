"""Contacts as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cases.contacts.codes import ContactAudience, ContactKind, ContactLocation, ContactOutcome
from cases.contacts.models import Contact, ContactVersion
from sharing.access.rest import AgencyBrief, CodeField, LinkField, Strict

_CODES = {
    "kind": ContactKind,
    "location": ContactLocation,
    "outcome": ContactOutcome,
    "audience": ContactAudience,
}


class ContactInput(Strict, serializers.ModelSerializer[Contact]):
    """A contact that has taken place."""

    kind = CodeField(ContactKind)
    location = CodeField(ContactLocation, required=False)
    outcome = CodeField(ContactOutcome, required=False)
    audience = CodeField(ContactAudience, required=False)

    class Meta:
        model = Contact
        fields: Sequence[str] = Contact.VERSIONED


class ContactCorrection(ContactInput):
    """A corrected contact: only what changes, and why."""

    reason = serializers.CharField(max_length=300)

    class Meta(ContactInput.Meta):
        fields = (*Contact.VERSIONED, "reason")


class WithdrawInput(Strict):
    """Why a contact is withdrawn."""

    reason = serializers.CharField(max_length=300)


class Withdrawal(serializers.Serializer):
    """Who withdrew a contact, when and why."""

    at = serializers.DateTimeField(source="withdrawn_at")
    by = serializers.CharField(source="withdrawn_by.display")
    reason = serializers.CharField(source="withdraw_reason")


@extend_schema_field({"type": "string", "format": "uri-reference"})
class ContactLink(serializers.Field):
    """The address of a contact, or of something about it."""

    def __init__(self, view_name: str) -> None:
        self.view_name = view_name
        super().__init__(source="*", read_only=True)

    def to_representation(self, contact: Contact) -> str:
        """The path, without a host."""
        return reverse(f"api:{self.view_name}", args=[contact.case.uuid, contact.uuid])


class ContactAnswer(serializers.ModelSerializer[Contact]):
    """A contact as it was told last."""

    id = serializers.UUIDField(source="uuid")
    url = ContactLink("contact")
    case_url = LinkField("case", source="case")
    versions_url = ContactLink("contact-versions")
    kind = CodeField(ContactKind)
    location = CodeField(ContactLocation)
    outcome = CodeField(ContactOutcome)
    audience = CodeField(ContactAudience)
    author = serializers.CharField(source="author.display")
    agency = AgencyBrief(source="author_agency")
    withdrawn = serializers.SerializerMethodField()

    class Meta:
        model = Contact
        fields = [
            "id",
            "url",
            "case_url",
            "versions_url",
            "version",
            "created_at",
            "updated_at",
            *Contact.VERSIONED,
            "author",
            "agency",
            "withdrawn",
        ]
        read_only_fields = fields

    @extend_schema_field(Withdrawal(allow_null=True))
    def get_withdrawn(self, contact: Contact) -> Any:
        """Who withdrew it, when and why; null where it stands."""
        return Withdrawal(contact).data if contact.withdrawn_at else None


class ContactList(serializers.Serializer):
    """A page of contacts, the last recorded first."""

    results = ContactAnswer(many=True)
    next = serializers.CharField(allow_null=True)
    own_only = serializers.BooleanField(help_text="True where the caller reads none but their own contacts")


class ContactVersionAnswer(serializers.ModelSerializer[ContactVersion]):
    """A contact as it was after one change."""

    changed_by = serializers.CharField(source="changed_by.display")
    values = serializers.SerializerMethodField()

    class Meta:
        model = ContactVersion
        fields = ["version", "changed_at", "changed_by", "changed_fields", "reason", "values"]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_values(self, version: ContactVersion) -> dict[str, Any]:
        """What it said, with codes by their names."""
        return {name: _CODES[name](value).name if name in _CODES else value for name, value in version.values.items()}


class ContactVersionList(serializers.Serializer):
    """A page of versions, latest first."""

    results = ContactVersionAnswer(many=True)
    next = serializers.CharField(allow_null=True)
