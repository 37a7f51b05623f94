"""Every address that answers GET, page or API, filled with records of the demo world.

Taken from the tables of tests/permissions, in which no route may be missing: so a new route is asked for by itself, and
one whose parameter nobody knows how to fill is an error.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.demo.personas import PERSONAS
from tests import services
from tests.permissions import test_api, test_pages

OF_A_KIND = 3  # cases of each kind of which every address is asked
PARTS = (2, 1)  # of each kind of part: of cases that somebody here works with, and of all others

PERSONA_CASES = (
    "SELECT c.uuid FROM cases_case c JOIN agencies_user u ON u.id = c.officer_id WHERE u.email = ANY (%s) ORDER BY c.id"
)
CASES = {
    "case": "SELECT uuid FROM cases_case ORDER BY id",
    "planned": "SELECT c.uuid FROM cases_case c JOIN cases_plan p ON p.case_id = c.id ORDER BY c.id",
    "shared": "SELECT record_id FROM sharing_grant WHERE record_id IS NOT NULL ORDER BY id",
    "own": PERSONA_CASES,
}

OF_CASE = "SELECT x.uuid, c.uuid FROM {} x JOIN cases_case c ON c.id = x.case_id ORDER BY x.id"
ALONE = "SELECT {}, NULL FROM {} ORDER BY 1"
# Name of a parameter → what fills it, and the case to which that belongs.
PARTS_OF_CASES = {
    **{
        name: OF_CASE.format(f"cases_{name}")
        for name in ("condition", "contact", "flag", "caution", "goal", "action", "appointment", "document")
    },
    "grant": "SELECT uuid, record_id FROM sharing_grant WHERE record_id IS NOT NULL ORDER BY id",
    "person": "SELECT p.uuid, c.uuid FROM cases_person p JOIN cases_case c ON c.person_id = p.id ORDER BY p.id",
    "agreement": ALONE.format("uuid", "sharing_agreement"),
    "item": ALONE.format("uuid", "sharing_inboxitem"),
    "webhook": ALONE.format("uuid", "sharing_webhook"),
    "client": ALONE.format("id", "agencies_user WHERE kind = 'client'"),
    "token": ALONE.format("uuid", "agencies_apitoken"),
    "member": ALONE.format("id", "agencies_user WHERE kind = 'person'"),
    "unit": ALONE.format("group_id", "agencies_unit"),
    "cover": ALONE.format("uuid", "agencies_cover"),
    "agency": ALONE.format("uuid", "agencies_agency"),
}
# Routes that lead to no record, and what stands in them.
FIXED: dict[str, dict[str, Any]] = {
    "account_reset_password_from_key": {"uidb36": "1", "key": "unknown"},
    "case_found": {"token": "unknown"},
    "agreement_new": {"kind": "information"},
    "help_problem": {"kind": "not-found"},
    "api:code-list": {"name": "supervision-statuses"},
}
# Not asked for: whoever asks is not signed in any more, or asks for a file that no server here has.
LEFT_OUT = test_pages.LEAVING | {"api:nothing"}


Route = tuple[str, list[str]]


def parameters(resolver: URLResolver | None = None, space: str = "", above: Any = ()) -> Iterator[Route]:
    """Every route by its full name, with the names of its parameters in the order of its address."""
    for entry in (resolver or get_resolver()).url_patterns:
        pattern: Any = entry.pattern
        own = list(getattr(pattern, "converters", None) or pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            yield from parameters(entry, f"{space}{entry.namespace}:" if entry.namespace else space, [*above, *own])
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", [*above, *own]


def kind_of(parameter: str) -> str:
    """What a parameter names: pages and the API spell it differently."""
    kind = parameter.removesuffix("_uuid").removesuffix("_id")
    return "case" if kind == "record" else kind


def asked() -> set[str]:
    """The names of all routes that answer GET by the tables of tests/permissions."""
    pages = {name for method, name, _ in test_pages.TABLE if method == "GET"}
    api = {f"api:{name}" for method, name, _ in test_api.TABLE if method == "GET"}
    return (pages | api) - LEFT_OUT


def records(cursor: Any) -> tuple[list[str], dict[str, list[tuple[Any, Any]]]]:
    """Cases, and parts with the case to which each belongs, by kind: chosen the same way every time."""
    dice = random.Random(7)

    def rows(query: str) -> list[Any]:
        cursor.execute(query, [[persona.email for persona in PERSONAS]] if "%s" in query else None)
        return list(cursor.fetchall())

    near: set[str] = set()
    cases: list[str] = []
    for kind, query in CASES.items():
        found = sorted({str(row[0]) for row in rows(query)})
        near |= set(found) if kind in ("shared", "own") else set()
        cases += dice.sample(found, min(OF_A_KIND, len(found)))
    parts = {}
    for kind, query in PARTS_OF_CASES.items():
        every = rows(query)
        close = [row for row in every if str(row[1]) in near]
        far = [row for row in every if str(row[1]) not in near]
        some = zip((close, far), PARTS, strict=True)
        parts[kind] = [row for rows_of, number in some for row in dice.sample(rows_of, min(number, len(rows_of)))]
    return list(dict.fromkeys(cases)), parts


def addresses() -> list[str]:
    """The addresses to ask for; an error where a route has a parameter that nothing here fills."""
    with closing(services.connect("owner")) as owner, owner.cursor() as cursor:
        cases, parts = records(cursor)
    found = []
    wanted = asked()
    for name, names in parameters():
        if name not in wanted:
            continue
        wanted.discard(name)
        kinds = [kind_of(parameter) for parameter in names]
        if name in FIXED or not names:
            found.append(reverse(name, kwargs=FIXED.get(name)))
        elif kinds == ["case"]:
            found += [reverse(name, args=[case]) for case in cases]
        else:
            assert set(kinds) - {"case"} <= set(PARTS_OF_CASES), f"say what fills {names} of {name} in PARTS_OF_CASES"
            part = next(kind for kind in kinds if kind != "case")
            for value, case in parts[part]:
                filled = {parameter: case if kind_of(parameter) == "case" else value for parameter in names}
                found.append(reverse(name, kwargs=filled))
    assert not wanted, f"no such routes: {wanted}"
    return found
