"""Connections in the browser: for administrators alone, after the password; each secret once."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from standardwebhooks import Webhook as Verifier

from agencies.accounts.models import ApiToken
from agencies.directory.models import User
from sharing.notices import services
from sharing.notices.models import Delivery, Webhook
from tests.calls import bearer
from tests.pages import Visitor, hidden, text, trail
from tests.services import as_job, owner
from tests.sharing.notices.receivers import receiving
from tests.worlds import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

LIST = "/agency/connections/"


def administrator(world: World) -> Visitor:
    """The administrator of the probation agency, who has just typed their password."""
    visitor = Visitor(world.users["admin"])
    confirm(visitor)
    return visitor


def confirm(visitor: Visitor) -> None:
    """Type the password again."""
    answer = visitor.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert answer.status_code == 302


def register(visitor: Visitor, world: World, name: str = "Jail records") -> User:
    """A new system of the north unit."""
    fields = {"name": name, "units": [world.units["probation/north"].pk], "role": "system_reader"}
    answer = visitor.post(reverse("client_new"), fields)
    assert answer.status_code == 302, text(answer)
    return User.objects.get(name=name)


def secret_on(page: str) -> str:
    """What is shown once."""
    found = re.search(r'id="secret-value"[^>]* value="([^"]+)"', page)
    assert found, page
    return found[1]


def add_token(visitor: Visitor, client: User) -> str:
    """A token for a system; its secret."""
    address = reverse("token_new", args=[client.pk])
    page = text(visitor.get(address))
    fields = {"label": "nightly", "expires_at": "in a week", "once": hidden(page, "once")}
    assert "cannot read this as a date" in text(visitor.send(address, page, fields))
    answer = visitor.send(address, page, {**fields, "expires_at": hidden(page, "expires_at")})
    assert answer.status_code == 201
    return secret_on(text(answer))


def test_a_system_gets_a_token_that_opens_what_its_unit_may_see(world: World) -> None:
    visitor = administrator(world)
    client = register(visitor, world)
    secret = add_token(visitor, client)
    calls = Client(headers={"Authorization": f"Bearer {secret}"})
    assert calls.get(f"/api/v1/cases/{world.joint.uuid}/").status_code == 200
    assert calls.get("/api/v1/clients/").status_code == 403
    shown = text(visitor.get(LIST))
    assert "Jail records" in shown
    assert secret not in shown
    assert secret[:10] in shown
    verbs = [row["verb"] for row in trail("change") if row["verb"].startswith(("client", "token"))]
    assert verbs == ["client.registered", "token.issued"]
    assert secret not in str(trail("change"))


def test_a_form_sent_twice_makes_one_token_and_tells_its_secret_once(world: World) -> None:
    visitor = administrator(world)
    client = register(visitor, world)
    address = reverse("token_new", args=[client.pk])
    page = text(visitor.get(address))
    fields = {name: hidden(page, name) for name in ("once", "expires_at")} | {"label": "nightly"}
    assert visitor.send(address, page, fields).status_code == 201
    again = visitor.send(address, page, fields)
    assert again.status_code == 302
    assert ApiToken.objects.filter(user=client).count() == 1


def test_a_replaced_token_stays_good_for_a_day_and_an_ended_one_not_at_all(world: World) -> None:
    visitor = administrator(world)
    client = register(visitor, world)
    old = add_token(visitor, client)
    token = ApiToken.objects.get(user=client)
    address = reverse("token_rotate", args=[token.uuid])
    page = text(visitor.get(address))
    fresh = secret_on(text(visitor.send(address, page, {"once": hidden(page, "once")})))

    def opens(secret: str) -> bool:
        return Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/cases/").status_code == 200

    assert opens(old)
    assert opens(fresh)
    token.refresh_from_db()
    left = (owner("SELECT extract(epoch FROM expires_at - now()) FROM agencies_apitoken WHERE id = %s", token.pk))[0][0]
    assert 86_000 < left <= 86_400
    latest = ApiToken.objects.filter(user=client).latest("pk")
    assert visitor.post(reverse("token_end", args=[latest.uuid])).status_code == 302
    assert not opens(fresh)


def test_switching_a_system_off_ends_tokens_and_webhooks(world: World) -> None:
    visitor = administrator(world)
    client = register(visitor, world)
    calls = bearer(client)
    address = reverse("webhook_new", args=[client.pk])
    page = text(visitor.get(address))
    fields = {"url": "https://jail.example/news", "once": hidden(page, "once")}
    assert visitor.send(address, page, fields).status_code == 201
    assert calls.get("/api/v1/webhooks/").json()["results"][0]["on"]
    assert visitor.post(reverse("client_off", args=[client.pk])).status_code == 302
    assert calls.get("/api/v1/webhooks/").status_code == 401
    with as_job():
        assert Webhook.objects.get().off_reason == "by_hand"
        assert not ApiToken.objects.filter(user=client, revoked_at__isnull=True).exists()


@pytest.mark.parametrize("who", ["olsen", "reyes", "mills"])
def test_nobody_but_an_administrator_comes_in(world: World, who: str) -> None:
    visitor = Visitor(world.users[who])
    assert visitor.get(LIST).status_code == 403
    assert visitor.get(reverse("client_new")).status_code == 403
    assert trail("denial", status=403)


def test_an_administrator_reaches_no_system_of_another_agency(world: World) -> None:
    visitor = administrator(world)
    theirs = world.users["system"]
    for name in ("client_off", "token_new", "webhook_new"):
        assert visitor.get(reverse(name, args=[theirs.pk])).status_code == 404
    register(visitor, world)
    shown = re.findall(r'id="system-(\d+)"', text(visitor.get(LIST)))
    assert str(theirs.pk) not in shown
    assert len(shown) == 1


def test_the_password_is_asked_for_before_anything_weighty(world: World) -> None:
    visitor = Visitor(world.users["admin"])
    session = visitor.client.session
    session["signed_in_at"] = time.time() - 3600
    session.save()
    answer = visitor.get(reverse("client_new"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert visitor.get(LIST).status_code == 200
    # Without the page, nothing is done either.
    fields = {"name": "Jail", "units": [world.units["probation/north"].pk], "role": "system_reader"}
    visitor.post(reverse("client_new"), fields, form_at=LIST)
    assert not User.objects.filter(name="Jail").exists()


def test_a_bad_address_is_refused_beside_the_field(world: World, settings: Any) -> None:
    settings.WEBHOOKS_STAY_OUTSIDE = True
    visitor = administrator(world)
    client = register(visitor, world)
    address = reverse("webhook_new", args=[client.pk])
    page = text(visitor.get(address))
    for url, said in (("http://jail.example/", "begins with https"), ("https://10.0.0.1/", "private network")):
        answer = visitor.send(address, page, {"url": url, "once": hidden(page, "once")})
        assert answer.status_code == 400
        assert said in text(answer)
    assert not Webhook.objects.exists()


def test_a_webhook_is_tested_its_secret_replaced_and_its_messages_sent_again(world: World) -> None:
    visitor = administrator(world)
    client = register(visitor, world)
    with receiving() as receiver:
        address = reverse("webhook_new", args=[client.pk])
        page = text(visitor.get(address))
        fields = {"url": receiver.url, "once": hidden(page, "once")}
        secret = secret_on(text(visitor.send(address, page, fields)))
        with as_job():
            webhook = Webhook.objects.get()
        here = reverse("webhook", args=[webhook.uuid])
        assert visitor.post(f"{here}test/", form_at=here)["Location"] == here
        assert "Waiting" in text(visitor.get(here))
        with as_job():
            services.send_messages_due()
        (taken,) = receiver.taken
        assert Verifier(secret).verify(taken.body, taken.headers)["type"] == "connection.test"
        assert "Answer 204" in text(visitor.get(here))

        fresh = secret_on(text(visitor.post(f"{here}secret/")))
        with as_job():
            message = Delivery.objects.get(channel="webhook")
        assert visitor.post(f"{here}replay/", {"message": str(message.uuid)}, form_at=here).status_code == 302
        with as_job():
            services.send_messages_due()
        for one in (secret, fresh):
            Verifier(one).verify(receiver.taken[1].body, receiver.taken[1].headers)
        assert receiver.taken[0].headers["webhook-id"] == receiver.taken[1].headers["webhook-id"]

        assert visitor.post(f"{here}switch/", {"on": "0"}, form_at=here).status_code == 302
        assert "Switched off by an administrator" in text(visitor.get(here))
        visitor.post(f"{here}test/", form_at=here)
        assert "Switch it on to test it" in text(visitor.get(here))
    verbs = [row["verb"] for row in trail("change") if row["verb"].startswith("webhook")]
    assert verbs == [
        "webhook.added", "webhook.tested", "webhook.secret_rotated", "webhook.replayed", "webhook.changed",
    ]  # fmt: skip
    assert secret not in str(trail("change"))


def test_the_page_costs_the_same_with_more_systems(world: World) -> None:
    visitor = administrator(world)
    for number in range(3):
        register(visitor, world, f"System {number}")
    visitor.get(LIST)
    with CaptureQueriesContext(connection) as few:
        visitor.get(LIST)
    for number in range(3, 9):
        register(visitor, world, f"System {number}")
    visitor.get(LIST)
    with CaptureQueriesContext(connection) as many:
        visitor.get(LIST)
    asked = [q for q in many.captured_queries if "SAVEPOINT" not in q["sql"]]
    assert len(few.captured_queries) == len(many.captured_queries)
    assert len(asked) <= 12
