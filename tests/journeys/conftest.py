"""A real portal for real browsers: gunicorn, a Celery worker and beat on a copy of the small world, and Chromium.

Whatever a page writes to the console as an error, and whatever the content security policy refuses, fails the test.
"""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from portal.launcher.debian import find
from portal.launcher.processes import end_with_parent, free_port
from tests.conftest import WORLD_TEMPLATE
from tests.services import ROOT, clone_database
from tests.worlds import PASSWORD, World

DATABASE = "concord_journeys"
WAIT = 8_000  # milliseconds a page may take to show something
LETTER = b"Subject: News in Concord\nFrom: concord@example.org\nTo: reyes@example.org\n\nhttps://localhost/inbox/1\n"


class Somebody:
    """A person at a browser of their own."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT)
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("response", self._response)
        self.page.on("request", lambda request: self.requests.append(f"{request.method} {request.url}"))

    def _console(self, message: Any) -> None:
        # A page that answers 400, 403, 404 or 409 is a page like any other; the browser notes it as a failed resource.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _response(self, response: Any) -> None:
        if response.status >= 500 or (response.status >= 400 and "/static/" in response.url):
            self.faults.append(f"{response.status} {response.url}")

    def go(self, path: str) -> Page:
        """Open an address of the portal."""
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, who: str) -> Somebody:
        """Sign in as somebody of the small world, and open Today. The form is typed into by test_finding.py."""
        login = self.address + "/accounts/login/"
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.context.request.get(login).text())
        assert token
        typed = {"login": f"{who}@example.org", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        answer = self.context.request.post(login, form=typed, headers={"Referer": login}, max_redirects=0)
        assert answer.status == 302, answer.text()
        self.go("/")
        return self


@pytest.fixture(scope="package")
def portal(_built_world: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running portal with worker and beat."""
    folder = tmp_path_factory.mktemp("portal")
    environment = clone_database(DATABASE, WORLD_TEMPLATE)
    (folder / "one.log").write_bytes(LETTER)  # what the demo's mailbox shows
    environment["CONCORD_MAIL_DIR"] = str(folder)
    environment["BROKER_URL"] = environment["BROKER_URL"].rsplit("/", 1)[0] + "/7"
    port = free_port()
    celery = [sys.executable, "-m", "celery", "--app=portal.celery"]
    gunicorn = [sys.executable, "-m", "gunicorn", "portal.wsgi:application", f"--bind=127.0.0.1:{port}"]
    commands = {
        "web": ([*gunicorn, "--workers=1", "--threads=6", "--worker-class=gthread", "--no-control-socket"], "app"),
        "worker": (
            [
                *celery,
                "worker",
                "--queues=celery,outgoing",
                "--pool=solo",
                "--loglevel=INFO",
                "--without-gossip",
                "--without-mingle",
            ],
            "job",
        ),
        "beat": ([*celery, "beat", "--pidfile=", f"--schedule={folder / 'beat'}"], "job"),
    }
    running = []
    for name, (words, role) in commands.items():
        with (folder / f"{name}.log").open("wb") as log:
            env = {
                **os.environ,
                **environment,
                "DJANGO_SETTINGS_MODULE": "tests.journeys.settings",
                "CONCORD_DB_ROLE": role,
            }
            running.append(
                subprocess.Popen(words, cwd=ROOT, env=env, stdout=log, stderr=log, preexec_fn=end_with_parent(15))
            )
    address = f"http://localhost:{port}"
    try:
        _until_ready(address, folder)
        yield address
    finally:
        for process in running:
            process.kill()
            process.wait()


def _until_ready(address: str, folder: Path) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2) as answer:
                if b'"worker": "ok"' in answer.read():
                    return
        except OSError:
            pass
        time.sleep(0.2)
    logs = "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in folder.glob("*.log"))
    raise AssertionError(f"The portal did not become ready:\n{logs}")


@pytest.fixture(scope="package")
def chromium(portal: str) -> Iterator[Browser]:
    """Debian's Chromium. It ends with this folder's tests, and its event loop with it: later tests use the ORM."""
    found = find("chromium")
    if found is None:
        pytest.fail("No Chromium is installed: apt-get install --no-install-recommends chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()


@pytest.fixture
def world(_built_world: bytes, portal: str) -> World:
    """The small world as it was made, in the portal's database: what earlier tests changed there is gone."""
    clone_database(DATABASE, WORLD_TEMPLATE)
    made: World = pickle.loads(_built_world)
    return made


@pytest.fixture
def somebody(world: World, chromium: Browser, portal: str) -> Iterator[Callable[..., Somebody]]:
    """Opens browsers: `somebody("olsen")` is signed in; options are those of a Playwright context."""
    people: list[Somebody] = []

    def come(who: str | None = None, **options: Any) -> Somebody:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-US", **options})
        person = Somebody(context, portal)
        people.append(person)
        return person.sign_in(who) if who else person

    yield come
    faults = [fault for person in people for fault in person.faults]
    for person in people:
        person.context.close()
    assert not faults, faults
