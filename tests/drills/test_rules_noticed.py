"""Every rule of a page or an operation is noticed: taken out, alone, the table of its answers no longer holds.

What a view declares for a method (`needs`, `categories`) is lowered to the bare knowledge that the record exists. Then
somebody has to get another answer than the table says, or it stands among those that are held twice.
"""

from __future__ import annotations

import pytest
from django.test import Client

from agencies.directory.categories import NOTHING, Category
from tests.calls import send, signed_in
from tests.permissions import test_api, test_pages
from tests.worlds import World

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True, databases=["default", "aside"])]

# Refused further in as well: parts of a record by their own door, acts by their service.
PAGES_HELD_TWICE = {
    ("GET", "calendar_file"), ("GET", "case_card"), ("GET", "case_read_back"),
    ("POST", "address_confirm"), ("POST", "address_end"),
}  # fmt: skip
OPERATIONS_HELD_TWICE = {
    *(("GET", name) for name in (
        "action", "action-versions", "appointment", "appointments", "case-cautions", "case-conditions", "caution",
        "condition", "document", "document-file", "flag", "goal", "goal-actions", "goal-versions", "status-card",
        "workload",
    )),
    *(("PATCH", name) for name in ("action", "appointment", "flag", "goal")),
    *(("POST", name) for name in (
        "appointment-cancel", "appointment-move", "appointment-outcome", "cases", "cases-reassign", "contacts",
        "document-withdraw", "flag-end", "goal-actions",
    )),
}  # fmt: skip


def test_every_rule_of_a_page_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    views = {name: route.callback for name, route in test_pages.routes()}
    filled = test_pages.arguments(world)
    clients = {who: Client() if who == "visitor" else signed_in(world.users[who]) for who in test_pages.WHO}
    unnoticed = set()
    for method, name, expected in test_pages.TABLE:
        view = getattr(views.get(name), "view_class", None)
        needs = getattr(view, "needs", {})
        if name in test_pages.LEAVING or needs.get(method.lower(), NOTHING) in (NOTHING, Category.EXISTENCE):
            continue
        with monkeypatch.context() as patch:
            patch.setattr(view, "needs", {**needs, method.lower(): Category.EXISTENCE})
            address = test_pages.reverse(name, kwargs=filled.get(name))
            given = tuple(test_pages.answer(clients[who], method, address) for who in test_pages.WHO)
        if given == expected:
            unnoticed.add((method, name))
    assert unnoticed == PAGES_HELD_TWICE


def test_every_rule_of_an_operation_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    views = test_api.routes()
    clients = {who: Client() if who == "visitor" else signed_in(world.users[who]) for who in test_api.WHO}
    unnoticed = set()
    for method, name, expected in test_api.TABLE:
        view = views[name]
        categories = getattr(view, "categories", {})
        if categories.get(method.lower(), NOTHING) in (NOTHING, Category.EXISTENCE):
            continue
        with monkeypatch.context() as patch:
            patch.setattr(view, "categories", {**categories, method.lower(): Category.EXISTENCE})
            address = test_api.address(world, name)
            given = tuple(send(clients[who], method, address, {}).status_code for who in test_api.WHO)
        if given == expected:
            unnoticed.add((method, name))
    assert unnoticed == OPERATIONS_HELD_TWICE
