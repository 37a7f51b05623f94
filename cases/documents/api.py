"""Documents over the API: list, upload, detail, download, withdrawal."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import Category
from cases.documents import services
from cases.documents.codes import FILE_TYPES
from cases.documents.models import Document
from cases.documents.serializers import DocumentAnswer, DocumentInput, DocumentPage, DocumentWithdrawal
from cases.documents.serving import as_download
from cases.supervision.codes import CASE
from sharing.access.errors import NotVisible, Refused
from sharing.access.rest import DoorView, PageParameters, page_by_number

TAGS = ["Documents"]


class FilesAway(APIException):
    """The place of the files does not answer (503)."""

    status_code = 503
    default_detail = "The file cannot be stored or read at the moment. Nothing was changed; try again later."
    default_code = "files-away"
    wait = 30  # seconds


class CaseDocumentsView(DoorView):
    """The documents of a case."""

    categories = {"get": Category.DOCUMENTS, "post": Category.DOCUMENTS}
    parser_classes = [MultiPartParser]
    parameters = PageParameters
    shows = DocumentAnswer

    @extend_schema(operation_id="list_documents", parameters=[PageParameters], responses=DocumentPage, tags=TAGS)
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """List the documents of a case, newest first."""
        case = self.record(CASE, case_uuid)
        rows = _related(Document.objects.permitted(self.actor).filter(case=case))
        found, following = page_by_number(self, rows, name=f"documents {case_uuid}", newest_first=True)
        self.note_read("documents", [case], Category.DOCUMENTS)
        return Response({"results": DocumentAnswer(found, many=True).data, "next": following})

    @extend_schema(
        operation_id="add_document",
        request={"multipart/form-data": DocumentInput},
        responses={201: DocumentAnswer},
        tags=TAGS,
    )
    def post(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Add a file to a case. Its content must be what its name says; it may be downloaded once it was scanned."""
        self.record(CASE, case_uuid)
        if getattr(request, "upload_too_large", False):
            raise Refused(services.too_large(), "file")
        asked = self.body(DocumentInput)
        try:
            document = services.add_document(
                actor=self.actor, case_uuid=case_uuid, file=asked.pop("file"), values=asked
            )
        except services.NotStored:
            raise FilesAway from None
        return self.tagged(DocumentAnswer(document).data, self.tag_of(document), status=201)


class OfOneDocument(DoorView):
    """What the resources of one document share."""

    categories = {"get": Category.DOCUMENTS, "post": Category.DOCUMENTS}

    def document(self, document_uuid: uuid.UUID) -> Document:
        """The document, if the caller may see it. Raises NotVisible."""
        found = _related(Document.objects.permitted(self.actor)).filter(uuid=document_uuid).first()
        if found is None:
            raise NotVisible
        self.tells_of(CASE, found.case.uuid)
        return found


class DocumentView(OfOneDocument):
    """A document."""

    categories = {"get": Category.DOCUMENTS}
    shows = DocumentAnswer

    @extend_schema(operation_id="read_document", responses=DocumentAnswer, tags=TAGS)
    def get(self, request: Request, document_uuid: uuid.UUID) -> Response:
        """Read what is known of a document; its file is at `file_url`."""
        document = self.document(document_uuid)
        self.note_read("documents", [document.case], Category.DOCUMENTS)
        return self.tagged(DocumentAnswer(document).data, self.tag_of(document))


class DocumentFileView(OfOneDocument):
    """The file of a document."""

    categories = {"get": Category.DOCUMENTS}

    @extend_schema(
        operation_id="download_document",
        responses={(200, found.media_type): OpenApiTypes.BINARY for found in FILE_TYPES.values()},
        tags=TAGS,
    )
    def get(self, request: Request, document_uuid: uuid.UUID) -> Any:
        """Download the file. 403 while it waits for the scan, and for ever where it was refused or withdrawn."""
        self.document(document_uuid)
        try:
            document, file = services.read_document(actor=self.actor, document_uuid=document_uuid)
        except services.NotStored:
            raise FilesAway from None
        return as_download(FileResponse(file), document)


class DocumentWithdrawView(OfOneDocument):
    """Taking a document back."""

    categories = {"post": Category.DOCUMENTS}

    @extend_schema(operation_id="withdraw_document", request=DocumentWithdrawal, responses=DocumentAnswer, tags=TAGS)
    def post(self, request: Request, document_uuid: uuid.UUID) -> Response:
        """Withdraw a document, with a reason. It stays in the list; again changes nothing."""
        self.document(document_uuid)
        reason = self.body(DocumentWithdrawal)["reason"]
        services.withdraw_document(actor=self.actor, document_uuid=document_uuid, reason=reason)
        document = self.document(document_uuid)
        return self.tagged(DocumentAnswer(document).data, self.tag_of(document))


def _related(documents: Any) -> Any:
    return documents.select_related("case", "added_by", "added_by_agency")
