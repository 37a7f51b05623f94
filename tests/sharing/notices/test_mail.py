"""E-mail: a reference and a link, to those still entitled, again until it is taken."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django.conf import settings as django_settings
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from agencies.directory.models import Membership
from sharing.access.context import acting
from sharing.access.services import end_access
from sharing.notices import services
from sharing.notices.models import Delivery, InboxItem
from sharing.notices.querysets import inbox_page
from sharing.notices.services.ladder import RETRY_AFTER
from tests.services import as_job, connect, owner
from tests.sharing.notices.acts import change_goal, relay
from tests.worlds import AGENCIES, NAMES, USERS, World


def sweep() -> None:
    with as_job():
        services.relay_pending()
        services.send_mails_due()


def deliveries(channel: str = "email") -> dict[str, Delivery]:
    with as_job():
        found = Delivery.objects.filter(channel=channel).select_related("user")
        return {delivery.user.email.split("@")[0]: delivery for delivery in found}


def test_who_works_for_two_agencies_has_the_news_of_both_and_one_mail(world: World) -> None:
    reyes = world.users["reyes"]
    with as_job():
        Membership.objects.create(user=reyes, group_id=world.units["probation/north"].pk, role="supervisor")
    change_goal(world)
    sweep()
    for agency, unit in (("police", "Gang"), ("probation", "North")):
        with acting(reyes, world.agencies[agency]) as actor:
            (news,) = inbox_page(actor).news
            assert news.record == world.joint
            assert news.item.unit is not None
            assert news.item.unit.name == unit
    assert [message.to for message in mail.outbox].count(["reyes@example.org"]) == 1
    with as_job():
        mailed = Delivery.objects.get(user=reyes, channel="email")
        item = InboxItem.objects.get(user=reyes, agency_id=mailed.agency_id)
    assert mailed.state == Delivery.State.SENT
    assert any(f"/inbox/{item.uuid}/" in message.body for message in mail.outbox)


def test_a_mail_holds_a_reference_and_a_link_and_nothing_about_anyone(world: World) -> None:
    change_goal(world)
    sweep()
    assert sorted(message.to[0] for message in mail.outbox) == [
        "mills@example.org", "reyes@example.org", "stone@example.org",
    ]  # fmt: skip
    with as_job():
        item = InboxItem.objects.get(user__email="reyes@example.org")
    message = next(message for message in mail.outbox if message.to == ["reyes@example.org"])
    assert message.extra_headers["Message-ID"] == f"<{deliveries()['reyes'].uuid}@localhost>"
    assert f"{django_settings.PUBLIC_URL}/inbox/{item.uuid}/" in message.body
    assert str(item.uuid)[:8].upper() in message.subject
    text = message.message().as_string().replace("reyes@example.org", "").replace(f"{item.uuid}", "")
    personal = {part for name in NAMES for part in name} | {name.capitalize() for name in USERS}
    personal |= {title for title, _ in USERS.values() if title} | {
        name for row in AGENCIES.values() for name in row[:2]
    }
    personal |= {"Burglary", "Keep a job", "Six months", "1980", "C00000", "P00000", str(world.joint.uuid)}
    personal |= {world.plan.purpose, "Elm"}
    assert [word for word in personal if re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)] == []


def test_access_that_ended_between_relay_and_sending_withdraws_the_mail(world: World) -> None:
    change_goal(world)
    relay()
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        end_access(actor=actor, grant_uuid=world.grants["joint"].uuid, reason="No longer needed")
    with as_job():
        for number in Delivery.objects.filter(channel="email").order_by("id").values_list("pk", flat=True):
            services.send_mail(number)
            services.send_mail(number)
    states = {who: (delivery.state, delivery.attempts) for who, delivery in deliveries().items()}
    assert states == {"reyes": ("withdrawn", 1), "stone": ("withdrawn", 1), "mills": ("sent", 1)}
    assert [message.to for message in mail.outbox] == [["mills@example.org"]]


def test_an_account_that_was_switched_off_gets_no_mail(world: World) -> None:
    change_goal(world)
    relay()
    owner("UPDATE agencies_user SET is_active = false WHERE id = %s", world.users["reyes"].pk)
    sweep()
    assert deliveries()["reyes"].state == "withdrawn"


def test_those_who_lost_access_are_told_by_mail_that_something_changed(world: World) -> None:
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        end_access(actor=actor, grant_uuid=world.grants["joint"].uuid, reason="No longer needed")
    sweep()
    assert sorted(message.to[0] for message in mail.outbox) == ["reyes@example.org", "stone@example.org"]


def test_sweeping_again_sends_nothing_again(world: World) -> None:
    change_goal(world)
    sweep()
    sweep()
    assert len(mail.outbox) == 3
    assert {delivery.state for delivery in deliveries().values()} == {"sent"}


def test_a_delivery_that_another_worker_holds_is_left_alone(world: World) -> None:
    change_goal(world)
    relay()
    number = deliveries()["reyes"].pk
    with connect("job") as other, other.cursor() as cursor:
        cursor.execute("BEGIN; SELECT 1 FROM sharing_delivery WHERE id = %s FOR UPDATE", [number])
        with as_job():
            services.send_mail(number)
        cursor.execute("ROLLBACK")
    assert mail.outbox == []
    with as_job():
        services.send_mail(number)
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_away_is_tried_again_along_the_ladder_and_given_up_last(
    world: World, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "tests.sharing.notices.mail.BrokenMail"
    change_goal(world)
    relay()
    number = deliveries()["reyes"].pk
    for step, seconds in enumerate(RETRY_AFTER):
        before = timezone.now()
        with as_job():
            services.send_mail(number)
            services.send_mail(number)  # not due yet: nothing
        found = deliveries()["reyes"]
        assert (found.state, found.attempts) == ("pending", step + 1)
        wait = (found.next_attempt_at - before).total_seconds()
        assert seconds * 0.99 <= wait <= seconds * 1.1 + 5
        with as_job(), transaction.atomic():
            Delivery.objects.filter(pk=number).update(next_attempt_at=before - datetime.timedelta(seconds=1))
    with as_job():
        services.send_mail(number)
    found = deliveries()["reyes"]
    assert (found.state, found.attempts) == ("failed", len(RETRY_AFTER) + 1)
    assert connection.in_atomic_block is False
