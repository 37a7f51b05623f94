"""The error report: what was refused, and what to do about it."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

COLUMNS = ["row", "field", "value", "what_to_do"]
# A spreadsheet would take these for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Finding(NamedTuple):
    """One thing the agency should look at. `row` counts as a spreadsheet does, the header being row 1; 0 for a person
    who is in no row."""

    row: int
    field: str
    value: str
    what_to_do: str


class Report:
    """Findings, written to a CSV file as they come; without a file they are only counted, and the first ones kept.

    The file holds personal data as the extract did: only its owner may read it.
    """

    KEPT = 20

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.count = 0
        self.first: list[Finding] = []

    def __enter__(self) -> Self:
        if self.path:
            self._file = os.fdopen(
                os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
            )
            self._writer = csv.writer(self._file)
            self._writer.writerow(COLUMNS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.path:
            self._file.close()

    def add(self, findings: list[Finding]) -> None:
        """Write these findings."""
        self.count += len(findings)
        self.first += findings[: self.KEPT - len(self.first)]
        if self.path:
            self._writer.writerows([f.row or "", f.field, _plain(f.value), f.what_to_do] for f in findings)
            self._file.flush()


def _plain(value: str) -> str:
    """The value as text in a spreadsheet; bytes that are no UTF-8 and control characters are shown, not sent."""
    shown = "".join(
        letter if letter.isprintable() else f"\\x{letter.encode('utf-8', 'surrogateescape').hex()}"
        for letter in value[:200]
    )
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
