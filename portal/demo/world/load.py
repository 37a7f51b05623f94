"""Rows into tables, thousands at a time, with the defaults that the models declare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

from cases.imports.staging import copy_in


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of these columns. Columns left out get the model's default, a UUID a random one, the rest NULL."""
    names, values, constants = list(columns), list(columns), []
    for field in model._meta.concrete_fields:
        if field.column in names or field.primary_key or field.null:
            continue
        names.append(field.column)
        if isinstance(field, models.UUIDField):
            values.append("gen_random_uuid()")
        else:
            values.append("%s")
            constants.append(field.get_db_prep_save(field.get_default(), connection))
    table, listed = model._meta.db_table, ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.world_row")
        cursor.execute(f"CREATE TEMPORARY TABLE world_row AS SELECT {listed} FROM {table} WITH NO DATA")
    copy_in("world_row", columns, rows)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM world_row", constants)
