"""`make load`: twenty people at once on the running demo, each opening the list and a case from it, again and again.

Two figures: people who look at a page for a while before the next, as people do; and a crowd that never pauses, which
shows how many pages the machine gives at most. Times are whole answers on an open connection, as a browser keeps it.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import statistics
import sys
import threading
import time
import urllib.request
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from portal.demo.personas import PERSONAS
from portal.launcher import state

PEOPLE = 20
LOOKS = (1.0, 3.0)  # seconds somebody looks at a page: a hurried hand, so that the figure is no flattering one
SECONDS = 30.0
LIMIT = 50.0  # milliseconds: what p95 must stay below with people who look
WHO = [persona for persona in PERSONAS if persona.role not in ("administrator", "provider")]
PAGES = Path(__file__).resolve().parents[2] / "docs" / "load.md"
_CASE = re.compile(r'href="(/cases/[0-9a-f-]{36}/)"')
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')

Times = dict[str, list[float]]


class Person(threading.Thread):
    """Somebody at a browser: the list, a case from it, the list again."""

    def __init__(self, port: int, number: int, until: float, looks: tuple[float, float]) -> None:
        super().__init__(daemon=True)
        self.rng = random.Random(number)
        self.until, self.looks = until, looks
        self.times: Times = {"list": [], "case": []}
        self.failed = 0
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        token = _TOKEN.search(self._ask("GET", "/demo/"))
        sent = {"persona": WHO[number % len(WHO)].code, "csrfmiddlewaretoken": token[1] if token else ""}
        action = "/demo/sign-in"
        self._ask("POST", action, urlencode(sent))

    def run(self) -> None:
        """Opens pages until the time is over. People come one by one, not all at the stroke of a bell."""
        self._look()
        while time.monotonic() < self.until:
            cases = _CASE.findall(self._timed("list", "/cases/"))
            self._look()
            if cases:
                self._timed("case", self.rng.choice(cases))
                self._look()

    def _look(self) -> None:
        if self.looks[1]:
            time.sleep(self.rng.uniform(*self.looks))

    def _timed(self, kind: str, path: str) -> str:
        begun = time.perf_counter()
        body = self._ask("GET", path)
        self.times[kind].append((time.perf_counter() - begun) * 1000)
        return body

    def _ask(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        self.failed += answer.status >= 400
        return text


def main() -> int:
    """Measures, prints, and writes docs/load.md with WRITE=1; returns 1 where p95 or an answer was not good."""
    port = state.load().get("PORT")
    if not port or not _ready(port):
        print("`make load` needs a running demo: `make demo` in another window.", file=sys.stderr)
        return 1
    rows, good = [], True
    for label, looks in (("people who look 1 to 3 s at a page", LOOKS), ("a crowd that never pauses", (0.0, 0.0))):
        times, failed, seconds = _measure(port, looks)
        for kind in ("list", "case"):
            taken = sorted(times[kind])
            p95 = statistics.quantiles(taken, n=20)[18]
            rows.append((label, kind, len(taken), statistics.median(taken), p95, len(taken) / seconds))
            if looks[1]:
                good = good and p95 < LIMIT
        good = good and not failed
        print(f"{label}: {failed} answers failed")
    text = "\n".join(
        f"| {label} | {kind} | {number:,} | {median:.0f} | {p95:.0f} | {rate:.0f} |"
        for label, kind, number, median, p95, rate in rows
    )
    print(text)
    if os.environ.get("WRITE"):
        head, _, tail = PAGES.read_text().partition("<!-- figures -->\n")
        rest = tail.partition("<!-- end -->\n")[2]
        table = "| Who | Page | Pages | Median ms | p95 ms | Pages a second |\n|---|---|---:|---:|---:|---:|\n"
        PAGES.write_text(f"{head}<!-- figures -->\n{table}{text}\n<!-- end -->\n{rest}")
    return 0 if good else 1


def _measure(port: int, looks: tuple[float, float]) -> tuple[Times, int, float]:
    _crowd(port, 3.0, (0.0, 0.0), people=4)  # caches of templates and plans, as after the first minute of a day
    begun = time.monotonic()
    people = _crowd(port, SECONDS, looks)
    seconds = time.monotonic() - begun
    times: Times = {kind: [each for person in people for each in person.times[kind]] for kind in ("list", "case")}
    return times, sum(person.failed for person in people), seconds


def _crowd(port: int, seconds: float, looks: tuple[float, float], people: int = PEOPLE) -> list[Person]:
    until = time.monotonic() + seconds + 2.0  # signing in takes its time
    crowd = [Person(port, number, until, looks) for number in range(people)]
    for person in crowd:
        person.start()
    for person in crowd:
        person.join()
    return crowd


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(json.load(answer)["database"] == "ok")
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
