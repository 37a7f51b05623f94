"""Who gets which answer from which address of the API. An address that is missing here fails the last test."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from portal.api import urls as api
from sharing.access.rest import DoorView
from tests import services
from tests.calls import V1, send, signed_in
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

# olsen: officer of the owner; reyes: joint plan; patel: status card by the circle; carter: provider of another case;
# admin: opens no record; nobody: no membership; visitor: not signed in.
WHO = ("olsen", "reyes", "patel", "carter", "admin", "nobody", "visitor")
ANYBODY = (200, 200, 200, 200, 200, 403, 401)
MISSING = (404, 404, 404, 404, 404, 403, 401)

TABLE: list[tuple[str, str, tuple[int, ...]]] = [
    ("GET", "changes", ANYBODY),
    ("GET", "cases", ANYBODY),
    ("POST", "cases", (400, 403, 403, 403, 403, 403, 401)),
    ("PATCH", "case", (428, 403, 403, 404, 404, 403, 401)),
    ("GET", "person", (200, 403, 403, 404, 404, 403, 401)),
    ("PATCH", "person", (428, 403, 403, 404, 404, 403, 401)),
    ("GET", "addresses", (200, 200, 403, 404, 404, 403, 401)),
    ("POST", "addresses", (400, 403, 403, 404, 404, 403, 401)),
    ("POST", "address-confirm", (404, 403, 403, 404, 404, 403, 401)),
    ("POST", "address-end", (404, 403, 403, 404, 404, 403, 401)),
    ("POST", "case-close", (403, 403, 403, 404, 404, 403, 401)),
    ("POST", "case-reopen", (403, 403, 403, 404, 404, 403, 401)),
    ("GET", "case", (200, 200, 200, 404, 404, 403, 401)),
    ("GET", "contacts", (200, 200, 200, 404, 404, 403, 401)),
    ("POST", "contacts", (400, 400, 400, 404, 404, 403, 401)),
    ("GET", "contact", (200, 200, 404, 404, 404, 403, 401)),
    ("PATCH", "contact", (428, 403, 404, 404, 404, 403, 401)),
    ("GET", "contact-versions", (200, 200, 404, 404, 404, 403, 401)),
    ("POST", "contact-withdraw", (400, 403, 404, 404, 404, 403, 401)),
    ("GET", "timeline", (200, 200, 200, 404, 404, 403, 401)),
    ("GET", "recent-cases", ANYBODY),
    ("POST", "case-export", (400, 400, 400, 400, 400, 403, 401)),
    ("POST", "cases-reassign", (403, 403, 403, 403, 403, 403, 401)),
    ("GET", "case-filters", ANYBODY),
    ("POST", "case-filters", (400, 400, 400, 400, 400, 403, 401)),
    ("POST", "case-filter-remove", MISSING),
    ("GET", "case-columns", ANYBODY),
    ("POST", "case-columns", (400, 400, 400, 400, 400, 403, 401)),
    ("GET", "case-conditions", (200, 200, 200, 404, 404, 403, 401)),
    ("GET", "condition", (200, 200, 200, 404, 404, 403, 401)),
    ("GET", "supervisees", ANYBODY),
    ("GET", "supervisee", (200, 200, 200, 404, 404, 403, 401)),
    ("GET", "plan", (200, 200, 403, 404, 404, 403, 401)),
    ("POST", "plan", (400, 400, 403, 404, 404, 403, 401)),
    ("GET", "plan-goals", (200, 200, 403, 404, 404, 403, 401)),
    ("POST", "plan-goals", (400, 400, 403, 404, 404, 403, 401)),
    ("GET", "status-card", (200, 200, 200, 404, 404, 403, 401)),
    ("GET", "case-flags", (200, 200, 403, 404, 404, 403, 401)),
    ("POST", "case-flags", (400, 400, 403, 404, 404, 403, 401)),
    ("GET", "case-cautions", (200, 200, 200, 404, 404, 403, 401)),
    ("POST", "case-cautions", (400, 403, 403, 404, 404, 403, 401)),
    ("GET", "case-appointments", (200, 200, 403, 404, 404, 403, 401)),
    ("POST", "case-appointments", (400, 400, 403, 404, 404, 403, 401)),
    ("GET", "appointments", ANYBODY),
    ("GET", "appointment", (200, 200, 404, 404, 404, 403, 401)),
    ("PATCH", "appointment", (428, 403, 404, 404, 404, 403, 401)),
    ("POST", "appointment-outcome", (428, 403, 404, 404, 404, 403, 401)),
    ("POST", "appointment-move", (428, 403, 404, 404, 404, 403, 401)),
    ("POST", "appointment-cancel", (428, 403, 404, 404, 404, 403, 401)),
    ("GET", "case-grants", (200, 403, 403, 404, 404, 403, 401)),
    ("POST", "case-grants", (400, 403, 403, 404, 404, 403, 401)),
    ("GET", "case-access", (200, 200, 200, 404, 404, 403, 401)),
    ("GET", "case-documents", (200, 403, 403, 404, 404, 403, 401)),
    ("POST", "case-documents", (415, 403, 403, 404, 404, 403, 401)),
    ("GET", "document", (200, 404, 404, 404, 404, 403, 401)),
    ("GET", "document-file", (503, 404, 404, 404, 404, 403, 401)),
    ("POST", "document-withdraw", (400, 404, 404, 404, 404, 403, 401)),
    ("GET", "goal", (200, 200, 404, 404, 404, 403, 401)),
    ("PATCH", "goal", (428, 428, 404, 404, 404, 403, 401)),
    ("GET", "goal-versions", (200, 200, 404, 404, 404, 403, 401)),
    ("GET", "goal-actions", (200, 200, 404, 404, 404, 403, 401)),
    ("POST", "goal-actions", (400, 400, 404, 404, 404, 403, 401)),
    ("GET", "action", (200, 200, 404, 404, 404, 403, 401)),
    ("PATCH", "action", (428, 428, 404, 404, 404, 403, 401)),
    ("GET", "action-versions", (200, 200, 404, 404, 404, 403, 401)),
    ("GET", "flag", (200, 200, 404, 404, 404, 403, 401)),
    ("PATCH", "flag", (428, 428, 404, 404, 404, 403, 401)),
    ("POST", "flag-end", (400, 400, 404, 404, 404, 403, 401)),
    ("GET", "caution", (200, 200, 200, 404, 404, 403, 401)),
    ("PATCH", "caution", (428, 403, 403, 404, 404, 403, 401)),
    ("POST", "caution-end", (400, 403, 403, 404, 404, 403, 401)),
    ("GET", "grant", (200, 200, 404, 404, 404, 403, 401)),
    ("PATCH", "grant", (428, 403, 404, 404, 404, 403, 401)),
    ("POST", "grant-end", (400, 403, 404, 404, 404, 403, 401)),
    ("GET", "agreements", ANYBODY),
    ("POST", "agreements", (403, 403, 403, 403, 400, 403, 401)),
    ("GET", "agreement", ANYBODY),
    ("PATCH", "agreement", (403, 403, 403, 403, 428, 403, 401)),
    ("POST", "agreement-propose", (403, 403, 403, 403, 428, 403, 401)),
    ("POST", "agreement-sign", (403, 403, 403, 403, 400, 403, 401)),
    ("POST", "agreement-send-back", (403, 403, 403, 403, 400, 403, 401)),
    ("POST", "agreement-amend", (403, 403, 403, 403, 400, 403, 401)),
    ("POST", "agreement-suspend", (403, 403, 403, 403, 400, 403, 401)),
    ("POST", "agreement-resume", (403, 403, 403, 403, 200, 403, 401)),
    ("POST", "agreement-end", (403, 403, 403, 403, 400, 403, 401)),
    ("GET", "units", ANYBODY),
    ("GET", "inbox", ANYBODY),
    ("GET", "news", MISSING),
    ("POST", "news-done", MISSING),
    ("POST", "news-undo", MISSING),
    # Where a secret is made or access ends, an administrator in a browser must have typed the password lately.
    ("POST", "inbox-done", ANYBODY),
    ("GET", "inbox-preferences", ANYBODY),
    ("PATCH", "inbox-preferences", (428, 428, 428, 428, 428, 403, 401)),
    ("POST", "news-take", MISSING),
    ("POST", "news-give-back", MISSING),
    ("GET", "clients", (403, 403, 403, 403, 200, 403, 401)),
    ("POST", "clients", (403, 403, 403, 403, 400, 403, 401)),
    ("POST", "client-off", (403, 403, 403, 403, 404, 403, 401)),
    ("POST", "client-tokens", (403, 403, 403, 403, 400, 403, 401)),
    ("POST", "token-rotate", (403, 403, 403, 403, 404, 403, 401)),
    ("POST", "token-end", (403, 403, 403, 403, 404, 403, 401)),
    ("GET", "webhooks", ANYBODY),
    ("POST", "webhooks", (403, 403, 403, 403, 400, 403, 401)),
    ("GET", "webhook", MISSING),
    ("PATCH", "webhook", MISSING),
    ("POST", "webhook-secret", MISSING),
    ("POST", "webhook-test", MISSING),
    ("GET", "webhook-messages", MISSING),
    ("POST", "webhook-replay", MISSING),
    ("POST", "searches", (400, 400, 400, 400, 400, 403, 401)),
    ("GET", "agencies", ANYBODY),
    ("GET", "agency", ANYBODY),
    ("GET", "agency-units", ANYBODY),
    ("POST", "agency-units", (403, 403, 403, 403, 400, 403, 401)),
    ("GET", "agency-unit", ANYBODY),
    ("PATCH", "agency-unit", (403, 403, 403, 403, 428, 403, 401)),
    ("POST", "agency-unit-close", (403, 403, 403, 403, 400, 403, 401)),
    ("GET", "officers", ANYBODY),
    ("POST", "officers-search", (400, 400, 400, 400, 400, 403, 401)),
    ("GET", "roles", ANYBODY),
    ("GET", "workload", ANYBODY),
    ("GET", "members", (403, 403, 403, 403, 200, 403, 401)),
    ("POST", "members", (403, 403, 403, 403, 400, 403, 401)),
    ("GET", "member", (403, 403, 403, 403, 200, 403, 401)),
    ("PATCH", "member", (403, 403, 403, 403, 428, 403, 401)),
    ("POST", "member-roles", (403, 403, 403, 403, 400, 403, 401)),
    ("POST", "member-role-end", (403, 403, 403, 403, 404, 403, 401)),
    ("POST", "member-link", (403, 403, 403, 403, 202, 403, 401)),
    ("POST", "member-suspend", (403, 403, 403, 403, 400, 403, 401)),
    ("POST", "member-reinstate", (403, 403, 403, 403, 200, 403, 401)),
    ("POST", "member-unlock", (403, 403, 403, 403, 200, 403, 401)),
    ("GET", "covers", ANYBODY),
    ("POST", "covers", (400, 400, 400, 400, 400, 403, 401)),
    ("POST", "cover-end", MISSING),
    ("GET", "nothing", MISSING),
    ("POST", "nothing", MISSING),
    ("PATCH", "nothing", MISSING),
    ("GET", "code-lists", ANYBODY),
    ("GET", "code-list", ANYBODY),
    ("GET", "schema", ANYBODY),
    ("GET", "docs", (200, 200, 200, 200, 200, 200, 302)),
]


def condition_of(world: World) -> uuid.UUID:
    """The condition of the joint case."""
    found: uuid.UUID = services.owner("SELECT uuid FROM cases_condition WHERE case_id = %s", world.joint.pk)[0][0]
    return found


def address(world: World, name: str) -> str:
    """The path of a route, filled with the joint case and its parts."""
    case, goal, action = world.joint.uuid, world.goals[0].uuid, world.actions[0].uuid
    flag, caution = world.flags[0].uuid, world.caution.uuid
    appointment = world.appointments[0].uuid
    contact = world.contacts[0].uuid
    return (
        V1
        + {
            "changes": "/changes/",
            "cases": "/cases/",
            "case": f"/cases/{case}/",
            "contacts": f"/cases/{case}/contacts/",
            "contact": f"/cases/{case}/contacts/{contact}/",
            "contact-versions": f"/cases/{case}/contacts/{contact}/versions/",
            "contact-withdraw": f"/cases/{case}/contacts/{contact}/withdraw/",
            "timeline": f"/cases/{case}/timeline/",
            "recent-cases": "/cases/recent/",
            "case-export": "/cases/export/",
            "cases-reassign": "/cases/reassign/",
            "case-filters": "/case-filters/",
            "case-filter-remove": f"/case-filters/{uuid.uuid4()}/remove/",
            "case-columns": "/case-columns/",
            "case-conditions": f"/cases/{case}/conditions/",
            "condition": f"/conditions/{condition_of(world)}/",
            "supervisees": "/people/",
            "supervisee": f"/people/{world.joint.person.uuid}/",
            "code-lists": "/reference/",
            "code-list": "/reference/supervision-statuses/",
            "plan": f"/cases/{case}/plan/",
            "plan-goals": f"/cases/{case}/plan/goals/",
            "status-card": f"/cases/{case}/status-card/",
            "case-flags": f"/cases/{case}/flags/",
            "case-cautions": f"/cases/{case}/cautions/",
            "flag": f"/flags/{flag}/",
            "flag-end": f"/flags/{flag}/end/",
            "caution": f"/cautions/{caution}/",
            "caution-end": f"/cautions/{caution}/end/",
            "case-appointments": f"/cases/{case}/appointments/",
            "appointments": "/appointments/",
            "appointment": f"/appointments/{appointment}/",
            "appointment-outcome": f"/appointments/{appointment}/outcome/",
            "appointment-move": f"/appointments/{appointment}/move/",
            "appointment-cancel": f"/appointments/{appointment}/cancel/",
            "case-grants": f"/cases/{case}/grants/",
            "case-access": f"/cases/{case}/access/",
            "person": f"/cases/{case}/person/",
            "addresses": f"/cases/{case}/addresses/",
            "address-confirm": f"/cases/{case}/addresses/{uuid.uuid4()}/confirm/",
            "address-end": f"/cases/{case}/addresses/{uuid.uuid4()}/end/",
            "case-close": f"/cases/{case}/close/",
            "case-reopen": f"/cases/{case}/reopen/",
            "case-documents": f"/cases/{case}/documents/",
            "document": f"/documents/{world.document.uuid}/",
            "document-file": f"/documents/{world.document.uuid}/file/",
            "document-withdraw": f"/documents/{world.document.uuid}/withdraw/",
            "goal": f"/goals/{goal}/",
            "goal-versions": f"/goals/{goal}/versions/",
            "goal-actions": f"/goals/{goal}/actions/",
            "action": f"/actions/{action}/",
            "action-versions": f"/actions/{action}/versions/",
            "grant": f"/grants/{world.grants['joint'].uuid}/",
            "grant-end": f"/grants/{world.grants['joint'].uuid}/end/",
            "agreements": "/agreements/",
            "agreement": f"/agreements/{world.agreement.uuid}/",
            "agreement-propose": f"/agreements/{world.agreement.uuid}/propose/",
            "agreement-sign": f"/agreements/{world.agreement.uuid}/sign/",
            "agreement-send-back": f"/agreements/{world.agreement.uuid}/send-back/",
            "agreement-amend": f"/agreements/{world.agreement.uuid}/amend/",
            "agreement-suspend": f"/agreements/{world.agreement.uuid}/suspend/",
            "agreement-resume": f"/agreements/{world.agreement.uuid}/resume/",
            "agreement-end": f"/agreements/{world.agreement.uuid}/end/",
            "units": "/directory/units/",
            "inbox": "/inbox/",
            "news": f"/inbox/{uuid.uuid4()}/",
            "news-done": f"/inbox/{uuid.uuid4()}/done/",
            "news-undo": f"/inbox/{uuid.uuid4()}/undo/",
            "news-take": f"/inbox/{uuid.uuid4()}/take/",
            "news-give-back": f"/inbox/{uuid.uuid4()}/give-back/",
            "inbox-done": "/inbox/done/",
            "inbox-preferences": "/inbox/preferences/",
            "clients": "/clients/",
            "client-off": f"/clients/{world.users['olsen'].pk}/switch-off/",
            "client-tokens": f"/clients/{world.users['olsen'].pk}/tokens/",
            "token-rotate": f"/tokens/{uuid.uuid4()}/rotate/",
            "token-end": f"/tokens/{uuid.uuid4()}/end/",
            "webhooks": "/webhooks/",
            "webhook": f"/webhooks/{uuid.uuid4()}/",
            "webhook-secret": f"/webhooks/{uuid.uuid4()}/secret/",
            "webhook-test": f"/webhooks/{uuid.uuid4()}/test/",
            "webhook-messages": f"/webhooks/{uuid.uuid4()}/messages/",
            "webhook-replay": f"/webhooks/{uuid.uuid4()}/replay/",
            "searches": "/searches/",
            "agencies": "/agencies/",
            "agency": f"/agencies/{world.agencies['probation'].uuid}/",
            "agency-units": "/units/",
            "agency-unit": f"/units/{world.units['probation/north'].pk}/",
            "agency-unit-close": f"/units/{world.units['probation/north'].pk}/close/",
            "officers": "/officers/",
            "officers-search": "/officers/search/",
            "roles": "/roles/",
            "workload": "/workload/",
            "members": "/members/",
            "member": f"/members/{world.users['olsen'].pk}/",
            "member-roles": f"/members/{world.users['olsen'].pk}/roles/",
            "member-role-end": f"/members/{world.users['olsen'].pk}/roles/0/end/",
            "member-link": f"/members/{world.users['olsen'].pk}/link/",
            "member-suspend": f"/members/{world.users['olsen'].pk}/suspend/",
            "member-reinstate": f"/members/{world.users['olsen'].pk}/reinstate/",
            "member-unlock": f"/members/{world.users['olsen'].pk}/unlock/",
            "covers": "/covers/",
            "cover-end": f"/covers/{uuid.uuid4()}/end/",
            "nothing": "/nothing/here/",
            "schema": "/schema/",
            "docs": "/docs/",
        }[name]
    )


def test_everybody_gets_the_answer_of_the_table(world: World) -> None:
    wrong = []
    for column, who in enumerate(WHO):
        client = Client() if who == "visitor" else signed_in(world.users[who])
        for method, name, expected in TABLE:
            status = send(client, method, address(world, name), {}).status_code
            if status != expected[column]:
                wrong.append(f"{who} {method} {name}: {status}, not {expected[column]}")
    assert not wrong, "\n".join(wrong)


def test_methods_that_are_not_mapped_are_refused_as_such(world: World) -> None:
    client = signed_in(world.users["olsen"])
    for name in dict.fromkeys(name for _, name, _ in TABLE if name not in ("nothing", "docs")):
        response = client.delete(address(world, name))
        assert response.status_code == 405, name
        assert response["Content-Type"] == "application/problem+json"
        assert client.options(address(world, name)).status_code == 405


def routes() -> dict[str, Any]:
    """Every named address of the API and its view class."""
    return {pattern.name: getattr(pattern.callback, "cls", None) for pattern in api.urlpatterns}


def test_every_address_and_method_is_in_the_table() -> None:
    listed = {(method, name) for method, name, _ in TABLE}
    for name, view in routes().items():
        methods = [m for m in ("get", "post", "put", "patch", "delete") if hasattr(view, m)] if view else ["get"]
        for method in methods or ["get"]:
            assert (method.upper(), name) in listed
    assert any("api/v1/" in str(pattern.pattern) for pattern in get_resolver().url_patterns)


def test_every_method_declares_its_category() -> None:
    for view in filter(None, routes().values()):
        if issubclass(view, DoorView):
            methods = {m for m in ("get", "post", "put", "patch", "delete") if hasattr(view, m)}
            assert methods <= set(view.categories), view


def test_a_method_without_a_declared_category_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(world.users["olsen"])
    assert client.get(address(world, "case")).status_code == 200
    monkeypatch.setattr(routes()["case"], "categories", {})
    assert client.get(address(world, "case")).status_code == 403
