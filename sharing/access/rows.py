"""Rows of several joined tables read in one statement, as model instances.

Django plans a filtered page anew each time; a page read by the numbers that a database function returned need not be.
"""

from typing import Any

from django.db import connection, models


def read_joined(
    aliases: dict[str, type[models.Model]], tail: str, arguments: list[Any], values: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Read `SELECT <all columns of every alias>, <values> <tail>`; `values` are named SQL expressions.

    Returns one dict a row: alias → instance, or None where an outer join found nothing; name → value.
    """
    fields = {alias: model._meta.concrete_fields for alias, model in aliases.items()}
    columns = ", ".join(f'{alias}."{f.column}"' for alias, listed in fields.items() for f in listed)
    expressions = values or {}
    columns = ", ".join([columns, *expressions.values()])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} {tail}", arguments)
        found = cursor.fetchall()
    rows = []
    for columns_of_row in found:
        row: dict[str, Any] = {}
        start = 0
        for alias, model in aliases.items():
            listed = fields[alias]
            chunk = columns_of_row[start : start + len(listed)]
            start += len(listed)
            primary = listed.index(model._meta.pk)
            row[alias] = (
                None if chunk[primary] is None else model.from_db(connection.alias, [f.attname for f in listed], chunk)
            )
        rows.append({**row, **dict(zip(expressions, columns_of_row[start:], strict=True))})
    return rows
