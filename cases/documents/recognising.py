"""What a file is, by its content: its name must agree, but is never believed alone."""

from __future__ import annotations

import re
import zipfile
from pathlib import PurePath
from typing import BinaryIO

from cases.documents.codes import ENDINGS, FILE_TYPES, FileType
from sharing.access.errors import Refused

ALLOWED = "PDF, images, Word, Excel, PowerPoint and OpenDocument files, and text"

_BEGINS = {
    "pdf": re.compile(rb"%PDF-"),
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "jpeg": re.compile(rb"\xff\xd8\xff"),
    "gif": re.compile(rb"GIF8[79]a"),
    "webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "tiff": re.compile(rb"II\*\x00|MM\x00\*"),
    "rtf": re.compile(rb"\{\\rtf"),
}
# Where an Office file (ECMA-376) keeps its main part; an OpenDocument file begins with an entry that names its type.
_OFFICE_FOLDERS = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}
_MACROS = ("vbaproject.bin", "basic/script-lc.xml")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def recognise(file: BinaryIO, name: str) -> FileType:
    """The type of a file, if its content is what its name says. Leaves the file at its beginning.

    Raises Refused for a kind that may not be added, for content of another kind, and for macros.
    """
    expected = ENDINGS.get(PurePath(name).suffix.lower())
    if expected is None:
        raise Refused(f"This kind of file cannot be added. Choose {ALLOWED}.", "file")
    file.seek(0)
    try:
        fits = _fits(file, expected.code)
    finally:
        file.seek(0)
    if not fits:
        raise Refused(f"The file is called {expected.label}, but its content is something else.", "file")
    return expected


def plain_name(name: str, found: FileType) -> str:
    """A file's name as it may be offered again: no folders, no signs that steer a computer, the ending of its type."""
    last = PurePath(name.replace("\\", "/")).name
    stem = re.sub(r"[^\w .,()+-]", "_", last.rpartition(".")[0]).strip(" .")
    return f"{stem[:100] or 'document'}{found.endings[0]}"


def _fits(file: BinaryIO, code: str) -> bool:
    if code in _BEGINS:
        return _BEGINS[code].match(file.read(16)) is not None
    if code in ("txt", "csv"):
        return not any(_NOT_TEXT.search(block) for block in iter(lambda: file.read(1 << 16), b""))
    return _fits_zipped(file, code)


def _fits_zipped(file: BinaryIO, code: str) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if code in _OFFICE_FOLDERS:
                fits = "[Content_Types].xml" in names and any(n.startswith(_OFFICE_FOLDERS[code]) for n in names)
            else:
                with archive.open("mimetype") as entry:
                    fits = entry.read(200) == FILE_TYPES[code].media_type.encode()
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, ValueError):
        return False
    if fits and any(name.lower().endswith(_MACROS) for name in names):
        raise Refused("The file holds macros. Save it without them, or as PDF.", "file")
    return fits
