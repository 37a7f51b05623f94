"""Every page: no WCAG 2.2 AA violation that axe can find, nothing wider than 320 px, and in title or address
neither name nor birth date nor street."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import unquote_plus

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page, Route

from tests.journeys.addresses import FAULTS, NO_PAGES, OTHER_PAGES, PAGES, SENT
from tests.journeys.conftest import DATABASE, LETTER, Somebody
from tests.portal.demo import urls
from tests.services import connect
from tests.worlds import World

pytestmark = pytest.mark.browser
Come = Callable[..., Somebody]

AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
    "preload": False,  # nothing is fetched once more: a rule on recorded sound alone would need it
}
# The page of the API draws every call by one template; axe, which would take ten seconds for all, sees two a heading.
FURTHER = "section > h2 ~ article.sheet ~ article.sheet ~ article.sheet"
AXE_ITSELF = Axe().axe_script
VIOLATIONS = """([options, further]) => {
    document.querySelectorAll(further).forEach(article => article.remove());
    return axe.run(document, options).then(({violations}) => violations.map(
        ({id, nodes}) => [id, nodes.slice(0, 2).map(node => node.html.slice(0, 160))]));
}"""
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 320, "height": 800}
# The joint case's person, as pages print them; what is typed in a search stands in no address either.
PRIVATE = (
    "Hallett", "Tobias", "C00000", "P00000", "Elm Street",
    "1980-03-09", "19800309", "3/9/1980", "03/09/1980", "3/9/80", "Mar 9, 1980", "March 9, 1980",
)  # fmt: skip


def names(resolver: URLResolver | None = None) -> set[str]:
    """The names of every address outside the API, the demo's too."""
    found: set[str] = set()
    for pattern in (resolver or get_resolver(urls.__name__)).url_patterns:
        if isinstance(pattern, URLResolver):
            if not str(pattern.pattern).startswith("api/"):
                found |= names(pattern)
        elif isinstance(pattern, URLPattern):
            found.add(pattern.name or str(pattern.pattern))
    return found


def test_no_page_is_left_out() -> None:
    assert names() == set(PAGES) | NO_PAGES | (names() & set(SENT))


def fill(address: str, world: World) -> str:
    """The address with the world's UUIDs."""
    places: dict[str, Any] = {
        "joint": world.joint.uuid,
        "referred": world.referred.uuid,
        "conflicted": world.conflicted.uuid,
        "goal": world.goals[0].uuid,
        "action": world.actions[0].uuid,
        "document": world.document.uuid,
        "flag": world.flags[0].uuid,
        "caution": world.caution.uuid,
        "contact": world.contacts[0].uuid,
        "grant": world.grants["joint"].uuid,
        "appointment": world.appointments[0].uuid,
        "item": _item(world) if "{item}" in address else "",
        **(_agreements(world) if "/agency/agreements/" in address else {}),
        **(_connection(world) if "/agency/connections/" in address else {}),
        "olsen": world.users["olsen"].pk,
        "pratt": world.users["pratt"].pk,
        "north": world.units["probation/north"].pk,
        "patrol": world.units["sheriff/patrol"].pk,
        "letter": hashlib.sha256(LETTER).hexdigest()[:20],
        "cover": _cover(world) if "{cover}" in address else "",
    }
    return address.format(**places)


