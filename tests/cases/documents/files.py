"""Small files of several kinds."""

from __future__ import annotations

import io
import zipfile

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\ntrailer\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"


def zipped(entries: dict[str, str]) -> bytes:
    """An archive with these entries."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return made.getvalue()


def office(folder: str, more: dict[str, str] | None = None) -> bytes:
    """An Office file whose main part lies in this folder."""
    return zipped({"[Content_Types].xml": "<Types/>", f"{folder}document.xml": "<x/>", **(more or {})})
