"""Over HTTP: the case list as a browser and as a partner system get it, from gunicorn with two sync workers."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from agencies.accounts.sessions import SessionStore
from agencies.directory.models import Side
from cases.supervision.querysets import SHARED, UNIT
from portal.launcher.processes import end_with_parent, free_port
from tests.bench.database import World
from tests.bench.measure import DatabaseClock, compare
from tests.bench.pages import Viewer
from tests.bench.report import Report
from tests.bench.server import CACHE, ROOT

START_SECONDS = 30


def measure(report: Report, world: World, viewers: list[Viewer], seconds: float) -> None:
    """Compares each persona's list with the same view whose door was taken out."""
    rows = []
    with (
        _gunicorn(world, "tests.bench.wsgi", "app") as ours,
        _gunicorn(world, "tests.bench.wsgi_open", "owner") as plain,
    ):
        for viewer in viewers:
            clock = DatabaseClock()
            cookie = _sign_in(world, viewer)
            html, json = f"/cases/?tab={_scope(viewer)}", "/api/v1/cases/"
            found = compare(
                {
                    "html": _getting(ours, html, cookie, clock),
                    "plain html": _getting(plain, html, cookie, clock),
                    "json": _getting(ours, json, cookie, clock),
                    "plain json": _getting(plain, json, cookie, clock),
                },
                seconds=seconds,
                warm=8,
                clock=clock,
            )
            many, label = viewer.persona.many, viewer.persona.label
            ratios = {kind: found[kind].median / found[f"plain {kind}"].median for kind in ("html", "json")}
            report.judge("Over HTTP, HTML ÷ same view unfiltered", label, ratios["html"], 1.5 if many else 1.3, 1.15)
            report.judge("Over HTTP, JSON ÷ same view unfiltered", label, ratios["json"], 1.6 if many else 1.4, 1.2)
            rows.append(
                (
                    label,
                    *(cell for name in ("plain html", "html") for cell in (found[name].shown, found[name].database)),
                    ratios["html"],
                    *(cell for name in ("plain json", "json") for cell in (found[name].shown, found[name].database)),
                    ratios["json"],
                    len(found["html"].times),
                )
            )
    header = ("Persona", "HTML unfiltered", "of it database", "HTML", "database", "÷", "JSON unfiltered", "database",
              "JSON", "database", "÷", "runs")  # fmt: skip
    report.table("Case list over HTTP, with its count: median / p95 in ms, of it database", header, rows)


def _scope(viewer: Viewer) -> str:
    """The tab that shows the most of what the persona sees."""
    owns = viewer.actor.side == Side.SUPERVISION and viewer.persona.code != "circles"
    return UNIT if owns else SHARED


def _sign_in(world: World, viewer: Viewer) -> str:
    """A session of the persona's, as a cookie."""
    with world.acting_as(world.app):
        session = SessionStore()
        session[SESSION_KEY] = str(viewer.user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = viewer.user.get_session_auth_hash()
        session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _getting(port: int, path: str, cookie: str, clock: DatabaseClock) -> Callable[[], None]:
    """Fetches a page on a connection of its own, as sync workers want it. Raises for anything but 200.

    The clock is set forward by the time that the server says it spent in its database.
    """

    def get() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
        clock.spent += float(answer.headers["Server-Timing"].partition("dur=")[2]) / 1000

    return get


@contextmanager
def _gunicorn(world: World, module: str, role: str) -> Iterator[int]:
    """Serves a WSGI module on a free port, connected to the world in that role."""
    port = free_port()
    environment = {**os.environ, **world.server.environment(world.database), "CONCORD_DB_ROLE": role}
    command = [sys.executable, "-m", "gunicorn", f"{module}:application", "--workers=2", f"--bind=127.0.0.1:{port}"]
    with (CACHE / f"{module}.log").open("wb") as log:
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, preexec_fn=end_with_parent(15)
        )
        try:
            _wait(port)
            yield port
        finally:
            child.terminate()
            child.wait()


def _wait(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return
