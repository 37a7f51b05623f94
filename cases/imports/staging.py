"""Many rows to the database at once: by COPY into a temporary table, from there by one statement.

COPY itself stops before tables with row security; an INSERT that selects does not.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def copy_in(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Send rows to a temporary table; None is NULL."""
    sent = io.StringIO()
    sent.writelines(",".join(map(_field, row)) + "\n" for row in rows)
    sent.seek(0)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)", sent)


def _field(value: Any) -> str:
    """The value for COPY. Only NULL stands without quotes, so that no text of an extract is taken for it."""
    return "" if value is None else '"{}"'.format(str(value).replace('"', '""'))


def reserve(table: str, count: int) -> list[int]:
    """Numbers for `count` rows to come, so that rows which name each other can be written set by set."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [number for (number,) in cursor.fetchall()]


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of these columns. Columns left out get the model's default, a UUID a random one, the rest NULL."""
    fields = {field.column: field for field in model._meta.concrete_fields}
    names, values, constants = [f'"{name}"' for name in columns], [f'"{name}"' for name in columns], []
    for column, field in fields.items():
        if column in columns or field.primary_key or field.null:
            continue
        names.append(f'"{column}"')
        if isinstance(field, models.UUIDField):
            values.append("gen_random_uuid()")
        else:
            values.append("%s")
            constants.append(field.get_db_prep_save(field.get_default(), connection))
    staged = ", ".join(f'"{column}" {fields[column].db_type(connection)}' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.staged; CREATE TEMPORARY TABLE staged ({staged})")
    copy_in("staged", columns, rows)
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM staged", constants)
