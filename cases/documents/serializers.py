"""Documents as JSON, and as a form with a file in it."""

from __future__ import annotations

from collections.abc import Sequence

from rest_framework import serializers

from cases.documents.codes import DocumentKind, ScanState
from cases.documents.models import Document
from sharing.access.rest import AgencyBrief, LinkField, Strict


class DocumentInput(Strict):
    """A file with its title and kind, as multipart/form-data."""

    file = serializers.FileField(allow_empty_file=True, max_length=200)
    title = serializers.CharField(max_length=160)
    kind = serializers.ChoiceField(choices=DocumentKind.choices, default=DocumentKind.OTHER)


class DocumentWithdrawal(Strict):
    """Why a document is withdrawn; others read it in the list."""

    reason = serializers.CharField(max_length=300)


class DocumentAnswer(serializers.ModelSerializer[Document]):
    """What is known of a document beside its file."""

    id = serializers.UUIDField(source="uuid")
    url = LinkField("document")
    file_url = LinkField("document-file")
    case_url = LinkField("case", source="case")
    media_type = serializers.CharField(source="type_details.media_type")
    sha256 = serializers.CharField(source="digest")
    scan = serializers.ChoiceField(source="scan_state", choices=ScanState.choices)
    readable = serializers.BooleanField()
    added_at = serializers.DateTimeField(source="created_at")
    added_by = serializers.CharField(source="added_by.display")
    added_by_agency = AgencyBrief()

    class Meta:
        model = Document
        fields: Sequence[str] = [
            "id",
            "url",
            "case_url",
            "file_url",
            "version",
            "title",
            "kind",
            "file_name",
            "media_type",
            "size",
            "sha256",
            "scan",
            "scanned_at",
            "readable",
            "added_at",
            "added_by",
            "added_by_agency",
            "withdrawn_at",
            "withdraw_reason",
        ]
        read_only_fields = fields


class DocumentPage(serializers.Serializer):
    """A page of documents, newest first."""

    results = DocumentAnswer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page")
