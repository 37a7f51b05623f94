"""No process of Concord runs with a database role that could walk around the row rules.

Row-level security binds neither a superuser, nor a role with BYPASSRLS, nor (unless forced) a table's owner
(PostgreSQL manual, "Row Security Policies"), nor whoever is or may become one of these through membership. So the role
is looked at before anything is served.
"""

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from portal.settings.connections import set_default_role

# Only these may own tables, or change and compare the shape of the database.
OWNER_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "showmigrations", "squashmigrations", "optimizemigration"}
JOB_COMMANDS = {"import_probation", "demo_world", "open_agency"}
# These touch no database, and must work where there is none.
OFFLINE_COMMANDS = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "spectacular",
    "version",
    "--version",
    "--help",
    "-h",
}

ROLE_QUERY = """
select session_user,
       exists (select from pg_roles r where r.rolsuper and pg_has_role(session_user, r.oid, 'MEMBER')),
       exists (select from pg_roles r where r.rolbypassrls and pg_has_role(session_user, r.oid, 'MEMBER')),
       exists (select from pg_class c
                where pg_has_role(session_user, c.relowner, 'MEMBER')
                  and c.relkind in ('r', 'p') and c.relpersistence <> 't')
"""


def role_problem(connection: Any) -> str | None:
    """Returns the sentence that says why this connection's role is too powerful, or None when it is fit to serve."""
    with connection.cursor() as cursor:
        cursor.execute(ROLE_QUERY)
        name, is_super, bypasses, owns = cursor.fetchone()
    for wrong, what in ((is_super, "is a superuser"), (bypasses, "bypasses row security"), (owns, "owns tables")):
        if wrong:
            return f"Concord does not start: its database role {name} {what}; connect as concord_app or concord_job."
    return None


def refuse_powerful_role() -> None:
    """Ends the process with one sentence when no database answers or its role is too powerful; else returns.

    The connection is closed again, so that a server may fork afterwards. The exit status is 3, which gunicorn takes as
    "do not try again".
    """
    from django.db import connection
    from django.db.utils import OperationalError

    if connection.vendor != "postgresql":
        _refuse("Concord needs PostgreSQL 15 or newer and refuses every other database, SQLite included.")
    try:
        problem = role_problem(connection)
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        _refuse(f"No database answers ({reason}): start the demo with `make demo`, or set DATABASE_URL.")
    connection.close()
    if problem:
        _refuse(problem)


def refuse_wrong_settings() -> None:
    """Ends the process with the settings' own sentence where they refuse what they were given; else returns."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        settings.DATABASES  # noqa: B018 - reading one loads them all
    except ImproperlyConfigured as error:
        _refuse(str(error))


def guard_command(argv: Sequence[str]) -> None:
    """Chooses the database role of a manage.py command, loads Django, and refuses a role that is too powerful."""
    command = argv[1] if len(argv) > 1 else "help"
    role = "owner" if command in OWNER_COMMANDS else "job" if command in JOB_COMMANDS else "app"
    set_default_role(role)
    refuse_wrong_settings()
    if role == "owner" or command in OFFLINE_COMMANDS or "--help" in argv or "-h" in argv:
        return
    import django

    django.setup()
    refuse_powerful_role()


def _refuse(sentence: str) -> NoReturn:
    print(sentence, file=sys.__stderr__, flush=True)  # not the one that Celery turns into log lines
    raise SystemExit(3)
