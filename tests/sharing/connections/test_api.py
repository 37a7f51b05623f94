"""Connections over the API, and what the database itself refuses."""

from __future__ import annotations

import datetime
from typing import Any

import psycopg2.errors
import pytest
from django.db import connection
from django.db.utils import ProgrammingError
from django.utils import timezone

from sharing.access.context import acting
from tests.calls import V1, bearer, send, signed_in
from tests.services import as_job, owner
from tests.sharing.notices.acts import change_goal, relay
from tests.sharing.notices.receivers import add_webhook
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def test_a_system_reads_tests_and_replays_its_own_webhooks_and_changes_nothing(world: World) -> None:
    webhook, _ = add_webhook(world, "http://127.0.0.1:9/")
    change_goal(world)
    relay()
    system = bearer(world.users["system"])
    here = f"{V1}/webhooks/{webhook.uuid}/"
    (listed,) = system.get(f"{V1}/webhooks/").json()["results"]
    assert listed["url"] == "http://127.0.0.1:9/"
    assert "secret" not in str(listed)
    assert send(system, "POST", f"{here}test/").status_code == 202
    messages = system.get(f"{here}messages/").json()["results"]
    assert [message["type"] for message in messages] == [None, "plan.goal_changed"]
    owner("UPDATE sharing_delivery SET state = 'failed', attempts = 10 WHERE channel = 'webhook'")
    assert len(system.get(f"{here}messages/", {"state": "failed"}).json()["results"]) == 2
    assert send(system, "POST", f"{here}replay/", {}).json() == {"number": 2}
    assert {message["state"] for message in system.get(f"{here}messages/").json()["results"]} == {"pending"}
    tag = system.get(here)["ETag"]
    assert send(system, "PATCH", here, {"on": False}, If_Match=tag).status_code == 403
    assert send(system, "POST", f"{here}secret/").status_code == 403
    assert send(system, "POST", f"{V1}/webhooks/", {"client": 1, "url": "https://x.example/"}).status_code == 403


def test_replay_by_span_of_time(world: World) -> None:
    webhook, _ = add_webhook(world, "http://127.0.0.1:9/")
    for seen in (1, 2, 3):
        change_goal(world, seen=seen)
    relay()
    owner(
        "UPDATE sharing_delivery SET state = 'sent', created_at = '2026-01-01'::timestamptz"
        " + (SELECT count(*) FROM sharing_delivery d WHERE d.channel = 'webhook' AND d.id < sharing_delivery.id)"
        " * interval '1 day' WHERE channel = 'webhook'"
    )
    span = {"since": "2026-01-02T00:00:00Z", "until": "2026-01-03T00:00:00Z"}
    url = f"{V1}/webhooks/{webhook.uuid}/replay/"
    assert send(bearer(world.users["system"]), "POST", url, span).json() == {"number": 1}


def test_whoever_administers_no_more_gets_no_answer_again(world: World) -> None:
    """The role is asked for before the Idempotency-Key, whose answer would else outlive it for a day."""
    admin, north = world.users["admin"], world.units["probation/north"].pk
    owner(
        "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
        " VALUES (%s, %s, 'supervisor', now(), '9999-12-31')",
        admin.pk, north,
    )  # fmt: skip
    done: list[tuple[str, dict[str, Any]]] = []

    def call(path: str, body: dict[str, Any] | None = None) -> Any:
        done.append((path, body or {}))
        made = send(signed_in(admin), "POST", V1 + path, body or {}, Idempotency_Key=f"k-{len(done)}")
        assert made.status_code in (200, 201, 202), made.content
        return made.json()

    client = call("/clients/", {"name": "Jail", "units": [north], "role": "system_reader"})["id"]
    ends = {"label": "t", "expires_at": (timezone.now() + datetime.timedelta(days=30)).isoformat()}
    token = call(f"/clients/{client}/tokens/", ends)["id"]
    call(f"/tokens/{token}/rotate/")
    call(f"/tokens/{token}/end/")
    webhook = call("/webhooks/", {"client": client, "url": "https://jail.example/news"})["id"]
    call(f"/webhooks/{webhook}/secret/")
    call(f"/webhooks/{webhook}/test/")
    call(f"/webhooks/{webhook}/replay/")
    call(f"/clients/{client}/switch-off/")

    def again() -> list[int]:
        calls = enumerate(done, 1)
        return [
            send(signed_in(admin), "POST", V1 + path, body, Idempotency_Key=f"k-{number}").status_code
            for number, (path, body) in calls
        ]

    assert again() == [201, 201, 201, 200, 201, 201, 202, 202, 200]
    owner("UPDATE agencies_membership SET until = now() WHERE user_id = %s AND role = 'administrator'", admin.pk)
    # A webhook is not known of by whoever neither administers nor is its system.
    assert again() == [403, 403, 403, 403, 403, 404, 404, 404, 403]


