"""A small client of the Concord API, to copy and change: standard library only, Python 3.11 or later.

    concord = Concord("https://concord.example", token)
    card = concord.status_card(case_id)
    concord.report_contact(case_id, kind="FIELD_VISIT", occurred_at=when, note="At work")
    copy = concord.follow(copy)

Three habits make it safe: it waits when it is told to (429 and 503 with Retry-After), it sends the same POST again
under the same Idempotency-Key when it heard nothing, and it forgets what the feed of changes says is lost.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TRIES = 5


class Problem(Exception):
    """What the API answered instead (RFC 9457). Tell problems apart by `type`; support asks for `request_id`."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        errors: list[dict[str, str]] = list(body.get("errors", []))
        said = [str(body.get("detail", "")), *(f"{error.get('pointer')}: {error.get('detail')}" for error in errors)]
        super().__init__(f"{status}: {' '.join(said)}")
        self.status = status
        self.type = str(body.get("type", ""))
        self.request_id = str(body.get("request_id", ""))
        self.errors = errors


@dataclass(frozen=True)
class StatusCard:
    """What an officer needs at the roadside; `withheld` names what is not shared with you.

    None is not shared, and says nothing of what there is; [] is none. Never show the one as the other.
    """

    name: str
    birth_date: datetime.date | None
    agency: str
    agency_phone: str
    status: str | None
    level: str | None
    officer: str | None
    officer_phone: str | None
    cautions: list[str] | None
    conditions: list[str] | None
    withheld: list[str]


@dataclass
class Copy:
    """Your copy of which cases you may see, and where you stand in the feed. Keep it wherever you keep things."""

    cases: dict[str, int] = field(default_factory=dict)  # number of the case → version
    next: str = "/api/v1/changes/"
    listed: set[str] = field(default_factory=set)  # seen since the copy that is being made began


@dataclass(frozen=True)
class Read:
    """An answer and its ETag."""

    data: Any
    tag: str


class Concord:
    """One API client's connection."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address.rstrip("/")
        self.token = token

    def status_card(self, case_id: str) -> StatusCard:
        """The status card of a case. Raises Problem 404 where there is none that you may see."""
        case = self.call("GET", f"/api/v1/cases/{case_id}/")
        name, supervision, officer = case["person"]["name"], case["supervision"] or {}, case["officer_of_record"] or {}
        born = case["person"]["birth_date"]
        return StatusCard(
            name=" ".join(part for part in (name["given"], name["middle"], name["sur"], name["suffix"]) if part),
            birth_date=datetime.date.fromisoformat(born) if born else None,
            agency=case["agency"]["name"],
            agency_phone=case["agency"]["phone"],
            status=supervision.get("status"),
            level=supervision.get("level"),
            officer=officer.get("name"),
            officer_phone=officer.get("phone"),
            cautions=_texts(case["cautions"]),
            conditions=_texts(case["conditions"]),
            withheld=case["withheld"],
        )

    def follow(self, copy: Copy) -> Copy:
        """Brings your copy up to date, and returns it. Call it again whenever you like."""
        more = True
        while more:
            page = self.call("GET", copy.next)
            if page["starts"]:
                copy.listed = set()
            for entry in page["results"]:
                if entry["change"] == "lost":
                    copy.cases.pop(entry["id"], None)
                else:
                    copy.cases[entry["id"]] = entry["version"]
            if page["phase"] == "copy":
                copy.listed |= {entry["id"] for entry in page["results"]}
                if not page["more"]:  # the copy is whole: what it did not list is not yours to keep
                    copy.cases = {number: version for number, version in copy.cases.items() if number in copy.listed}
            more, copy.next = page["more"], page["next"]
        return copy

    def report_contact(
        self, case_id: str, *, kind: str, occurred_at: datetime.datetime, note: str, key: str | None = None
    ) -> dict[str, Any]:
        """Records a contact with a supervisee, once, and returns it. `kind` is a code of the list `contact-kinds`.

        `occurred_at` needs its time zone. Raises ValueError without one: an hour alone is another hour elsewhere.

        Give your own report's number as `key`, and even a restart in between will not report it twice.
        """
        if occurred_at.tzinfo is None:
            raise ValueError("occurred_at needs a time zone")
        body = {"kind": kind, "occurred_at": occurred_at.isoformat(), "note": note}
        found: dict[str, Any] = self.call("POST", f"/api/v1/cases/{case_id}/contacts/", body, key=key)
        return found

    def all(self, path: str) -> Iterator[dict[str, Any]]:
        """Every thing of a list, page after page."""
        following: str | None = path
        while following:
            page = self.call("GET", following)
            yield from page["results"]
            following = page["next"]

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None, tag: str | None = None) -> Any:
        """One call: the answer as JSON, or None where it has no body. Raises Problem, or OSError where nobody answers.

        `tag` is the ETag for a PATCH; `key` the Idempotency-Key of a POST, a new one where none is given.
        """
        return self._send(method, path, body, key, tag).data

    def read(self, path: str) -> Read:
        """A thing with its ETag, to be changed."""
        return self._send("GET", path, None, None, None)

    def _send(self, method: str, path: str, body: Any, key: str | None, tag: str | None) -> Read:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if method == "POST":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        if tag:
            headers["If-Match"] = tag
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        url = urllib.parse.urljoin(self.address, path)
        for attempt in range(1, TRIES + 1):
            request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                    content = response.read()
                    return Read(json.loads(content) if content else None, response.headers.get("ETag", ""))
            except urllib.error.HTTPError as error:
                wait = error.headers.get("Retry-After")
                if wait is None or attempt == TRIES:
                    raise Problem(error.code, _problem_in(error)) from None
                time.sleep(float(wait))
            except OSError:
                if attempt == TRIES or method == "PATCH":  # a PATCH may have been done: read again, then decide
                    raise
                time.sleep(2**attempt / 4)
        raise AssertionError("unreachable")


def _texts(listed: list[dict[str, Any]] | None) -> list[str] | None:
    """What stands in force; None where it is not shared."""
    return None if listed is None else [each["text"] for each in listed if not each.get("ended_on")]


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None) -> bool:
    """Whether a webhook's message is Concord's, and new: Standard Webhooks, HMAC-SHA256 over id, time and body.

    `secret` is as it was shown (`whsec_…`), `body` the bytes as they came. After a secret was replaced a message
    carries a signature by each for a while. Keep `webhook-id`, and pass over what you have: a message may come twice.
    """
    number, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if abs((time.time() if now is None else now) - int(sent)) > 300:  # seconds: an old one sent again by somebody else
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{number}.{sent}.".encode() + body, hashlib.sha256).digest()
    ours = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(ours, theirs) for theirs in headers["webhook-signature"].split())


def _problem_in(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(error.read())
    except ValueError:
        return {}
    return found
