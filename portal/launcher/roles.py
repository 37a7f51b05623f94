"""Roles and databases, made by the cluster's administrator. The same SQL serves the container images."""

import os
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import quote_ident

from portal.launcher.trouble import Trouble

OLDEST_SERVER = 150000
URL_NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_JOB_URL")
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


def try_addresses(addresses: dict[str, str]) -> None:
    """Connects once under each address of someone else's server; raises Trouble with what to do where one fails.

    No address at all is fine, some of the three are not.
    """
    for name, url in addresses.items():
        if not url.startswith(("postgres://", "postgresql://")):
            raise Trouble(
                f"{name} is no PostgreSQL address, and Concord refuses every other database, SQLite included: "
                "access rules, triggers and row security would silently vanish there."
            )
    if addresses and len(addresses) < len(URL_NAMES):
        raise Trouble(f"{', '.join(URL_NAMES)} belong together: set all or none of them.")
    for name, url in addresses.items():
        options = "-c role=concord_owner" if name == "DATABASE_OWNER_URL" else ""
        try:
            connection = psycopg2.connect(url, options=options, connect_timeout=5)
        except psycopg2.OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise Trouble(
                f"{name} does not work ({reason}): mend it, or make the roles with portal/launcher/roles.sql."
            ) from error
        version = connection.server_version
        connection.close()
        if version < OLDEST_SERVER:
            raise Trouble(f"{name} leads to PostgreSQL {version // 10000}, and Concord needs 15 or newer.")


def gather_statistics(owner_url: str) -> None:
    """Analyses the database's tables once, as their owner; where that has been done, nothing happens."""
    connection = psycopg2.connect(owner_url, options="-c role=concord_owner", connect_timeout=5)
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        # A table that an import does not analyse by itself.
        cursor.execute("select last_analyze is null from pg_stat_user_tables where relname = 'sharing_grant'")
        if cursor.fetchone() == (True,):
            cursor.execute("analyze (skip_locked)")


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


if __name__ == "__main__":
    gather_statistics(os.environ["DATABASE_OWNER_URL"])