def refused(world: World, who: str, statement: str, values: list[Any]) -> bool:
    """Whether the database refuses a statement of the web's role in somebody's context, or it touches nothing."""
    try:
        with acting(world.users[who], world.agency_of(who)), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.rowcount == 0
    except ProgrammingError as error:
        if isinstance(error.__cause__, psycopg2.errors.InsufficientPrivilege):
            return True
        raise


def test_the_database_lets_nobody_but_an_administrator_make_connections(world: World) -> None:
    webhook, _ = add_webhook(world, "http://127.0.0.1:9/")
    change_goal(world)
    relay()
    system, police = world.users["system"].pk, world.agencies["police"].pk
    north, gang = world.units["probation/north"].pk, world.units["police/gang"].pk
    register = "SELECT client_register('x@client.invalid', 'X', ARRAY[%s]::bigint[], %s)"
    token = (
        "INSERT INTO agencies_apitoken (uuid, user_id, label, digest, hint, created_at, created_by_id, expires_at)"
        " VALUES (gen_random_uuid(), %s, 'x', md5(random()::text), 'x', now(), %s, now() + interval '1 day')"
    )
    hook = (
        "INSERT INTO sharing_webhook (uuid, client_id, agency_id, url, kinds, version, created_at, created_by_id,"
        " off_reason) VALUES (gen_random_uuid(), %s, %s, 'x', '{}', 1, now(), %s, '')"
    )
    admin, olsen = world.users["admin"].pk, world.users["olsen"].pk
    attempts: list[tuple[str, str, list[Any]]] = [
        ("olsen", register, [north, "system_reader"]),
        ("admin", register, [gang, "system_reader"]),  # another agency's unit
        ("admin", register, [north, "supervisor"]),  # a role for people
        ("olsen", token, [system, olsen]),
        ("admin", token, [system, admin]),  # another agency's system
        ("admin", token, [olsen, admin]),  # a person
        ("admin", hook, [system, police, admin]),
        ("system", hook, [system, police, system]),
        ("system", "UPDATE sharing_webhook SET url = 'x'", []),
        ("reyes", "UPDATE sharing_webhook SET url = 'x'", []),
        ("system", "UPDATE agencies_apitoken SET revoked_at = NULL", []),
        ("olsen", "SELECT client_switch_off(%s)", [system]),
        ("admin", "SELECT client_switch_off(%s)", [system]),
        ("admin", "SELECT client_switch_off(%s)", [olsen]),
        ("system", "UPDATE sharing_delivery SET state = 'sent'", []),
        ("system", "INSERT INTO sharing_webhooksecret (webhook_id, secret, hint, created_at, until)"
         " VALUES (%s, 'x', 'x', now(), now())", [webhook.pk]),
        ("reyes", "UPDATE sharing_delivery SET state = 'pending'", []),
    ]  # fmt: skip
    assert [one for one in attempts if not refused(world, *one)] == []
    assert not refused(world, "admin", register, [north, "system_reader"])
    with as_job():
        assert webhook.secrets.count() == 1
