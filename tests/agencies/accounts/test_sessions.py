"""Sessions end on the server: when nobody uses them, when they are too old, and when their owner or agency says so."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agencies.accounts.models import AccountSession
from agencies.accounts.sessions import device_of
from agencies.accounts.tasks import forget_ended_sessions
from tests import services
from tests.calls import V1, signed_in
from tests.pages import Visitor, hidden, text, trail
from tests.worlds import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def age(client: Client, seconds: int) -> None:
    """As if the session was last used so long ago."""
    services.owner(
        "UPDATE agencies_accountsession SET used_at = used_at - make_interval(secs => %s),"
        " expire_date = expire_date - make_interval(secs => %s) WHERE session_key = %s",
        seconds, seconds, client.session.session_key,
    )  # fmt: skip


def test_a_session_that_nobody_uses_ends_and_one_that_is_used_goes_on(world: World, settings: Any) -> None:
    idle, used = signed_in(world.users["olsen"]), signed_in(world.users["olsen"])
    age(idle, settings.SESSION_COOKIE_AGE + 1)
    assert idle.get("/cases/").status_code == 302
    age(used, settings.SESSION_COOKIE_AGE - 60)
    assert used.get("/cases/").status_code == 200
    assert used.get(reverse("session_left")).json()["left"] > settings.SESSION_COOKIE_AGE - 60


def test_what_a_page_asks_by_itself_is_no_use(world: World, settings: Any) -> None:
    client = signed_in(world.users["olsen"])
    age(client, 600)
    assert client.get(reverse("inbox_badge")).status_code == 200
    left = client.get(reverse("session_left")).json()
    assert 0 < left["left"] <= settings.SESSION_COOKIE_AGE - 600
    assert client.post(reverse("session_left")).json()["left"] > settings.SESSION_COOKIE_AGE - 60


def test_a_session_ends_after_half_a_day_however_much_it_is_used(world: World, settings: Any) -> None:
    client = signed_in(world.users["olsen"])
    session = client.session
    session["signed_in_at"] = time.time() - settings.ACCOUNT_LONGEST_SESSION + 90
    session.save()
    age(client, 61)
    assert client.get("/cases/").status_code == 200
    assert client.get(reverse("session_left")).json()["left"] <= 90
    age(client, 91)
    assert client.get("/cases/").status_code == 302


def test_the_end_of_a_session_stands_in_no_cookie(world: World) -> None:
    client = Client()
    client.post(reverse("account_login"), {"login": "olsen@example.org", "password": PASSWORD})
    assert client.cookies["concord_session"]["max-age"] == ""
    assert client.get(reverse("session_left")).json()["account"] == world.users["olsen"].pk
    assert Client().get(reverse("session_left")).json() == {"left": 0}


def test_one_sees_where_one_is_signed_in_and_ends_the_others(world: World) -> None:
    firefox = Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"})
    firefox.post(reverse("account_login"), {"login": "olsen@example.org", "password": PASSWORD})
    stranger, visitor = signed_in(world.users["pratt"]), Visitor(world.users["olsen"])
    page = text(visitor.get(reverse("account")))
    assert "Firefox on Windows" in page
    assert "Sign out everywhere else" in page
    assert visitor.post(reverse("sign_out_elsewhere"), form_at=reverse("account")).status_code == 302
    assert firefox.get("/cases/").status_code == 302
    assert visitor.get("/cases/").status_code == stranger.get("/cases/").status_code == 200
    assert [row["after"] for row in trail("change", verb="account.signed_out_elsewhere")] == [{"sessions": 1}]


def test_weighty_acts_ask_for_the_password_again_and_are_done_after_it(world: World, settings: Any) -> None:
    visitor = Visitor(world.users["olsen"])
    address = reverse("grant_end", args=[world.joint.uuid, world.grants["joint"].uuid])
    page = visitor.get(address).content.decode()
    session = visitor.client.session
    session["signed_in_at"] = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT - 1
    session.save()
    asked = visitor.send(address, page, {"reason": "The case is closed"})
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert not trail("change", verb="access.ended")
    url = f"{V1}/grants/{world.grants['joint'].uuid}/end/"
    token = {"X-CSRFToken": hidden(page, "csrfmiddlewaretoken")}
    refused = visitor.client.post(url, {"reason": "x"}, content_type="application/json", headers=token)
    assert refused.status_code == 403
    assert "reauthenticate" in refused.json()["detail"]
    again = asked["Location"]
    assert visitor.post(again, {"password": "wrong"}).status_code == 200
    assert not trail("change", verb="access.ended")
    assert visitor.post(again, {"password": PASSWORD})["Location"] == reverse("case_access", args=[world.joint.uuid])
    assert len(trail("change", verb="access.ended")) == 1


def test_acting_for_another_agency_is_on_the_trail_and_offered_on_top(world: World) -> None:
    services.owner(
        "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
        " VALUES (%s, %s, 'police_officer', now(), '9999-12-31')",
        world.users["olsen"].pk, world.units["police/patrol"].pk,
    )  # fmt: skip
    visitor = Visitor(world.users["olsen"])
    assert "Act for Riverton Police Department" in text(visitor.get("/"))
    moved = visitor.post(reverse("act_for"), {"agency": world.agencies["police"].pk, "next": "/"}, form_at="/")
    assert moved["Location"] == "/"
    assert "Riverton Police Department" in text(visitor.get("/"))
    (row,) = trail("change", verb="account.acts_for")
    assert row["after"] == {"agency": world.agencies["police"].pk}
    away = visitor.post(
        reverse("act_for"), {"agency": world.agencies["probation"].pk, "next": "https://example.com/"}, form_at="/"
    )
    assert away["Location"] == reverse("account")


def test_signing_in_being_refused_and_signing_out_leave_rows_without_what_was_typed(world: World) -> None:
    client = Client()
    login = reverse("account_login")
    client.post(login, {"login": "olsen@example.org", "password": "my dog's name"})
    client.post(login, {"login": "olsen@example.org", "password": PASSWORD})
    client.post(reverse("account_logout"))
    rows = trail("signin")
    assert [row["outcome"] for row in rows] == ["failed", "in", "out"]
    assert [row["user_id"] for row in rows] == [None, world.users["olsen"].pk, world.users["olsen"].pk]
    assert "dog" not in str(rows)


def test_ended_sessions_are_forgotten(world: World) -> None:
    client = signed_in(world.users["olsen"])
    age(client, 24 * 60 * 60)
    other = signed_in(world.users["pratt"])
    for _ in range(2):  # run twice, it leaves what one run leaves
        with services.as_job():
            forget_ended_sessions()
        assert list(AccountSession.objects.values_list("user_id", flat=True)) == [world.users["pratt"].pk]
    assert other.get("/cases/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8", "Another program"),
        ("", "Another program"),
    ],
)
def test_a_device_is_named_as_people_know_it(agent: str, device: str) -> None:
    assert device_of(agent) == device
