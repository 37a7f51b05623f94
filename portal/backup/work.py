"""Taking a backup and putting it back. PostgreSQL's own programs move the rows; this checks what they moved."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from portal.backup.manifest import describe_database, describe_files, differences
from portal.launcher.servers import postgres_bin
from portal.launcher.trouble import Trouble
from portal.rolecheck import role_problem

DUMP, FILES, MANIFEST = "database.dump", "documents", "manifest.json"
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def take(owner_url: str, documents: Path, folder: Path) -> dict[str, Any]:
    """Back up database and documents into `folder`, which must not exist; returns the manifest.

    Rows and counts are of one moment. Files are copied after it: a document's file is there before its row, so that
    every row of the dump finds its file. Raises Trouble.
    """
    if folder.exists():
        raise Trouble(f"{folder} is there already: a backup never writes over another.")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    with _owner(owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_export_snapshot(), current_setting('server_version')")
        snapshot, version = cursor.fetchone()
        _run(
            "pg_dump",
            [*("--format=custom", "--role=concord_owner", f"--snapshot={snapshot}"), f"--file={partial / DUMP}"],
            owner_url,
        )
        described = describe_database(connection)
    if documents.is_dir():
        shutil.copytree(documents, partial / FILES)
    manifest = {
        "taken_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "postgres": version,
        **described,
        "files": describe_files(partial / FILES),
    }
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    partial.rename(folder)  # a folder of this name is a whole backup
    return manifest


def put_back(owner_url: str, documents: Path, folder: Path, others: list[str]) -> dict[str, Any]:
    """Restore a backup into an empty database and an empty folder, and verify it; returns the manifest.

    The roles must be there (portal/launcher/roles.sql). `others` are the addresses of the app's and the job's role,
    which must not be able to walk around row security afterwards. Raises Trouble with all that differs.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError):
        raise Trouble(f"{folder} holds no whole backup: {MANIFEST} is missing or broken.") from None
    if documents.is_dir() and any(documents.iterdir()):
        raise Trouble(f"{documents} is not empty: name an empty folder in DOCUMENTS_ROOT.")
    with _owner(owner_url) as connection:
        if describe_tables(connection):
            raise Trouble("The database is not empty: restore into a new one, then point the portal at it.")
    _run(
        "pg_restore", ["--exit-on-error", "--single-transaction", "--role=concord_owner", str(folder / DUMP)], owner_url
    )
    if (folder / FILES).is_dir():
        shutil.copytree(folder / FILES, documents, dirs_exist_ok=True)
    with _owner(owner_url) as connection:
        found = {**describe_database(connection), "files": describe_files(documents)}
    wrong = differences(manifest, found) + [problem for url in others if (problem := _role_problem(url))]
    if wrong:
        raise Trouble("The restore differs from the backup: " + "; ".join(wrong) + ".")
    with closing(psycopg2.connect(owner_url, options="-c role=concord_owner")) as connection:
        connection.autocommit = True
        connection.cursor().execute("analyze")
    return manifest


def describe_tables(connection: Any) -> int:
    """How many tables the database holds."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'")
        number: int = cursor.fetchone()[0]
    return number


def _role_problem(url: str) -> str | None:
    with closing(psycopg2.connect(url, connect_timeout=5)) as connection:
        return role_problem(connection)


@contextmanager
def _owner(url: str) -> Iterator[Any]:
    """A connection as the owner of the tables, in a transaction that sees one state."""
    with closing(psycopg2.connect(url, options="-c role=concord_owner", connect_timeout=5)) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        yield connection


def _run(program: str, words: list[str], url: str) -> None:
    """Run one of PostgreSQL's programs on the database. Raises Trouble with its own first words."""
    try:
        found = str(postgres_bin() / program)  # a dump must be made by the server's own version, or a newer one
    except Trouble:
        found = program
    # By the environment and not as an argument, which other users of the machine could read.
    with_password = {**os.environ, **_as_environment(url)}
    database = [f"--dbname={with_password['PGDATABASE']}"]
    done = subprocess.run([found, *database, *words], env=with_password, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Trouble(f"{program} failed: {' '.join(done.stderr.strip().splitlines()[:3])}")


def _as_environment(url: str) -> dict[str, str]:
    parts = psycopg2.extensions.parse_dsn(url)
    return {variable: str(parts[name]) for name, variable in _VARIABLES.items() if name in parts}
