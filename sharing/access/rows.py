"""Rows of several tables read in one statement, as model instances.

Planning a page's joins costs more than reading its rows. So the statement is prepared once a connection and then only
executed, as the plans of the database's own functions are kept.
"""

import itertools
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.core.exceptions import EmptyResultSet
from django.db import connection, models

# A list has no use for it, and what is not read cannot get out.
NEVER_READ = {"password"}

# Which statements each connection to the database has prepared; a connection that is closed takes them with it.
_PREPARED: WeakKeyDictionary[Any, dict[str, str]] = WeakKeyDictionary()
_NUMBERS = itertools.count(1)


def read_joined(
    aliases: dict[str, type[models.Model]], tail: str, arguments: list[Any], values: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Read `SELECT <all columns of every alias>, <values> <tail>`; `values` are named SQL expressions.

    `tail` carries $1, $2 … for the arguments. Returns one dict a row: alias → instance, or None where an outer join
    found nothing; name → value. A row of a table that several rows join, such as an agency, is one instance for all of
    them: a page has 25 cases and few agencies.
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
    rows = []
    for columns_of_row in read_kept(f"SELECT {', '.join([columns, *expressions.values()])} {tail}", arguments):
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


class Arguments:
    """The values of a kept statement, and the marks ($1, $2 …) under which its text names them: one name, one value."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._marks: dict[str, str] = {}

    def __call__(self, name: str, value: Any) -> str:
        """The mark of this value."""
        if name not in self._marks:
            self.values.append(list(value) if isinstance(value, tuple) else value)
            self._marks[name] = f"${len(self.values)}"
        return self._marks[name]


def read_kept(statement: str, arguments: list[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement that is prepared when a connection first meets it, in the same round trip."""
    with connection.cursor() as cursor:
        prepared = _PREPARED.setdefault(connection.connection, {})
        name, first = prepared.get(statement), ""
        if name is None:
            name = f"joined_{next(_NUMBERS)}"
            first = f"PREPARE {name} AS {statement.replace('%', '%%')}; "
        marks = ", ".join("'{}'" if argument == [] else "%s" for argument in arguments)
        cursor.execute(f"{first}EXECUTE {name} ({marks})", [argument for argument in arguments if argument != []])
        prepared[statement] = name
        return list(cursor.fetchall())


def read_together(asked: Mapping[str, models.QuerySet[Any]], first: str = "") -> dict[str, list[Any]]:
    """Several small sets of rows in one round trip: name → instances, in each queryset's order.

    For plain querysets, each of one model with nothing joined or annotated. `first` is a statement that goes before
    them, with its semicolon.
    """
    found: dict[str, list[Any]] = {name: [] for name in asked}
    names: list[str] = []
    parts: list[str] = []
    arguments: list[Any] = []
    for name, rows in asked.items():
        try:
            sql, values = rows.query.sql_with_params()
        except EmptyResultSet:  # Django knows that nothing can come of it
            continue
        names.append(name)
        parts.append(f"(SELECT json_agg(q) FROM ({sql}) q)")
        arguments += values
    if not parts and not first:
        return found
    with connection.cursor() as cursor:
        cursor.execute(f"{first}SELECT {', '.join(parts)}", arguments)
        answer = cursor.fetchone()
    for name, listed in zip(names, answer, strict=True):
        found[name] = [_instance(asked[name].model, values) for values in listed or ()]
    return found


def _instance(model: type[models.Model], values: Mapping[str, Any]) -> models.Model:
    """A row that came as JSON, by column."""
    fields = model._meta.concrete_fields
    kept = [field.to_python(values[str(field.column)]) for field in fields]
    return model.from_db(connection.alias, [field.attname for field in fields], kept)
