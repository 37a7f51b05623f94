"""Many rows to the database at once: by COPY into a temporary table, from there by one statement.

COPY itself stops before tables with row security; an INSERT that selects does not.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

_NULL = "\\N"


def copy_in(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Send rows to a temporary table; None is NULL."""
    sent = io.StringIO()
    csv.writer(sent).writerows([_NULL if value is None else value for value in row] for row in rows)
    sent.seek(0)
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv, NULL '{_NULL}')", sent)


def reserve(table: str, count: int) -> list[int]:
    """Numbers for `count` rows to come, so that rows which name each other can be written set by set."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [number for (number,) in cursor.fetchall()]