def _agreements(world: World) -> dict[str, Any]:
    """The world's agreement, and a draft and a proposal of the probation agency, made once."""
    found = {"agreement": world.agreement.uuid}
    with closing(connect("owner", DATABASE)) as owner, owner.cursor() as cursor:
        for name, proposed in (("draft", None), ("proposed", "2026-01-05")):
            cursor.execute("SELECT uuid FROM sharing_agreement WHERE title = %s", [name])
            known = cursor.fetchone()
            if not known:
                cursor.execute(
                    "INSERT INTO sharing_agreement (uuid, title, kind, joinable, stop_reason, starts_at, ends_at,"
                    " made_by_id) VALUES (gen_random_uuid(), %s, 'information', false, '', now(), '9999-12-31', %s)"
                    " RETURNING id, uuid",
                    [name, world.agencies["probation"].pk],
                )
                number, *known = cursor.fetchone()
                cursor.execute(
                    "INSERT INTO sharing_agreementparty (agreement_id, agency_id) VALUES (%s, %s), (%s, %s)",
                    [number, world.agencies["probation"].pk, number, world.agencies["police"].pk],
                )
                cursor.execute(
                    "INSERT INTO sharing_agreementversion (uuid, agreement_id, number, purposes, legal_authority, text,"
                    " onward, max_days, two_sided, response_hours, retention_days, starts_on, ends_on, review_on,"
                    " proposed_at, created_at, made_by_id, revision) VALUES (gen_random_uuid(), %s, 1,"
                    " '{supervision}', 'State Code 944.01', 'We tell one another.', 'never', 90, false, 48, 365,"
                    " current_date, current_date + 90, current_date + 60, %s, now(), %s, 1) RETURNING id",
                    [number, proposed, world.agencies["probation"].pk],
                )
                cursor.execute(
                    "INSERT INTO sharing_allowance (version_id, receiver_kind, bundle)"
                    " VALUES (%s, 'municipal_police', 'joint_plan')",
                    [cursor.fetchone()[0]],
                )
            found[name] = known[0]
    return found


def _connection(world: World) -> dict[str, Any]:
    """A system of the probation agency with a token and a webhook, made once."""
    with closing(connect("owner", DATABASE)) as owner, owner.cursor() as cursor:
        cursor.execute("SELECT client_id, uuid FROM sharing_webhook")
        found = cursor.fetchone()
        if not found:
            cursor.execute(
                "INSERT INTO agencies_user (kind, email, name, title, badge, phone, password, is_active, date_joined)"
                " VALUES ('client', 'jail@example.org', 'Jail', '', '', '', '!', true, now()) RETURNING id"
            )
            client = cursor.fetchone()[0]
            cursor.execute(
                "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
                " VALUES (%s, %s, 'system_reader', now(), '9999-12-31')",
                [client, world.units["probation/north"].pk],
            )
            cursor.execute(
                "INSERT INTO agencies_apitoken (uuid, user_id, label, digest, hint, created_at, expires_at)"
                " VALUES (gen_random_uuid(), %s, 'nightly', 'x', 'ccd_abcdef', now(), now() + interval '9 days')",
                [client],
            )
            cursor.execute(
                "INSERT INTO sharing_webhook (uuid, client_id, agency_id, url, kinds, version, created_at,"
                " created_by_id, off_reason)"
                " VALUES (gen_random_uuid(), %s, %s, 'https://jail.example/news', '{}', 1, now(), %s, '')"
                " RETURNING client_id, uuid",
                [client, world.agencies["probation"].pk, world.users["admin"].pk],
            )
            found = cursor.fetchone()
        cursor.execute("SELECT uuid FROM agencies_apitoken WHERE user_id = %s", [found[0]])
        return {"client": found[0], "token": cursor.fetchone()[0], "webhook": found[1]}


def _cover(world: World) -> str:
    """Olsen answers for pratt."""
    with closing(connect("owner", DATABASE)) as owner, owner.cursor() as cursor:
        cursor.execute(
            "INSERT INTO agencies_cover (uuid, agency_id, officer_id, colleague_id, starts_at, until, created_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, now(), now() + interval '1 day', now()) RETURNING uuid",
            [world.agencies["probation"].pk, world.users["pratt"].pk, world.users["olsen"].pk],
        )
        return str(cursor.fetchone()[0])


def _item(world: World) -> str:
    """News of a goal, put into reyes' inbox as the relay would."""
    with closing(connect("owner", DATABASE)) as owner, owner.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sharing_outboxevent (uuid, kind, record_type, record_id, object_type, object_id, versions,"
            " group_ids, user_ids, actor_id, actor_agency_id, created_at, next_attempt_at, relayed_at, failures,"
            " last_error) VALUES (gen_random_uuid(), 'plan.goal_added', 'cases.case', %s, 'cases.goal', %s,"
            " '{\"before\": 0, \"after\": 1}', '[]', '[]', %s, %s, now(), now(), now(), 0, '') RETURNING id",
            [str(world.joint.uuid), str(world.goals[0].uuid), world.users["olsen"].pk, world.agencies["probation"].pk],
        )
        cursor.execute(
            "INSERT INTO sharing_inboxitem (uuid, event_id, user_id, agency_id, created_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, now()) RETURNING uuid",
            [cursor.fetchone()[0], world.users["reyes"].pk, world.agencies["police"].pk],
        )
        return str(cursor.fetchone()[0])


