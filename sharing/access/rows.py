"""Rows of several joined tables read in one statement, as model instances.

Django plans a filtered page anew each time; a page read by the numbers that a database function returned need not be.
"""

from typing import Any

from django.db import connection, models

# A list has no use for it, and what is not read cannot get out.
NEVER_READ = {"password"}


def read_joined(
    aliases: dict[str, type[models.Model]], tail: str, arguments: list[Any], values: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Read `SELECT <all columns of every alias>, <values> <tail>`; `values` are named SQL expressions.

    Returns one dict a row: alias → instance, or None where an outer join found nothing; name → value. A row of a table
    that several rows join, such as an agency, is one instance for all of them: a page has 25 cases and few agencies.
    """
    fields = {
        alias: [field for field in model._meta.concrete_fields if field.name not in NEVER_READ]
        for alias, model in aliases.items()
    }
    names = {alias: [field.attname for field in listed] for alias, listed in fields.items()}
    primaries = {alias: listed.index(aliases[alias]._meta.pk) for alias, listed in fields.items()}
    seen: dict[tuple[str, Any], Any] = {}
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
            chunk = columns_of_row[start : start + len(names[alias])]
            start += len(chunk)
            primary = chunk[primaries[alias]]
            if primary is not None and (alias, primary) not in seen:
                seen[alias, primary] = model.from_db(connection.alias, names[alias], chunk)
            row[alias] = seen.get((alias, primary))
        rows.append({**row, **dict(zip(expressions, columns_of_row[start:], strict=True))})
    return rows
