"""With `permitted()` replaced by `all()`, each persona of the demo world sees over HTTP exactly the same records.

Two real servers on one database: the product, and the product with its first wall taken out (unfiltered.py). Everything
that a persona can reach is asked of both: lists page by page, search, and pages of records that are and are not theirs.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from django.test import Client

from agencies.directory.categories import Category
from agencies.directory.models import User
from agencies.directory.roles import ROLES
from portal.demo.personas import PERSONAS
from portal.launcher.processes import free_port
from portal.launcher.roles import gather_statistics
from tests import services

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True, databases=["default", "aside"])]

DEMO = "concord_demo"
LOOKED_AT = 20  # records of each kind whose pages every persona asks for
FIRST_PAGES = 2  # of each list
TO_THE_END = 1_000  # pages: one list is walked whole
CASE_LINK = re.compile(r"/cases/([0-9a-f-]{36})/")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NEXT_LINK = re.compile(r'href="([^"]*[?&;]after=[^"]*)"')


@pytest.fixture
def demo_world(transactional_db: None) -> Iterator[None]:
    """The demo world in the test database, made as `make demo` makes it."""
    environment = {**os.environ, **services.clone_database(DEMO), "DJANGO_SETTINGS_MODULE": "portal.settings.demo"}
    made = subprocess.run(
        [sys.executable, str(services.ROOT / "manage.py"), "demo_world"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    gather_statistics(environment["DATABASE_OWNER_URL"])
    services.restore(DEMO)
    yield
    services.spoil()


class Server:
    """One web server, asked as somebody who is signed in."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, cookie: str, method: str, address: str, body: Any = None) -> tuple[int, str]:
        """Status and text of an answer; redirects are not followed."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)) as line:
            headers = {"Cookie": cookie, "Host": "localhost"}
            sent = None
            if body is not None:
                token = "a" * 32
                headers |= {
                    "Content-Type": "application/json",
                    "X-CSRFToken": token,
                    "Cookie": f"{cookie}; concord_csrf={token}",
                }
                sent = json.dumps(body)
            line.request(method, address, sent, headers)
            answer = line.getresponse()
            assert answer.status not in (429, 500), f"{method} {address}: {answer.status}"
            return answer.status, answer.read().decode()


@contextmanager
def serving(module: str) -> Iterator[Server]:
    """The module's application under gunicorn, on a port of its own."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            f"{module}:application",
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            "1",
            "--timeout",
            "300",
        ],
        cwd=services.ROOT,
        env={**os.environ, "CONCORD_DB_ROLE": "app"},
        stdout=subprocess.DEVNULL,
    )
    try:
        server = Server(port)
        for _ in range(300):
            try:
                server.ask("", "GET", "/healthz")
                break
            except OSError:
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(60)


def cookie_of(email: str) -> str:
    """A session of this person, as the browser would send it."""
    client = Client()
    client.force_login(User.objects.get(email=email), backend="agencies.accounts.backends.PasswordBackend")
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def html_list(server: Server, cookie: str, tab: str, sort: str) -> tuple[int, list[str]]:
    """The records of a list in its order, its first pages."""
    address, found, status = f"/cases/?tab={tab}&sort={sort}", [], 0
    for _ in range(FIRST_PAGES):
        status, text = server.ask(cookie, "GET", address)
        found += list(dict.fromkeys(CASE_LINK.findall(text.split("<main", 1)[-1])))
        following = NEXT_LINK.findall(text)
        if not following or status != 200:
            break
        address = following[-1].replace("&amp;", "&")
    return status, found


def api_list(server: Server, cookie: str, scope: str, sort: str, pages: int) -> tuple[int, list[str]]:
    """The records of a list over the API, as many pages as are asked for."""
    address, found, status = f"/api/v1/cases/?scope={scope}&sort={sort}&limit=200", [], 0
    for _ in range(pages):
        status, text = server.ask(cookie, "GET", address)
        answer = json.loads(text)
        found += [row["id"] for row in answer.get("results", [])]
        if not answer.get("next"):
            break
        address = re.sub(r"^https?://[^/]+", "", answer["next"])
    return status, found


