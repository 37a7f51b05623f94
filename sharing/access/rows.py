"""Rows of several joined tables read in one statement, as model instances.

Django plans a filtered page anew each time; a page read by the numbers that a database function returned need not be.
"""

from typing import Any

from django.db import connection, models


def read_joined(aliases: dict[str, type[models.Model]], tail: str, arguments: list[Any]) -> list[dict[str, Any]]:
    """Read `SELECT <all columns of every alias> <tail>`.

    Returns one dict a row: alias → instance, or None where an outer join found nothing.
    """
    fields = {alias: model._meta.concrete_fields for alias, model in aliases.items()}
    columns = ", ".join(f'{alias}."{f.column}"' for alias, listed in fields.items() for f in listed)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} {tail}", arguments)
        found = cursor.fetchall()
    rows = []
    for values in found:
        row, start = {}, 0
        for alias, model in aliases.items():
            listed = fields[alias]
            chunk = values[start : start + len(listed)]
            start += len(listed)
            primary = listed.index(model._meta.pk)
            row[alias] = (
                None if chunk[primary] is None else model.from_db(connection.alias, [f.attname for f in listed], chunk)
            )
        rows.append(row)
    return rows
