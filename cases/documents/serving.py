"""A file on its way out: always a download, of the type that we found, and nothing in it executes."""

from __future__ import annotations

from django.http import FileResponse
from django.utils.http import content_disposition_header

from cases.documents.models import Document


def as_download(response: FileResponse, document: Document) -> FileResponse:
    """The response with the headers of a download; it is kept by no browser and no proxy."""
    response["Content-Type"] = document.type_details.media_type
    response["Content-Disposition"] = content_disposition_header(True, document.file_name) or "attachment"
    response["Content-Length"] = str(document.size)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
