"""Roles and databases, made by the cluster's administrator. The same SQL serves the container images."""

import re
from pathlib import Path
from typing import Any

from psycopg2.extensions import quote_ident

HERE = Path(__file__).parent


def create_roles(admin: Any, passwords: dict[str, str]) -> None:
    """Creates the four roles, or sets them right. `passwords` has the keys migrator, app and job."""
    _run(admin, "roles.sql", {f"{who}_password": word for who, word in passwords.items()})


def create_database(admin: Any, name: str, template: str | None = None) -> None:
    """Creates the database unless it exists, as a copy of `template` where one is named; sets its owner and grants."""
    with admin.cursor() as cursor:
        cursor.execute("select 1 from pg_database where datname = %s", [name])
        if not cursor.fetchone():
            copied = f" template {quote_ident(template, admin)} strategy file_copy" if template else ""
            cursor.execute(f"create database {quote_ident(name, admin)} owner concord_owner{copied}")
    _run(admin, "database.sql", {"database": name})


def drop_database(admin: Any, name: str) -> None:
    """Drops the database if it exists, ending whatever is connected to it."""
    with admin.cursor() as cursor:
        cursor.execute(f"drop database if exists {quote_ident(name, admin)} with (force)")


def _run(admin: Any, file: str, values: dict[str, str]) -> None:
    """Runs a file of SQL with psql's :'value' and :"name" filled in."""
    sql = (HERE / file).read_text()
    with admin.cursor() as cursor:
        for name, value in values.items():
            literal = cursor.mogrify("%s", [value]).decode()
            sql = sql.replace(f":'{name}'", literal).replace(f':"{name}"', quote_ident(value, admin))
        if missing := re.findall(r""":['"](\w+)['"]""", sql):
            raise ValueError(f"{file} needs {', '.join(missing)}")
        cursor.execute(sql)
