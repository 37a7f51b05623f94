"""Code lists of documents, and the kinds of file that may be added."""

from __future__ import annotations

from typing import NamedTuple

from django.db import models


class DocumentKind(models.TextChoices):
    """What a document is to the case."""

    ORDER = "order", "Court order"
    CONDITIONS = "conditions", "Signed conditions"
    REPORT = "report", "Report"
    LETTER = "letter", "Letter"
    PROOF = "proof", "Proof of work, address or attendance"
    PHOTO = "photo", "Photo"
    OTHER = "other", "Other"


class ScanState(models.TextChoices):
    """What the virus scan says of a file, in words for people."""

    WAITING = "waiting", "Waiting for the virus scan"
    CLEAN = "clean", "Scanned, no virus found"
    REFUSED = "refused", "Refused by the virus scan"
    UNSCANNED = "unscanned", "Not scanned: no scanner configured"


READABLE = (ScanState.CLEAN, ScanState.UNSCANNED)
"""The states in which a file may be downloaded."""


class FileType(NamedTuple):
    """A kind of file that may be added: its code and name, the endings it may have, and the type it is served as."""

    code: str
    label: str
    endings: tuple[str, ...]
    media_type: str


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
FILE_TYPES = {
    found.code: found
    for found in (
        FileType("pdf", "PDF", (".pdf",), "application/pdf"),
        FileType("png", "PNG image", (".png",), "image/png"),
        FileType("jpeg", "JPEG image", (".jpg", ".jpeg"), "image/jpeg"),
        FileType("gif", "GIF image", (".gif",), "image/gif"),
        FileType("webp", "WebP image", (".webp",), "image/webp"),
        FileType("tiff", "TIFF image", (".tif", ".tiff"), "image/tiff"),
        FileType("docx", "Word document", (".docx",), f"{_OFFICE}.wordprocessingml.document"),
        FileType("xlsx", "Excel workbook", (".xlsx",), f"{_OFFICE}.spreadsheetml.sheet"),
        FileType("pptx", "PowerPoint slides", (".pptx",), f"{_OFFICE}.presentationml.presentation"),
        FileType("odt", "OpenDocument text", (".odt",), f"{_OPEN}.text"),
        FileType("ods", "OpenDocument spreadsheet", (".ods",), f"{_OPEN}.spreadsheet"),
        FileType("odp", "OpenDocument slides", (".odp",), f"{_OPEN}.presentation"),
        FileType("rtf", "Rich text", (".rtf",), "application/rtf"),
        FileType("txt", "Text", (".txt",), "text/plain"),
        FileType("csv", "Table as text", (".csv",), "text/csv"),
    )
}
ENDINGS = {ending: found for found in FILE_TYPES.values() for ending in found.endings}
