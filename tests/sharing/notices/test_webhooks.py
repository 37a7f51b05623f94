"""Messages to partner systems: signed, thin, to those still entitled, again until they are taken."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from sharing.access.context import acting
from sharing.access.services import end_access
from sharing.notices import services
from sharing.notices.models import Delivery, InboxItem, OutboxEvent, Webhook, WebhookSecret
from sharing.notices.services import messaging
from sharing.notices.services.ladder import RETRY_AFTER
from sharing.notices.webhooks.messages import new_secret
from tests.calls import bearer
from tests.services import as_job, owner
from tests.sharing.notices.acts import change_goal, relay
from tests.sharing.notices.receivers import Receiver, add_webhook, receiving
from tests.worlds import AGENCIES, NAMES, USERS, World


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def send_all() -> None:
    with as_job():
        services.send_messages_due()


def message() -> Delivery:
    """The one message there is."""
    with as_job():
        return Delivery.objects.get(channel="webhook")


def hook() -> Webhook:
    with as_job():
        return Webhook.objects.get()


def make_due() -> None:
    owner("UPDATE sharing_delivery SET next_attempt_at = now() - interval '1 second' WHERE state = 'pending'")
    owner("UPDATE sharing_webhook SET resume_at = NULL")


def test_a_message_is_signed_and_says_where_to_read_and_nothing_else(world: World, receiver: Receiver) -> None:
    _, secret = add_webhook(world, receiver.url)
    event = change_goal(world)
    relay()
    send_all()
    (taken,) = receiver.taken
    assert Verifier(secret).verify(taken.body, taken.headers) == taken.said
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret()).verify(taken.body, taken.headers)
    with as_job():
        item = InboxItem.objects.get(event=event, user=world.users["system"])
    assert taken.said == {
        "type": "plan.goal_changed",
        "timestamp": event.created_at.isoformat(),
        "data": {
            "event_id": str(event.uuid),
            "record_type": "cases.case",
            "record_id": str(world.joint.uuid),
            "object_type": "cases.goal",
            "object_id": str(world.goals[0].uuid),
            "news": f"{settings.PUBLIC_URL}/api/v1/inbox/{item.uuid}/",
        },
    }
    assert taken.headers["webhook-id"] == f"msg_{message().uuid.hex}"
    text = taken.body + str(taken.headers)
    personal = {part for name in NAMES for part in name} | {name.capitalize() for name in USERS}
    personal |= {name for row in AGENCIES.values() for name in row[:2]} | {"Keep a job", "Burglary", world.joint.number}
    assert [word for word in personal if re.search(rf"\b{re.escape(word)}\b", text)] == []
    found = message()
    assert (found.state, found.answer, found.attempts, found.failure) == ("sent", 204, 1, "")
    assert hook().failing_since is None


def test_only_the_kinds_that_were_chosen(world: World, receiver: Receiver) -> None:
    add_webhook(world, receiver.url, kinds=("access.ended",))
    change_goal(world)
    relay()
    send_all()
    assert receiver.taken == []


def test_two_secrets_sign_while_one_is_replaced(world: World, receiver: Receiver) -> None:
    webhook, old = add_webhook(world, receiver.url)
    fresh, gone = new_secret(), new_secret()
    with as_job():
        WebhookSecret.objects.create(webhook=webhook, secret=fresh, hint="x")
        past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
        WebhookSecret.objects.create(webhook=webhook, secret=gone, hint="x", until=past)
    change_goal(world)
    relay()
    send_all()
    (taken,) = receiver.taken
    assert len(taken.headers["webhook-signature"].split(" ")) == 2
    for secret in (old, fresh):
        Verifier(secret).verify(taken.body, taken.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(gone).verify(taken.body, taken.headers)


def test_the_door_is_asked_again_before_sending(world: World, receiver: Receiver) -> None:
    add_webhook(world, receiver.url)
    change_goal(world)
    relay()
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        end_access(actor=actor, grant_uuid=world.grants["joint"].uuid, reason="No longer needed")
    send_all()
    assert receiver.taken == []
    assert message().state == "withdrawn"
    relay()  # the bare fact that access ended is told
    send_all()
    assert [taken.said["type"] for taken in receiver.taken] == ["access.ended"]


@pytest.mark.parametrize("seen", [True, False])
def test_a_farewell_names_the_record_to_whom_the_api_names_it(world: World, receiver: Receiver, seen: bool) -> None:
    """Whoever still sees the case through the circle; nobody while the agreement is suspended."""
    add_webhook(world, receiver.url)
    if not seen:
        owner("UPDATE sharing_agreement SET suspended_at = now() WHERE id = %s", world.agreement.pk)
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        end_access(actor=actor, grant_uuid=world.grants["joint"].uuid, reason="No longer needed")
    relay()
    send_all()
    (taken,) = receiver.taken
    data = taken.said["data"]
    numbers = (str(world.joint.uuid), str(world.grants["joint"].uuid)) if seen else (None, None)
    assert (data["record_id"], data["object_id"]) == numbers
    news = bearer(world.users["system"]).get(data["news"].removeprefix(settings.PUBLIC_URL)).json()
    assert (news["record_id"], news["object_id"]) == numbers


def test_a_system_that_was_switched_off_gets_nothing(world: World, receiver: Receiver) -> None:
    add_webhook(world, receiver.url)
    change_goal(world)
    relay()
    owner("UPDATE agencies_user SET is_active = false WHERE kind = 'client'")
    send_all()
    assert receiver.taken == []
    assert message().state == "withdrawn"


def test_a_message_that_is_not_taken_climbs_the_ladder_and_is_given_up_but_kept(
    world: World, receiver: Receiver
) -> None:
    add_webhook(world, receiver.url)
    receiver.status = 500
    change_goal(world)
    relay()
    for step, seconds in enumerate(RETRY_AFTER):
        before = datetime.datetime.now(datetime.UTC)
        send_all()
        send_all()  # not due yet: nothing
        found = message()
        assert (found.state, found.attempts, found.answer) == ("pending", step + 1, 500)
        assert seconds * 0.99 <= (found.next_attempt_at - before).total_seconds() <= seconds * 1.1 + 5
        assert hook().failing_since is not None
        make_due()
    send_all()
    assert message().state == "failed"
    assert len({taken.headers["webhook-id"] for taken in receiver.taken}) == 1
    assert len(receiver.taken) == len(RETRY_AFTER) + 1
    assert hook().off_at is None  # failing for less than three days


def test_days_without_a_message_taken_switch_it_off_and_tell_the_administrators(
    world: World, receiver: Receiver
) -> None:
    webhook, _ = add_webhook(world, receiver.url)
    owner("UPDATE agencies_membership SET role = 'administrator' WHERE user_id = %s", world.users["patel"].pk)
    owner("UPDATE sharing_webhook SET failing_since = now() - interval '4 days'")
    receiver.status = 503
    change_goal(world)
    relay()
    owner("UPDATE sharing_delivery SET attempts = %s WHERE channel = 'webhook'", len(RETRY_AFTER))
    send_all()
    assert (hook().off_reason, message().state) == ("failing", "failed")
    relay()
    with as_job():
        event = OutboxEvent.objects.get(kind="webhook.off")
        told = InboxItem.objects.filter(event=event).values_list("user__email", flat=True)
        assert list(told) == ["patel@example.org"]
        assert Delivery.objects.filter(event=event, channel="email").count() == 1
    # What happens meanwhile makes no message: the system reads it in its inbox.
    change_goal(world, seen=2)
    relay()
    with as_job():
        assert Delivery.objects.filter(webhook=webhook).count() == 1


def test_gone_switches_off_at_once(world: World, receiver: Receiver) -> None:
    add_webhook(world, receiver.url)
    receiver.status = 410
    change_goal(world)
    relay()
    send_all()
    assert hook().off_reason == "gone"


def test_retry_after_is_honoured_and_a_failing_webhook_rests(world: World, receiver: Receiver) -> None:
    add_webhook(world, receiver.url)
    receiver.status, receiver.headers = 429, {"Retry-After": "600"}
    change_goal(world)
    change_goal(world, seen=2)
    relay()
    before = datetime.datetime.now(datetime.UTC)
    send_all()
    assert len(receiver.taken) == 1  # the second waits until it is seen whether the first is taken
    with as_job():
        first = Delivery.objects.filter(channel="webhook").order_by("pk")[0]
    assert (first.next_attempt_at - before).total_seconds() >= 600
    assert (hook().resume_at - before).total_seconds() <= 301


def test_one_message_at_a_time_in_the_order_of_events(world: World, receiver: Receiver) -> None:
    add_webhook(world, receiver.url)
    events = [str(change_goal(world, seen=seen).uuid) for seen in (1, 2, 3)]
    relay()
    send_all()
    assert [taken.said["data"]["event_id"] for taken in receiver.taken] == events


def test_a_lease_that_ran_out_leaves_the_later_attempt_its_result(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_webhook(world, receiver.url)
    change_goal(world)
    relay()
    real = messaging.post

    def slow(*arguments: Any) -> Any:  # while this worker sends, its lease runs out and another one claims and sends
        monkeypatch.setattr(messaging, "post", real)
        make_due()
        services.send_messages_due()
        raise messaging.NotDelivered("No connection")

    monkeypatch.setattr(messaging, "post", slow)
    send_all()
    found = message()
    assert (found.state, found.attempts, found.failure) == ("sent", 2, "")


def test_the_web_cannot_read_a_secret_nor_reach_into_another_agency(world: World, receiver: Receiver) -> None:
    add_webhook(world, receiver.url)
    change_goal(world)
    relay()
    seen = {}
    for who in ("olsen", "admin", "patel", "system"):
        with acting(world.users[who], world.agency_of(who)):
            seen[who] = (
                Webhook.objects.count(),
                WebhookSecret.objects.defer("secret").count(),
                Delivery.objects.filter(channel="webhook").count(),
            )
    assert seen == {"olsen": (0, 0, 0), "admin": (0, 0, 0), "patel": (0, 0, 0), "system": (1, 1, 1)}
    with (
        pytest.raises(Exception, match="permission denied"),
        acting(world.users["system"], world.agencies["police"]),
    ):
        list(WebhookSecret.objects.values_list("secret"))
