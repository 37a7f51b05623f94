"""The throw-away PostgreSQL and Valkey of a test run. An early pytest plugin: they are up before settings are read.

    concord_template   migrated once; never connected to afterwards, so it can be copied
    concord_test       what the settings point at, a copy of it

After a test that committed for real `provide()` puts back what concord_test held (tests/contents.py: rows and
sequences), or copies it anew where something was defined otherwise; `clone_database(name)` makes another. What is
neither, such as a role of the whole cluster, a test has to put back itself.
"""

import atexit
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from portal.launcher import roles
from portal.launcher.servers import THROW_AWAY, Postgres, Valkey
from tests import contents

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = "concord_template"
DATABASE = "concord_test"

_running: "Services | None" = None
_holds: str | None = None  # the template of which concord_test is an untouched copy; None once a test committed
_watched: contents.Database | None = None  # concord_test
_owners: Any = None  # the owner's connection to concord_test, for single statements
_jobs: Any = None  # a connection of the job role's to concord_test, in the shape of Django's
_contents: dict[str, contents.Content] = {}  # template → what a copy of it holds


class Services:
    """The servers of this test run."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="concord-tests-", dir=_memory()))
        self.folder.chmod(0o711)  # the servers' user passes through, and sees nothing but its own folder
        self.passwords = {who: secrets.token_urlsafe(16) for who in ("migrator", "app", "job")}
        self.postgres = Postgres(
            self.folder / "postgres", log=self.folder / "postgres.log", settings={**THROW_AWAY, "jit": "off"}
        )
        self.valkey = Valkey(self.folder / "valkey", log=self.folder / "valkey.log")

    def start(self) -> None:
        """Starts both servers, makes the roles, and migrates the template."""
        self.postgres.start()
        self.valkey.start()
        self.admin = self.postgres.connect()
        with self.admin.cursor() as cursor:
            # Tests connect some ten thousand times: fewer rounds of hashing each, where the server can.
            cursor.execute("SELECT set_config(name, '1', false) FROM pg_settings WHERE name = 'scram_iterations'")
        roles.create_roles(self.admin, self.passwords)
        roles.create_database(self.admin, TEMPLATE)
        environment = self.environment(TEMPLATE)
        migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"]
        done = subprocess.run(migrate, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
        if done.returncode:
            raise pytest.UsageError(f"The test database could not be migrated:\n{done.stdout}{done.stderr}")
        roles.create_database(self.admin, DATABASE, template=TEMPLATE)

    def stop(self) -> None:
        """Stops both servers and removes what they kept."""
        self.valkey.stop(1.0)
        self.postgres.stop(2.0)
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self, database: str) -> dict[str, str]:
        """Returns the variables under which settings find `database` and the broker."""
        return {
            "DJANGO_SETTINGS_MODULE": "portal.settings.test",
            "DATABASE_URL": self.postgres.url("concord_app", self.passwords["app"], database),
            "DATABASE_OWNER_URL": self.postgres.url("concord_migrator", self.passwords["migrator"], database),
            "DATABASE_JOB_URL": self.postgres.url("concord_job", self.passwords["job"], database),
            "BROKER_URL": self.valkey.url,
            "DOCUMENTS_ROOT": str(self.folder / "documents"),
        }


def _memory() -> str | None:
    """Returns a folder in memory with room for the databases, where a copy costs a quarter; None without one."""
    shared = Path("/dev/shm")
    try:
        return str(shared) if shutil.disk_usage(shared).free > 4 * 2**30 and os.access(shared, os.W_OK) else None
    except OSError:
        return None


def running() -> Services:
    """Returns the servers of this run."""
    assert _running is not None, "start the tests as `python -m pytest`, which loads tests.services"
    return _running


def clone_database(name: str, template: str = TEMPLATE) -> dict[str, str]:
    """Makes database `name` anew as a copy of `template`; returns the environment that points at it.

    Nobody may be connected to the template meanwhile.
    """
    roles.drop_database(running().admin, name)
    roles.create_database(running().admin, name, template=template)
    return running().environment(name)


def restore(template: str = TEMPLATE) -> None:
    """Makes concord_test a copy of `template`, ending every connection to it."""
    global _holds, _watched
    from django.db import connections

    connections.close_all()
    _look_away()
    clone_database(DATABASE, template)
    _watched = contents.Database(running().postgres.connect(DATABASE))
    _contents[template] = _watched.content
    _holds = template


def spoil() -> None:
    """Notes that a test has committed to concord_test, so that it is put back before the next."""
    global _holds
    _holds = None


def keep_as(name: str) -> None:
    """Makes what concord_test holds now a template of its own."""
    spoil()
    _look_away()
    clone_database(name, template=DATABASE)


def _look_away() -> None:
    """Ends the connections that are kept here."""
    global _watched, _owners, _jobs
    for kept in (_watched, _owners, _jobs):
        if kept:
            kept.close()
    _watched = _owners = _jobs = None


def provide(template: str = TEMPLATE) -> None:
    """Sees to it that concord_test holds what `template` does, and nobody but Django's own connection is there."""
    global _holds
    if _holds == template:
        return
    wanted = _contents.get(template)
    if _watched and wanted and _watched.put_back(wanted, spare=_settle()):
        _holds = template
    else:
        restore(template)