def send(page: Page, fields: dict[str, str], words: str) -> None:
    """Fill in the page's form, hidden fields too, and send it past the browser's own checks; `words` are awaited."""
    kept = page.locator("main form[method=post]").first.get_attribute("hx-boost")  # its answer comes into the page
    with page.expect_response(lambda answer: answer.request.method == "POST") if kept else page.expect_navigation():
        page.evaluate(
            """({press, ...fields}) => {
                const form = document.querySelector("main form[method=post]");
                for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
                form.noValidate = true;
                form.requestSubmit(press ? form.elements[press] : null);
            }""",
            fields,
        )
    if kept:
        page.locator("main", has_text=words).wait_for()


def look(name: str, person: Somebody) -> dict[str, Any]:
    """What is wrong with the page that is open, by what it is."""
    page, wrong = person.page, {}
    title, further = page.evaluate("further => [document.title, document.querySelectorAll(further).length]", FURTHER)
    # Each page in both sizes, and first in the one in which this person's page before it was left.
    for size in (PHONE, DESK) if page.viewport_size == PHONE or further else (DESK, PHONE):
        page.set_viewport_size(size)
        if size is DESK:
            page.evaluate(AXE_ITSELF)
            for rule, nodes in page.evaluate(VIOLATIONS, [AXE, FURTHER]):
                wrong[f"{name}: {rule}"] = nodes
        elif page.evaluate("() => document.documentElement.scrollWidth") > PHONE["width"]:
            wrong[f"{name}: wider than {PHONE['width']}"] = page.url
    # The title, and every address that was asked for on the way here.
    spoken = unquote_plus(" ".join((title, page.url, *person.requests)))
    person.requests.clear()
    for part in PRIVATE:
        if part.lower() in spoken.lower():
            wrong[f"{name}: {part} in title or address"] = spoken
    return wrong


def draw(route: Route) -> None:
    """Answer with the page of a fault, as the portal would."""
    body = render_to_string(route.request.url.rsplit("/", 1)[1], {"request_id": "0123456789abcdef"})
    route.fulfill(body=body, content_type="text/html")


def walk(world: World, somebody: Come, pages: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """What is wrong with these pages, each opened by whom it is for."""
    people = {who: somebody(who or None) for who in sorted({who for who, _ in pages.values()})}
    wrong: dict[str, Any] = {}
    for name, (who, address) in pages.items():
        page, asked = people[who].page, fill(address, world)
        people[who].go(asked)
        if page.url != people[who].address + asked:
            wrong[f"{name}: leads on"] = page.url
        wrong |= look(name, people[who])
    return wrong


def test_every_page_stands_up(world: World, somebody: Come) -> None:
    wrong = walk(world, somebody, PAGES)
    assert not wrong, "\n".join(f"{name} {what}" for name, what in wrong.items())


@pytest.mark.drill
def test_every_page_stands_up_in_its_other_states(world: World, somebody: Come) -> None:
    """With more or nothing on it, after something was sent or refused, and where something failed."""
    wrong = walk(world, somebody, OTHER_PAGES)
    people = {who: somebody(who or None) for who in sorted({row[0] for row in SENT.values()} | {""})}
    for name, (who, address, fields, words) in SENT.items():
        page = people[who].go(fill(address, world)) if address else people[who].page
        send(page, {field: fill(value, world) for field, value in fields.items()}, words)
        if words not in page.inner_text("main"):
            wrong[f"{name}: does not say {words}"] = page.inner_text("main")[:400]
        wrong |= look(name, people[who])
    visitor = people[""]
    visitor.page.route("**/faults/*", draw)
    for name in FAULTS:
        visitor.go(f"/faults/{name}.html")
        wrong |= look(name, visitor)
    assert not wrong, "\n".join(f"{name} {what}" for name, what in wrong.items())
