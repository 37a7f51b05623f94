"""With `permitted()` replaced by `all()`, each persona of the demo world sees over HTTP exactly the same records.

Two real servers on one database: the product, and the product with its first wall taken out (unfiltered.py). Everything
that a persona can reach is asked of both: lists page by page, search, and every page and address of the API
(addresses.py), of records that are and are not theirs.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import takewhile, zip_longest
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
from tests.drills.addresses import addresses

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True, databases=["default", "aside"])]

DEMO = "concord_demo"
FIRST_PAGES = 2  # of each list
TO_THE_END = 1_000  # pages: one list is walked whole
CASE_LINK = re.compile(r"/cases/([0-9a-f-]{36})/")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CHANGING = (
    re.compile(r'(?<=name="csrfmiddlewaretoken" value=")[^"]*'),
    re.compile(r'(?<=name="token" value=")[^"]*'),
    re.compile(r'(?<=name="once" value=")[^"]*'),
    re.compile(r'(?<=nonce=")[^"]*'),
    re.compile(r'(?<=data-left=")\d+'),
    re.compile(r'(?<="request_id":")[^"]*'),
    re.compile(r'(?<="asked_at":")[^"]*'),
    re.compile(r'(?<=[?&;]after=)[^"&]*'),
    re.compile(r'(?<=[?&;]cursor=)[^"&]*'),
    # Each of the two servers counts what the other was asked as well.
    re.compile(r'"times":\d+,"last_at":"[^"]*"'),
)
# Where the product names a single record, grant or agency.
NAMED_AT = ("cases", "people", "grants", "agencies")
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


def test_without_the_first_wall_everybody_sees_the_same_records(demo_world: None) -> None:
    pages = addresses()
    seen, wrong = 0, []
    with (
        serving("portal.wsgi") as product,
        serving("tests.drills.unfiltered") as unfiltered,
        ThreadPoolExecutor(2) as both,
    ):
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
                more, ours = "", (0, "")
                for _ in range(2):  # once more, where a minute ended or the reading itself was noted in between
                    asked = [both.submit(server.ask, cookie, "GET", address) for server in (product, unfiltered)]
                    ours, theirs = (answer.result() for answer in asked)
                    more = difference(address, ours, theirs, lambda part, who=cookie: named(product, who, part))
                    if not more:
                        break
                if more:
                    wrong.append(f"{persona.code} {address}: {more}")
                seen += ours[0] == 200 and bool(UUID.search(address))
            for name in ("Johnson", "Williams", "Brown"):
                body = {"words": name, "limit": 50}
                status, text = unfiltered.ask(cookie, "POST", "/api/v1/searches/", body)
                assert status == 200, text
                for row in json.loads(text)["results"]:
                    assert product.ask(cookie, "GET", f"/api/v1/cases/{row['id']}/")[0] == 200, (persona.code, name)
    assert not wrong, f"{len(wrong)} answers differ:\n" + "\n".join(wrong)
    assert seen > 200, "hardly anything was seen: the drill proves nothing"


def named(product: Server, cookie: str, part: str) -> bool:
    """Whether the product names this person, case, grant or agency to them at an address of its own."""
    return any(product.ask(cookie, "GET", f"/api/v1/{kind}/{part}/")[0] == 200 for kind in NAMED_AT)


def difference(address: str, ours: tuple[int, str], theirs: tuple[int, str], known: Callable[[str], bool]) -> str:
    """What is wrong between the product's answer and the one without the first wall; empty where nothing is.

    The database guards rows, not addresses: where the product refuses one, the other may name what the product names
    elsewhere (`known`), and nothing else.
    """
    # A refusal shows nothing, whichever it is; but what is hidden stays hidden.
    if ours[0] == 404 != theirs[0]:
        return f"404, unfiltered {theirs[0]}"
    if ours[0] != theirs[0] or ours[0] != 200:
        more = {part for part in shown(address, *theirs) ^ shown(address, *ours) if not known(part)}
        return f"{ours[0]}, unfiltered {theirs[0]}: {sorted(more)}" if more else ""
    for line, other in zip_longest(lasting(ours[1]), lasting(theirs[1]), fillvalue=""):
        if line != other:
            alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(line, other, strict=False)))
            start = max(alike - 60, 0)
            return f"{line[start : start + 180]!r}, unfiltered {other[start : start + 180]!r}"
    return ""


def shown(address: str, status: int, text: str) -> set[str]:
    """Every record and part that an answer names, beside those that its address named."""
    found = set(UUID.findall(text)) if status == 200 else set()
    return found - set(UUID.findall(address)) - set(re.findall(r'"request_id": ?"([^"]+)"', text))


def lasting(text: str) -> list[str]:
    """The lines of an answer without what is another each time it is asked: tokens, nonces, signed places, moments."""
    for changing in CHANGING:
        text = changing.sub("", text)
    return text.splitlines()


def same(who: str, what: str, ask: Any, product: Server, unfiltered: Server, *arguments: Any) -> None:
    """Fails where the two servers list different records."""
    ours, theirs = ask(product, *arguments), ask(unfiltered, *arguments)
    assert ours == theirs, (
        f"{who}, {what}: {len(ours[1])} records ({ours[0]}), without the first wall {len(theirs[1])} ({theirs[0]})"
    )