def _settle() -> list[int]:
    """Makes the connections that stay as good as new; returns what serves those that a test did not end."""
    import psycopg2
    from django.db import DEFAULT_DB_ALIAS, connection, connections

    for other in connections.all(initialized_only=True):
        if other.alias != DEFAULT_DB_ALIAS or other.settings_dict["NAME"] != DATABASE:
            other.close()
    serving = [number for kept in (connection, _jobs) if kept and (number := _as_new(kept))]
    if _owners and not _owners.closed:
        try:
            with _owners.cursor() as cursor:
                cursor.execute("DISCARD ALL")
                cursor.execute("SET role = concord_owner")
            serving.append(_owners.info.backend_pid)
        except psycopg2.Error:
            _owners.close()
    return serving


def _as_new(kept: Any) -> int | None:
    """Makes a connection of Django's as good as new. Returns what serves it; None where it is closed now."""
    import psycopg2
    from django.db import DatabaseError

    from sharing.access import rows

    if kept.connection is None:
        return None
    try:
        kept.rollback()
        kept.set_autocommit(True)
        with kept.cursor() as cursor:
            cursor.execute("DISCARD ALL")
        kept.init_connection_state()
        rows._PREPARED.pop(kept.connection, None)
        return int(kept.connection.info.backend_pid)
    except (psycopg2.Error, DatabaseError):
        kept.close()
        return None


@contextmanager
def as_job() -> Iterator[None]:
    """Inside, Django uses a connection of the job role's, as a worker does; before and after it is the app's."""
    global _jobs
    if _jobs is None:
        _jobs = connection_of_job()
    with standing_in(_jobs):
        yield


def connection_of_job() -> Any:
    """Another connection of Django's to the same database, of the job role."""
    from django.db import connection

    made = connection.copy()
    made.settings_dict.update(_login(running().environment(made.settings_dict["NAME"])["DATABASE_JOB_URL"]))
    return made


@contextmanager
def standing_in(other: Any) -> Iterator[None]:
    """Inside, Django uses this connection. Both stay open, since a new one would have all to learn again."""
    from django.db import connections

    usual = connections["default"]
    connections["default"] = other
    try:
        yield
    finally:
        connections["default"] = usual


def _login(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}


def connect(who: str = "owner", database: str = DATABASE) -> Any:
    """Returns a psycopg2 connection in autocommit, as `admin` (the cluster's superuser), `owner`, `app` or `job`."""
    import psycopg2

    if who == "admin":
        return running().postgres.connect(database)
    environment = running().environment(database)
    name = {"owner": "DATABASE_OWNER_URL", "app": "DATABASE_URL", "job": "DATABASE_JOB_URL"}[who]
    options = "-c role=concord_owner" if who == "owner" else ""
    connection = psycopg2.connect(environment[name], options=options)
    connection.autocommit = True
    return connection


def owner(statement: str, *arguments: Any) -> list[Any]:
    """What the owner of the tables reads or changes past every policy; [] for a statement that returns nothing."""
    with owner_cursor() as cursor:
        cursor.execute(statement, arguments or None)
        return list(cursor.fetchall()) if cursor.description else []


def owner_cursor() -> Any:
    """A cursor of the owner's on a connection that tests share; for statements that leave nothing in it."""
    global _owners
    if _owners is None or _owners.closed:
        _owners = connect("owner")
    return _owners.cursor()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Starts the servers before pytest-django reads the settings."""
    global _running
    known = early_config.known_args_namespace
    # With -n each worker process has servers of its own; the one that only hands out tests needs none.
    hands_out = getattr(known, "numprocesses", None) and "PYTEST_XDIST_WORKER" not in os.environ
    if _running is None and not known.help and not hands_out:
        _running = Services()
        atexit.register(_running.stop)
        _running.start()
        os.environ.update(_running.environment(DATABASE))
    yield