def records() -> dict[str, list[str]]:
    """Addresses of records of the whole world, by kind, chosen the same way every time."""
    dice = random.Random(7)
    with closing(services.connect("owner")) as owner, owner.cursor() as cursor:
        chosen: dict[str, list[str]] = {}
        for kind, query in (
            ("case", "SELECT uuid FROM cases_case ORDER BY id"),
            ("planned", "SELECT c.uuid FROM cases_case c JOIN cases_plan p ON p.case_id = c.id ORDER BY c.id"),
            ("shared", "SELECT record_id FROM sharing_grant WHERE record_id IS NOT NULL ORDER BY id"),
            ("goal", "SELECT uuid FROM cases_goal ORDER BY id"),
            ("action", "SELECT uuid FROM cases_action ORDER BY id"),
        ):
            cursor.execute(query)
            found = sorted({str(row[0]) for row in cursor.fetchall()})
            chosen[kind] = dice.sample(found, min(LOOKED_AT, len(found)))
    return chosen


def test_without_the_first_wall_everybody_sees_the_same_records(demo_world: None) -> None:
    chosen = records()
    pages = [
        template.format(record)
        for record in dict.fromkeys(chosen["case"] + chosen["planned"] + chosen["shared"])
        for template in (
            "/cases/{}/",
            "/cases/{}/plan/",
            "/cases/{}/access/",
            "/api/v1/cases/{}/",
            "/api/v1/cases/{}/plan/",
            "/api/v1/cases/{}/access/",
        )
    ]
    pages += [f"/api/v1/goals/{goal}/{tail}" for goal in chosen["goal"] for tail in ("", "versions/", "actions/")]
    pages += [f"/api/v1/actions/{action}/{tail}" for action in chosen["action"] for tail in ("", "versions/")]
    seen = 0
    with serving("portal.wsgi") as product, serving("tests.drills.unfiltered") as unfiltered:
        for persona in PERSONAS:
            cookie = cookie_of(persona.email)
            # The database guards rows, not columns: in which order reviews fall due is for the first wall alone to say.
            knows = Category.SUPERVISION in ROLES[persona.role].mask
            for sort in ("latest", "review") if knows else ("latest",):
                for tab in ("mine", "unit", "shared"):
                    same(persona.code, f"list {tab} by {sort}", html_list, product, unfiltered, cookie, tab, sort)
                for scope in ("mine", "shared"):
                    same(persona.code, scope, api_list, product, unfiltered, cookie, scope, sort, FIRST_PAGES)
            same(persona.code, "everything", api_list, product, unfiltered, cookie, "all", "latest", TO_THE_END)
            for address in pages:
                ours, theirs = product.ask(cookie, "GET", address), unfiltered.ask(cookie, "GET", address)
                # A refusal shows nothing, whichever it is; but what is hidden stays hidden.
                assert ours[0] != 404 or theirs[0] == 404, f"{persona.code} {address}: 404, unfiltered {theirs[0]}"
                assert shown(address, *ours) == shown(address, *theirs), f"{persona.code} {address}: other records"
                seen += ours[0] == 200
            for name in ("Johnson", "Williams", "Brown"):
                body = {"words": name, "limit": 50}
                status, text = unfiltered.ask(cookie, "POST", "/api/v1/searches/", body)
                assert status == 200, text
                for row in json.loads(text)["results"]:
                    assert product.ask(cookie, "GET", f"/api/v1/cases/{row['id']}/")[0] == 200, (persona.code, name)
    assert seen > 200, "hardly anything was seen: the drill proves nothing"


def shown(address: str, status: int, text: str) -> set[str]:
    """Every record and part that an answer names, beside those that its address named."""
    found = set(UUID.findall(text)) if status == 200 else set()
    return found - set(UUID.findall(address)) - set(re.findall(r'"request_id": ?"([^"]+)"', text))


def same(who: str, what: str, ask: Any, product: Server, unfiltered: Server, *arguments: Any) -> None:
    """Fails where the two servers list different records."""
    ours, theirs = ask(product, *arguments), ask(unfiltered, *arguments)
    assert ours == theirs, (
        f"{who}, {what}: {len(ours[1])} records ({ours[0]}), without the first wall {len(theirs[1])} ({theirs[0]})"
    )
