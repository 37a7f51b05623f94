"""What a database held when it was fresh, and putting it back without making the database anew.

A copy of a database costs a hundredth of a second, and the connections to it as much again: what a connection has
learnt of tables and functions is gone with it. So after a test that committed only what it changed is put back.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

# Whatever a statement that defines something leaves behind, and what the planner was told of the rows.
_CATALOGS = (
    "pg_class", "pg_attribute", "pg_attrdef", "pg_proc", "pg_policy", "pg_trigger", "pg_constraint", "pg_index",
    "pg_type", "pg_namespace", "pg_default_acl", "pg_extension", "pg_event_trigger", "pg_db_role_setting",
    "pg_statistic",
)  # fmt: skip
_LASTING = " WHERE nspname !~ '^pg_(toast_)?temp_'"  # a place for temporary tables, once made, stays, and is empty
_DEFINITIONS = "SELECT " + ", ".join(
    f"(SELECT count(*) || ':' || coalesce(max(xmin::text::bigint), 0) FROM {catalog}"
    f"{_LASTING if catalog == 'pg_namespace' else ''})"
    for catalog in _CATALOGS
)
_TABLES = """
SELECT format('%I', c.relname), string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum)
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY c.oid, c.relname ORDER BY c.relname
"""
_COUNTERS = "SELECT format('%I', sequencename), last_value, start_value FROM pg_sequences WHERE schemaname = 'public'"


@dataclass(slots=True)
class Content:
    """What tables and sequences of a freshly copied database hold."""

    rows: dict[str, str] = field(default_factory=dict)  # table → its rows as COPY writes them
    counters: dict[str, int | None] = field(default_factory=dict)  # sequence → its last value


class Database:
    """One database that tests write to, watched by its administrator."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.cursor = connection.cursor()
        self.cursor.execute("SET session_replication_role = replica")  # no trigger and no foreign key stirs
        self.definitions = self._ask(_DEFINITIONS)
        self.columns: dict[str, str] = dict(self._ask(_TABLES))
        self._look = "PREPARE look AS " + " UNION ALL ".join(
            f"SELECT '{table}', count(*), max(xmin::text::bigint) FROM {table}" for table in self.columns
        )
        self.cursor.execute(self._look)
        self.content = self.read()
        self.marks = self._marks()

    def read(self) -> Content:
        """What it holds."""
        content = Content(counters={name: last for name, last, _ in self._ask(_COUNTERS)})
        for table, columns in self.columns.items():
            written = io.StringIO()
            self.cursor.copy_expert(f"COPY {table} ({columns}) TO STDOUT", written)
            content.rows[table] = written.getvalue()
        return content

    def put_back(self, wanted: Content, *, spare: list[int]) -> bool:
        """Makes it hold what is wanted; False where something was defined anew, and only a fresh copy helps.

        Ends every connection but those of the processes to spare.
        """
        self.cursor.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> ALL (%s) AND pid <> pg_backend_pid()",
            [spare],
        )
        if self._ask(_DEFINITIONS) != self.definitions:
            return False
        marks = self._marks()
        for table, mark in marks.items():
            if mark != self.marks[table] or self.content.rows[table] != wanted.rows[table]:
                self.cursor.execute(f"DELETE FROM {table}")
                self.cursor.copy_expert(
                    f"COPY {table} ({self.columns[table]}) FROM STDIN", io.StringIO(wanted.rows[table])
                )
        for name, last, first in self._ask(_COUNTERS):
            if last != wanted.counters[name]:
                called = wanted.counters[name] is not None
                self.cursor.execute("SELECT setval(%s, %s, %s)", [name, wanted.counters[name] or first, called])
        self.content, self.marks = wanted, self._marks()
        return True

    def close(self) -> None:
        """Ends its own connection."""
        self.connection.close()

    def _marks(self) -> dict[str, tuple[int, int | None]]:
        """For each table how many rows it has and the last transaction that wrote one: no change leaves both."""
        return {table: (number, last) for table, number, last in self._ask("EXECUTE look")}

    def _ask(self, statement: str) -> list[Any]:
        self.cursor.execute(statement)
        return list(self.cursor.fetchall())
