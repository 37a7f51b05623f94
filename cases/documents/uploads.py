"""Refuses what is too large while it arrives, before it fills a disk."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

FORM_AROUND = 64 * 1024  # bytes: the other fields of the form


class LimitedUpload(FileUploadHandler):
    """Stands first among the upload handlers: a file of a request beyond the limit is read past and kept nowhere.

    `request.upload_too_large` then tells the view why there is none.
    """

    too_large = False

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **more: Any) -> None:
        """Look at the length that the request announces; more than that is never read."""
        self.too_large = content_length > settings.DOCUMENT_MAX_BYTES + FORM_AROUND

    def new_file(self, *args: Any, **more: Any) -> None:
        """Skip the file of a request that is too large."""
        super().new_file(*args, **more)
        if self.too_large:
            self.request.upload_too_large = True  # type: ignore[union-attr]
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand the block on to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers behind make the file."""
