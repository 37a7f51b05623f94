"""What people read when something does not work: which of the two it was, a number, and whether something was saved."""

from __future__ import annotations

from typing import Any

import psycopg2.errors
import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client
from django.urls import reverse
from psycopg2 import errorcodes

from cases.supervision.views import CaseOverview
from tests.calls import signed_in
from tests.pages import text, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def raised(kind: type[Exception], code: str) -> Exception:
    """An error of Django's as psycopg2 causes it, by its SQLSTATE."""
    error = kind("a name that nobody may read")
    error.__cause__ = type("Caused", (psycopg2.errors.lookup(code),), {"pgcode": code})()
    return error


@pytest.mark.parametrize(
    ("kind", "code", "status", "words"),
    [
        (OperationalError, errorcodes.QUERY_CANCELED, 503, "Too much at once"),
        (OperationalError, errorcodes.LOCK_NOT_AVAILABLE, 503, "Too much at once"),
        (OperationalError, errorcodes.DEADLOCK_DETECTED, 409, "Somebody changed the same thing"),
        (IntegrityError, errorcodes.UNIQUE_VIOLATION, 409, "Somebody changed the same thing"),
        (OperationalError, errorcodes.DISK_FULL, 500, "Something failed on our side"),
    ],
)
def test_a_database_in_the_way_is_told_apart_from_a_fault(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: Any, code: str, status: int, words: str
) -> None:
    def get(self: Any, request: Any, record: Any) -> None:
        self.show("cases/supervision/overview.html", 1, {})  # a row on the trail, to be undone
        raise raised(kind, code)

    client = signed_in(world.users["olsen"], raise_request_exception=False)
    monkeypatch.setattr(CaseOverview, "get", get)
    monkeypatch.setattr("sharing.access.pages.render", lambda *_, **__: None)
    answer = client.get(reverse("case_overview", args=[world.joint.uuid]))
    assert answer.status_code == status
    assert words in text(answer)
    assert answer["X-Request-Id"] in text(answer)
    assert "othing" in text(answer)
    assert "a name that nobody" not in text(answer)
    assert ("Retry-After" in answer) == (status != 500)
    assert not trail("read")


def test_a_visitor_meets_the_same_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def sign_in(*_: Any, **__: Any) -> None:
        raise raised(OperationalError, errorcodes.TOO_MANY_CONNECTIONS)

    monkeypatch.setattr("allauth.account.views.LoginView.get", sign_in)
    answer = Client(raise_request_exception=False).get(reverse("account_login"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")


def test_a_method_that_an_address_does_not_take_is_a_page(world: World) -> None:
    answer = signed_in(world.users["olsen"]).get(reverse("act_for"))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "That cannot be done at this address" in text(answer)
