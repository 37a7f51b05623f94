"""Errors as problems: what the database or we ourselves did wrong tells nothing of the inside."""

from __future__ import annotations

import datetime
import re
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection
from django.test import Client

from cases.supervision import api
from portal.api.schema import document
from sharing.access.rest import Deprecated
from tests import services
from tests.calls import V1, signed_in
from tests.services import ROOT
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])
FLOORS = ("agencies", "sharing", "cases", "portal")


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Makes the case list raise."""

    def get(self: Any, request: Any) -> None:
        raise error

    monkeypatch.setattr(api.CaseListView, "get", get)


def test_a_fault_is_told_without_its_inside_and_undone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, RuntimeError("the name is Hallett"))
    response = signed_in(world.users["olsen"]).get(f"{V1}/cases/")
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["request_id"] == response["X-Request-Id"]
    assert "Hallett" not in response.content.decode()


def test_somebody_in_the_way_means_try_again(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    goal = f"{V1}/goals/{world.goals[0].uuid}/"
    tag = olsen.get(goal)["ETag"]
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    with services.connect("owner") as owner:
        owner.autocommit = False
        with owner.cursor() as cursor:
            cursor.execute("SELECT 1 FROM cases_case WHERE id = %s FOR UPDATE", [world.joint.pk])
        response = olsen.patch(
            goal, data={"title": "Later"}, content_type="application/json", headers={"If-Match": tag}
        )
        owner.rollback()
    assert response.status_code == 503
    assert response["Retry-After"] == "1"
    assert olsen.get(goal).json()["title"] == "Keep a job"


@pytest.mark.parametrize(
    ("cause", "status"),
    [(psycopg2.errors.DeadlockDetected, 409), (psycopg2.errors.QueryCanceled, 503), (psycopg2.errors.DiskFull, 500)],
)
def test_the_databases_troubles(
    world: World, monkeypatch: pytest.MonkeyPatch, cause: type[psycopg2.Error], status: int
) -> None:
    class Caused(cause):  # type: ignore[misc,valid-type]
        pgcode = {409: "40P01", 503: "57014", 500: "53100"}[status]

    error = OperationalError("in the way")
    error.__cause__ = Caused()
    failing(monkeypatch, error)
    assert signed_in(world.users["olsen"]).get(f"{V1}/cases/").status_code == status


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic abc", "bearer ccd_wrong"])
def test_a_wrong_token_is_no_visitor(world: World, header: str) -> None:
    response = Client(headers={"Authorization": header}).get(f"{V1}/cases/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "content_type", "status", "kind"),
    [
        ("get", f"{V1}/nowhere/", "application/json", 404, "not-found"),
        ("get", "/api/v2/cases/", "application/json", 404, "not-found"),
        ("put", f"{V1}/cases/", "application/json", 405, "method-not-allowed"),
        ("post", f"{V1}/searches/", "text/plain", 415, "unsupported-media-type"),
        ("post", f"{V1}/searches/", "application/json", 400, "malformed"),
    ],
)
def test_whatever_goes_wrong_is_a_problem_with_a_number(
    world: World, method: str, path: str, content_type: str, status: int, kind: str
) -> None:
    client = signed_in(world.users["olsen"])
    response = getattr(client, method)(path, **({} if method == "get" else {"data": "{", "content_type": content_type}))
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["type"] == f"/help/problems/{kind}"
    assert body["request_id"] == response["X-Request-Id"]
    assert f"<h1>{body['title']}</h1>" in Client().get(body["type"]).content.decode()


def test_every_type_of_problem_has_its_page() -> None:
    """Those that our code names, and the codes of the framework's exceptions, which become types."""
    code = "".join(path.read_text() for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
    named = set(re.findall(r'problem_response\(\s*request, (?:\d+|status), "([a-z-]+)"', code))
    named |= set(re.findall(r'default_code = "([a-z-]+)"', code)) | {"busy", "collision"}
    assert len(named) > 10
    for kind in named:
        assert Client().get(f"/help/problems/{kind}").status_code == 200, kind
    assert Client().get("/help/problems/no-such-type").status_code == 404


def test_what_will_go_says_so_with_every_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    since = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
    leaving = Deprecated(since, since.replace(year=2028), f"{V1}/changes/")
    monkeypatch.setattr(api.CaseListView, "deprecated", leaving)
    for query, status in (("", 200), ("?bad=1", 400)):
        response = signed_in(world.users["olsen"]).get(f"{V1}/cases/{query}")
        assert response.status_code == status
        assert response["Deprecation"] == "@1798761600"
        assert response["Sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
        assert response["Link"] == f'<{V1}/changes/>; rel="successor-version"'
    assert document.__wrapped__()["paths"][f"{V1}/cases/"]["get"]["deprecated"] is True
