"""The database roles: what each may do, and that no process serves with one that could walk around row security."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from portal.launcher import roles
from portal.launcher.trouble import Trouble
from tests import services

CHOSEN_ROLE = "CONCORD_DB_ROLE"
URLS = ("DATABASE_URL", "DATABASE_JOB_URL")


@pytest.fixture
def scratch() -> Iterator[str]:
    """A database of its own for roles that are wrong on purpose."""
    name = "concord_roles"
    services.clone_database(name)
    yield name
    with closing(services.connect("admin", "postgres")) as admin:
        roles.drop_database(admin, name)


def start(program: list[str], database: str, user: str, password: str) -> "subprocess.CompletedProcess[str]":
    """Runs one of our programs with a database role of choice."""
    url = services.running().postgres.url(user, password, database)
    env = {**os.environ, **services.running().environment(database), **dict.fromkeys(URLS, url)}
    env.pop(CHOSEN_ROLE, None)
    return subprocess.run(
        [sys.executable, *program], env=env, cwd=services.ROOT, capture_output=True, text=True, timeout=60, check=False
    )


WEB = ["-c", "import portal.wsgi; print('serving')"]
COMMAND = ["manage.py", "shell", "-c", "print('serving')"]
WORKER = ["-m", "celery", "--app=portal.celery", "worker", "--pool=solo"]


BEAT = ["-m", "celery", "--app=portal.celery", "beat", "--pidfile=", "--schedule=/tmp/concord-never-written"]


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(WEB, id="web"),
        pytest.param(COMMAND, id="command"),
        pytest.param(WORKER, id="worker", marks=pytest.mark.drill),
        pytest.param(BEAT, id="beat", marks=pytest.mark.drill),
    ],
)
def test_a_superuser_is_refused_in_one_sentence(program: list[str], scratch: str) -> None:
    done = start(program, scratch, "concord_admin", services.running().postgres.password)
    assert done.returncode == 3
    assert "serving" not in done.stdout
    assert (
        done.stderr.strip().splitlines()[-1].startswith("Concord does not start: its database role concord_admin is a")
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("alter role concord_wrong bypassrls", "alter role concord_wrong nobypassrls", "bypasses row security"),
        ("create table w (); alter table w owner to concord_wrong", "drop table w", "owns tables"),
    ],
)
def test_a_role_that_bypasses_or_owns_is_refused(wrong: str, right: str, says: str, scratch: str) -> None:
    with closing(services.connect("admin", scratch)) as admin, admin.cursor() as cursor:
        cursor.execute("create role concord_wrong login password 'w'")
        cursor.execute(f"grant connect on database {scratch} to concord_wrong")
        try:
            cursor.execute(wrong)
            refused = start(WEB, scratch, "concord_wrong", "w")
            cursor.execute(right)
            served = start(WEB, scratch, "concord_wrong", "w")
        finally:
            cursor.execute("drop owned by concord_wrong")
            cursor.execute("drop role concord_wrong")
    assert (refused.returncode, says in refused.stderr) == (3, True), refused.stderr
    assert (served.returncode, served.stdout.strip()) == (0, "serving"), served.stderr


def test_the_roles_as_made_are_accepted(scratch: str) -> None:
    for user, word in (("concord_app", "app"), ("concord_job", "job")):
        done = start(WEB, scratch, user, services.running().passwords[word])
        assert (done.returncode, done.stdout.strip()) == (0, "serving"), done.stderr


def test_making_the_roles_again_changes_nothing() -> None:
    query = "select rolname, rolsuper, rolbypassrls, rolcanlogin, rolinherit from pg_roles order by 1"
    with closing(services.connect("admin", "postgres")) as admin, admin.cursor() as cursor:
        cursor.execute(query)
        before = cursor.fetchall()
        roles.create_roles(admin, services.running().passwords)
        cursor.execute(query)
        assert cursor.fetchall() == before
    assert all(
        not (is_super or bypasses)
        for name, is_super, bypasses, *_ in before
        if name.startswith("concord_") and name != "concord_admin"
    )


@pytest.mark.parametrize("who", ["app", "job"])
def test_app_and_job_can_neither_make_tables_nor_empty_them(who: str) -> None:
    with closing(services.connect(who)) as connection, connection.cursor() as cursor:
        for statement in ("create table t ()", "truncate django_session", "set role concord_owner"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)


def test_app_cannot_put_a_temporary_table_in_front_of_a_real_one() -> None:
    with (
        closing(services.connect("app")) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute("create temporary table django_session ()")


@pytest.mark.parametrize(
    "program",
    [["manage.py", "check"], COMMAND, ["manage.py", "migrate"], ["manage.py"], WEB],
    ids=["check", "shell", "migrate", "help", "web"],
)
def test_anything_but_postgresql_is_refused_in_one_sentence(program: list[str]) -> None:
    env = {name: value for name, value in os.environ.items() if name not in roles.URL_NAMES and name != CHOSEN_ROLE}
    done = subprocess.run(
        [sys.executable, *program],
        env={**env, "DATABASE_URL": "sqlite:///concord.sqlite3"},
        cwd=services.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("Concord needs PostgreSQL 15 or newer, and DATABASE_URL names something else: ")
    assert (done.stderr.count("\n"), done.stdout) == (1, "")


def test_the_launcher_says_first_that_an_address_is_none_of_postgresql() -> None:
    for name in roles.URL_NAMES:
        with pytest.raises(Trouble, match=rf"^{name} is no PostgreSQL address, .*SQLite included: [^\n]+$"):
            roles.try_addresses({name: "sqlite:///concord.sqlite3"})
    with pytest.raises(Trouble, match="belong together: set all or none of them"):
        roles.try_addresses({"DATABASE_URL": "postgres://somewhere.example/concord"})
    roles.try_addresses({})
