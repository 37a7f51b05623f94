"""What a backup holds, counted and summed, so that a restore can be held against it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

# The trail is summed as well as counted: a row that was changed on the way must be noticed, not only a lost one.
TRAIL = ("agencies_change", "agencies_read", "agencies_denial", "agencies_signin")

_TABLES = """
select c.relname from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1
"""
# A sum of the rows' digests: needs no order and no memory, however long the trail is.
_SUM = """
select coalesce(sum(('x' || left(encode(sha256(convert_to(t::text, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0)
  from "{}" t
"""
# A policy must read the same after it was dumped and read again, which `varchar IN (…)` does not: write it with OR.
_WALL = """
select (select count(*) from pg_class c where c.relnamespace = 'public'::regnamespace and c.relrowsecurity),
       (select encode(sha256(convert_to(coalesce(string_agg(p::text, ';' order by p::text), ''), 'UTF8')), 'hex')
          from pg_policies p where p.schemaname = 'public'),
       (select count(*) from pg_trigger where not tgisinternal),
       (select encode(sha256(convert_to(coalesce(string_agg(g.line, ';' order by g.line), ''), 'UTF8')), 'hex')
          from (select table_name || ':' || grantee || ':' || privilege_type as line
                  from information_schema.role_table_grants
                 where table_schema = 'public' and grantee in ('concord_app', 'concord_job')
                union all
                select table_name || '.' || column_name || ':' || grantee || ':' || privilege_type
                  from information_schema.column_privileges
                 where table_schema = 'public' and grantee in ('concord_app', 'concord_job')
                union all
                select routine_name || '()' || ':' || grantee || ':' || privilege_type
                  from information_schema.routine_privileges
                 where routine_schema = 'public' and grantee in ('PUBLIC', 'concord_app', 'concord_job')) g)
"""


def describe_database(connection: Any) -> dict[str, Any]:
    """Rows of each table, digests of the trail, migrations, and the second wall (tables, policies, triggers, grants).

    `connection` is the owner's, in a transaction that sees one state (repeatable read).
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        rows: dict[str, int] = {}
        for table in tables:
            cursor.execute(f'select count(*) from "{table}"')
            rows[table] = cursor.fetchone()[0]
        trail = {}
        for table in (name for name in TRAIL if name in rows):
            cursor.execute(_SUM.format(table))
            trail[table] = str(cursor.fetchone()[0])
        cursor.execute(_WALL)
        wall = list(cursor.fetchone())
        cursor.execute("select app || '.' || name from django_migrations order by 1")
        migrations = [name for (name,) in cursor.fetchall()]
    return {"rows": rows, "trail": trail, "wall": wall, "migrations": migrations}


def describe_files(folder: Path) -> dict[str, str]:
    """Path below `folder` → SHA-256, for each file in it; {} where there is no such folder."""
    return {str(path.relative_to(folder)): _digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differences(kept: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """In words, where what is found differs from what was kept; [] for a faithful restore."""
    wrong = []
    for table, number in kept["rows"].items():
        if found["rows"].get(table) != number:
            wrong.append(f"{table} has {found['rows'].get(table, 'no table')} rows, and had {number}")
    for table, digest in kept["trail"].items():
        if found["trail"].get(table) != digest:
            wrong.append(f"the trail in {table} differs")
    if found["wall"] != kept["wall"]:
        wrong.append(f"row security, policies, triggers or grants differ: {found['wall']}, and were {kept['wall']}")
    if found["migrations"] != kept["migrations"]:
        wrong.append("the migrations differ")
    for path, digest in kept["files"].items():
        if found["files"].get(path) != digest:
            wrong.append(f"the file {path} is {'changed' if path in found['files'] else 'missing'}")
    return wrong
