"""Each service of accounts, directory and connections leaves exactly one change row, and none where it refuses."""

from __future__ import annotations

import datetime
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from agencies.accounts import services as accounts
from agencies.directory import services as directory
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible
from sharing.connections import services as connections
from tests.access.acts import act, leaves
from tests.pages import trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

Act = Callable[[Actor], Any]
SOON = datetime.timedelta(days=3)
# What one does for oneself, or needs more than this world: the test that looks at its row.
ELSEWHERE = {
    "account.signed_out_elsewhere": "accounts/test_sessions.py",
    "agency.opened": "accounts/test_opening.py",
    "cover.arranged": "directory/test_members.py",
    "cover.ended": "directory/test_members.py",
    "webhook.replayed": "../sharing/connections/test_pages.py",
}
VERB = re.compile(r'"((?:account|agency|client|cover|role|token|unit|webhook)\.[a-z_]+)"')


def acts(world: World) -> Iterator[tuple[str, Act]]:
    """Verb and service, each for the administrator; one after the other, since some need what another made."""
    made: dict[str, Any] = {}

    def keep(name: str, service: Act) -> Act:
        def asked(actor: Actor) -> None:
            made[name] = service(actor)

        return asked

    south, tran = world.units["probation/south"].pk, world.users["tran"].pk
    yield "unit.added", keep("unit", lambda a: directory.add_unit(actor=a, name="West"))
    west = made["unit"].pk
    yield "unit.changed", lambda a: directory.change_unit(actor=a, group_id=west, name="Far west", phone="")
    yield "unit.closed", lambda a: directory.close_unit(actor=a, group_id=west)
    officer = "supervising_officer"
    given = lambda a: directory.give_role(actor=a, user_id=tran, group_id=south, role=officer)  # noqa: E731
    yield "role.given", keep("role", given)
    role = made["role"].pk
    yield "role.ended", lambda a: directory.end_role(actor=a, user_id=tran, membership_id=role)
    new = {"email": "new@example.org", "name": "New", "group_id": south, "role": officer}
    yield "role.given", lambda a: accounts.invite(actor=a, **new)
    yield "account.link_sent", lambda a: accounts.send_link(actor=a, user_id=tran)
    yield "account.lock_out_ended", lambda a: accounts.note_end_of_lock_out(actor=a, user_id=tran)
    details = {"title": "PO", "badge": "17", "phone": ""}
    yield "account.corrected", lambda a: accounts.correct(actor=a, user_id=tran, name="Binh Tran", **details)
    yield "account.suspended", lambda a: accounts.suspend(actor=a, user_id=tran, reason="Leave")
    yield "account.reinstated", lambda a: accounts.reinstate(actor=a, user_id=tran)
    client = {"name": "Jail", "units": [south], "role": "system_reader"}
    yield "client.registered", keep("client", lambda a: connections.register_client(actor=a, **client))
    of_client = {"client_id": made["client"].pk}
    token = {**of_client, "label": "nightly", "expires_at": timezone.now() + SOON}
    yield "token.issued", keep("token", lambda a: connections.add_token(actor=a, **token))
    first = made["token"][0].uuid
    yield "token.rotated", keep("token", lambda a: connections.rotate_token(actor=a, replaced=first))
    second = made["token"][0].uuid
    yield "token.ended", lambda a: connections.end_token(actor=a, token_uuid=second)
    hook = {**of_client, "url": "https://jail.example/news"}
    yield "webhook.added", keep("hook", lambda a: connections.add_webhook(actor=a, **hook))
    of_hook = {"webhook_uuid": made["hook"][0].uuid}
    yield "webhook.tested", lambda a: connections.send_test(actor=a, **of_hook)
    yield "webhook.changed", lambda a: connections.change_webhook(actor=a, **of_hook, changes={"on": False})
    yield "webhook.secret_rotated", lambda a: connections.rotate_secret(actor=a, **of_hook)
    yield "client.switched_off", lambda a: connections.switch_off_client(actor=a, **of_client)


def test_each_leaves_one_and_a_refusal_none(world: World) -> None:
    wrong, verbs = [], set(ELSEWHERE)
    for verb, service in acts(world):
        verbs.add(verb)
        with leaves(), pytest.raises((NotAllowed, NotVisible)):
            act(world, "olsen", service)
        before = len(trail("change"))
        act(world, "admin", service)
        left = [row["verb"] for row in trail("change")][before:]
        if left != [verb]:
            wrong.append((verb, left))
    assert not wrong
    written = {
        verb for module in (accounts, directory, connections) for verb in VERB.findall(inspect.getsource(module))
    }
    assert verbs == written, "a service is missing here, or gone"
