"""Reading an extract: a CSV file, gzipped or not, line by line, however long it is."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cases.imports.rows import COLUMNS

_LONGEST_LINE = 20_000  # characters; a real row has some two hundred


class ImportRefused(Exception):
    """The import cannot go on; the message is one sentence that says what to do."""


class NotReadable(ImportRefused):
    """The file is missing, is damaged, or is no text."""


class EmptyFile(ImportRefused):
    """The file holds no row."""


class WrongHeader(ImportRefused):
    """The columns are not those of the extract."""


class Line(NamedTuple):
    """One row as it stands in the file: its number (the header is row 1) and its fields.

    Where the row is broken, `fault` says how, and `fields` holds at most the person's number, so that nobody is taken
    for missing whose row cannot be read.
    """

    number: int
    fields: list[str]
    text: str
    fault: str = ""


class Extract:
    """An open extract: `with Extract(path) as extract: for line in extract.lines(): …`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.size = path.stat().st_size
            self._raw: BinaryIO = path.open("rb")
            self.digest = hashlib.file_digest(self._raw, "sha256").hexdigest()
            self._raw.seek(0)
            start = self._raw.read(2)
        except OSError as error:
            raise NotReadable(f"{path} cannot be read: {error.strerror}.") from None
        self._raw.seek(0)
        packed = start == b"\x1f\x8b"
        source: BinaryIO = gzip.GzipFile(fileobj=self._raw) if packed else self._raw  # type: ignore[assignment]
        # A byte that is no UTF-8 spoils its row, not the file.
        self._text = io.TextIOWrapper(source, encoding="utf-8-sig", errors="surrogateescape")

    def __enter__(self) -> Extract:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()
        self._raw.close()

    @property
    def done(self) -> int:
        """Bytes of the file read so far, of `size`."""
        return self._raw.tell()

    def lines(self) -> Iterator[Line]:
        """The rows after the header, each with its fields in the order of COLUMNS. Blank lines are passed over.

        Raises WrongHeader, EmptyFile or NotReadable; the latter may come late, when a packed file breaks off.
        """
        order = self._header()
        number = 1
        while text := self._line():
            number += 1
            if not text.strip():
                continue
            if len(text) > _LONGEST_LINE:
                while not text.endswith("\n") and (text := self._line()):
                    pass
                yield Line(number, [], "", "The line is too long to be a row: look for a missing line break.")
                continue
            try:
                # One line is one row, so that a quotation mark left open spoils one row and not all that follow.
                fields = next(csv.reader([text], strict=True))
            except csv.Error:
                fault = "A quotation mark is opened and not closed, or stands inside."
                yield Line(number, _first(text.split(","), order), text.strip(), fault)
                continue
            if len(fields) != len(order):
                fault = (
                    f"The row has {len(fields)} fields and the header has {len(order)}: check commas and line breaks."
                )
                yield Line(number, _first(fields, order), text.strip(), fault)
                continue
            yield Line(number, [fields[at] for at in order], text.strip())

    def _header(self) -> list[int]:
        """Where each of COLUMNS stands in the file."""
        text = self._line()
        if not text.strip():
            raise EmptyFile(f"{self.path.name} is empty: export the extract again.")
        if not text.isprintable() and not text.rstrip("\r\n").isprintable():
            raise NotReadable(f"{self.path.name} is no text in UTF-8: export the extract as CSV in UTF-8.")
        try:
            names = [name.strip().lower() for name in next(csv.reader([text], strict=True))]
        except csv.Error:
            raise WrongHeader(f"The header of {self.path.name} is no CSV: export the extract with commas.") from None
        if len(names) == 1:
            raise WrongHeader(f"The header of {self.path.name} has one column: export the extract with commas.")
        for wrong, words in (
            ([name for name in COLUMNS if name not in names], "lacks"),
            ([name for name in names if name not in COLUMNS], "has, and should not have,"),
            (sorted({name for name in names if names.count(name) > 1}), "has more than once"),
        ):
            if wrong:
                raise WrongHeader(f"The header of {self.path.name} {words} {', '.join(wrong)}.")
        return [names.index(name) for name in COLUMNS]

    def _line(self) -> str:
        try:
            return self._text.readline(_LONGEST_LINE + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise NotReadable(f"{self.path.name} breaks off or is damaged: send it again.") from None
        except OSError as error:
            raise NotReadable(f"{self.path.name} cannot be read further: {error.strerror}.") from None


def _first(fields: list[str], order: list[int]) -> list[str]:
    """The person's number of a broken row, as far as it can be told."""
    return [fields[order[0]].strip(' "')] if order[0] < len(fields) else []
