"""The documents of a case: what is kept of a file beside the file itself."""

from django.conf import settings
from django.db import models

from agencies.directory.categories import Category
from cases.documents.codes import FILE_TYPES, READABLE, DocumentKind, FileType, ScanState
from cases.supervision.models import CasePart


class Document(CasePart):
    """A file that belongs to a case. It is withdrawn, never deleted.

    The file lies outside the web root under a name that says nothing (`stored_as`, in the storage "documents").
    """

    access_category = Category.DOCUMENTS
    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=20, choices=DocumentKind.choices, default=DocumentKind.OTHER)
    file_name = models.CharField(max_length=120, help_text="As it is called when somebody downloads it")
    file_type = models.CharField(max_length=10, choices=[(found.code, found.label) for found in FILE_TYPES.values()])
    size = models.PositiveIntegerField(help_text="Bytes")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file")
    stored_as = models.CharField(max_length=80, unique=True)
    scan_state = models.CharField(max_length=10, choices=ScanState.choices)
    scanned_at = models.DateTimeField(null=True, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_by_agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdraw_reason = models.CharField(max_length=300, blank=True)

    class Meta(CasePart.Meta):
        indexes = [
            models.Index(fields=["case", "-id"], name="document_of_case"),
            models.Index(fields=["id"], condition=models.Q(scan_state=ScanState.WAITING), name="document_waiting"),
        ]

    @property
    def readable(self) -> bool:
        """Whether it may be downloaded at all."""
        return self.withdrawn_at is None and self.scan_state in READABLE

    @property
    def type_details(self) -> FileType:
        """The row of the table of file types."""
        return FILE_TYPES[self.file_type]
