"""Where the database and the broker are: the environment first, else what the running demo wrote down."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

URL_NAMES = {"app": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "job": "DATABASE_JOB_URL"}

# A request must not hang on a lock or a runaway query; a job may take its time; a migration must not be cut short.
SESSION_OPTIONS = {
    "app": "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s",
    "job": "-c lock_timeout=30s -c idle_in_transaction_session_timeout=600s",
    "owner": "-c role=concord_owner -c lock_timeout=30s",
}


def running_demo(state_file: Path) -> dict[str, Any]:
    """Returns what the launcher noted about the demo of this working copy, or {} where it never ran or is not ours."""
    try:
        noted: dict[str, Any] = json.loads(state_file.read_text())
    except (OSError, ValueError):
        return {}
    return noted


def database_settings(env: environ.Env, noted: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns DATABASES for the role named by CONCORD_DB_ROLE (app, owner or job).

    `default` serves requests and jobs; `aside` is a second connection of the same role for rows that must survive a
    roll-back, such as a recorded denial. As soon as one address is in the environment the running demo is ignored,
    so that two databases can never be mixed. Raises ImproperlyConfigured for an unknown role, a missing address or
    anything but PostgreSQL.
    """
    role = env.str("CONCORD_DB_ROLE", default="app")
    if role not in URL_NAMES:
        raise ImproperlyConfigured(f"CONCORD_DB_ROLE is {role!r}; it must be one of {', '.join(URL_NAMES)}.")
    given = {name: env.str(variable, default="") for name, variable in URL_NAMES.items()}
    if not any(given.values()):
        given = {name: noted.get(variable, "") for name, variable in URL_NAMES.items()}
        # Nothing known: enough to load settings (checks, static files); the first query then says what is missing.
        given = given if any(given.values()) else dict.fromkeys(URL_NAMES, "postgres://127.0.0.1:1/concord")
    for name, address in given.items():  # whichever role this is: a wrong kind of database is wrong for all
        if address and urlsplit(address).scheme not in {"postgres", "postgresql"}:
            raise ImproperlyConfigured(
                f"Concord needs PostgreSQL 15 or newer, and {URL_NAMES[name]} names something else: "
                "access rules, triggers and row security would silently vanish there."
            )
    url = given[role]
    if not url:
        raise ImproperlyConfigured(f"{URL_NAMES[role]} is not set, and this process connects as the {role} role.")
    config: dict[str, Any] = dict(env.db_url_config(url))
    options = dict(config.get("OPTIONS", {}))
    options["options"] = " ".join(filter(None, [options.get("options", ""), SESSION_OPTIONS[role]]))
    options.setdefault("connect_timeout", 5)
    options.setdefault("application_name", f"concord-{role}")
    config |= {
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": options,
        "CONN_MAX_AGE": 600,  # seconds: a new connection has plans and statements to learn again
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,  # portal.middleware.ContextMiddleware opens the one transaction of a request
    }
    return {"default": config, "aside": {**config, "OPTIONS": dict(options)}}


def broker_address(env: environ.Env, noted: dict[str, Any]) -> str:
    """Returns the address of the Redis or Valkey server that carries tasks."""
    return env.str("BROKER_URL", default="") or noted.get("BROKER_URL", "") or "redis://127.0.0.1:1/0"


def set_default_role(role: str) -> None:
    """Chooses the database role of this process unless the environment already did."""
    os.environ.setdefault("CONCORD_DB_ROLE", role)
