"""How people want to be told: by topic and channel, outside their quiet hours, or once a day."""

from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.urls import reverse

from sharing.access.context import acting
from sharing.access.errors import Refused
from sharing.access.services import end_access
from sharing.notices import services
from sharing.notices.models import Delivery, InboxItem, NoticePreference, NoticeTimes
from sharing.notices.registry import topics
from sharing.notices.services import Times, Wish
from sharing.notices.times import after_quiet_hours, next_digest
from tests.calls import V1, send, signed_in
from tests.pages import Visitor, text
from tests.services import as_job, owner
from tests.sharing.notices.acts import change_goal, relay, told
from tests.worlds import World

Mail = NoticePreference.Mail
USUAL = Times(None, None, datetime.time(7))
NIGHT = NoticeTimes(quiet_from=datetime.time(22), quiet_until=datetime.time(6, 30))
NOON = NoticeTimes(quiet_from=datetime.time(12), quiet_until=datetime.time(13))
ZONE = "America/New_York"


def at(text_: str) -> datetime.datetime:
    """A moment of the county's clock."""
    return datetime.datetime.fromisoformat(text_).replace(tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("times", "now", "then"),
    [
        (NIGHT, "2026-11-24T21:59", "2026-11-24T21:59"),
        (NIGHT, "2026-11-24T22:00", "2026-11-25T06:30"),
        (NIGHT, "2026-11-25T03:00", "2026-11-25T06:30"),
        (NIGHT, "2026-11-25T06:30", "2026-11-25T06:30"),
        (NIGHT, "2026-03-07T23:00", "2026-03-08T06:30"),  # the night in which the clocks go forward
        (NOON, "2026-11-24T12:30", "2026-11-24T13:00"),
        (NOON, "2026-11-24T13:00", "2026-11-24T13:00"),
        (NoticeTimes(), "2026-11-24T03:00", "2026-11-24T03:00"),
    ],
)
def test_quiet_hours_end_when_they_say_where_the_agency_is(times: NoticeTimes, now: str, then: str) -> None:
    assert after_quiet_hours(times, ZONE, at(now).astimezone(datetime.UTC)) == at(then)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-24T06:59", "2026-11-24T07:00"),
        ("2026-11-24T07:00", "2026-11-25T07:00"),
        ("2026-10-31T20:00", "2026-11-01T07:00"),  # the night in which they go back
    ],
)
def test_the_next_summary_is_the_next_time_its_hour_strikes(now: str, then: str) -> None:
    assert next_digest(NoticeTimes(), ZONE, at(now).astimezone(datetime.UTC)) == at(then)


def wish(world: World, who: str, code: str, inbox: bool, by_mail: Mail, times: Times = USUAL) -> None:
    """Somebody chooses about one topic."""
    with acting(world.users[who], world.agency_of(who)) as actor:
        services.save_preferences(actor=actor, wishes={code: Wish(inbox, by_mail)}, times=times)


def states(channel: str) -> dict[str, str]:
    """State of each delivery over a channel, by receiver."""
    with as_job():
        found = Delivery.objects.filter(channel=channel).select_related("user")
        return {delivery.user.email.split("@")[0]: delivery.state for delivery in found}


def send_due() -> None:
    owner("UPDATE sharing_delivery SET next_attempt_at = now() - interval '1 second' WHERE state = 'pending'")
    with as_job():
        services.send_mails_due()


def test_what_is_not_wanted_is_not_told(world: World) -> None:
    wish(world, "reyes", "plan.goal_added", False, Mail.NEVER)  # one topic: everything that changes a plan
    wish(world, "stone", "plan.goal_added", True, Mail.NEVER)
    event = change_goal(world)
    relay()
    assert told(event) == {"stone", "mills", "system"}
    assert set(states("email")) == {"mills"}


def test_one_letter_a_day_with_all_that_was_not_read(world: World) -> None:
    wish(world, "reyes", "plan.goal_added", True, Mail.DIGEST)
    for seen in (1, 2, 3):
        change_goal(world, seen=seen)
    relay()
    with as_job():
        services.send_mails_due()
    assert not [letter for letter in mail.outbox if letter.to == ["reyes@example.org"]]
    with acting(world.users["reyes"], world.agencies["police"]) as actor:
        read = InboxItem.objects.filter(user=actor.user).first()
        services.mark_read(actor=actor, item_uuid=read.uuid)
    mail.outbox.clear()
    for _ in range(2):  # running again sends nothing again
        send_due()
    (letter,) = [letter for letter in mail.outbox if letter.to == ["reyes@example.org"]]
    assert letter.subject == "News in Concord (2 pieces of news)"
    assert "Hallett" not in letter.body + letter.subject
    with as_job():
        found = Delivery.objects.filter(channel="digest").values_list("state", flat=True)
        assert sorted(found) == ["read", "sent", "sent"]


def test_a_summary_leaves_out_what_one_may_no_longer_see(world: World) -> None:
    wish(world, "reyes", "plan.goal_added", True, Mail.DIGEST)
    change_goal(world)
    relay()
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        end_access(actor=actor, grant_uuid=world.grants["joint"].uuid, reason="No longer needed")
    mail.outbox.clear()
    send_due()
    assert states("digest") == {"reyes": "withdrawn"}
    assert not [letter for letter in mail.outbox if "pieces" in letter.subject or "piece" in letter.subject]


def test_a_summary_that_fails_is_tried_again_whole(world: World, settings: Any) -> None:
    wish(world, "reyes", "plan.goal_added", True, Mail.DIGEST)
    change_goal(world)
    change_goal(world, seen=2)
    relay()
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.sharing.notices.mail.BrokenMail"
    send_due()
    assert states("digest") == {"reyes": "pending"}
    settings.EMAIL_BACKEND = backend
    mail.outbox.clear()
    send_due()
    (letter,) = [letter for letter in mail.outbox if letter.to == ["reyes@example.org"]]
    assert "2 pieces" in letter.subject


def test_mail_waits_for_the_end_of_quiet_hours_and_the_inbox_does_not(world: World) -> None:
    now = datetime.datetime.now(ZoneInfo(ZONE))
    around = Times((now - datetime.timedelta(hours=1)).time(), (now + datetime.timedelta(hours=1)).time(), USUAL[2])
    wish(world, "reyes", "plan.started", True, Mail.AT_ONCE, around)
    event = change_goal(world)
    relay()
    with as_job():
        services.send_mails_due()
        waits = Delivery.objects.get(channel="email", user=world.users["reyes"])
    assert waits.state == "pending"
    assert datetime.timedelta(minutes=50) < waits.next_attempt_at - now < datetime.timedelta(minutes=70)
    assert "reyes" in told(event)
    assert states("email")["stone"] == "sent"


def test_what_is_required_cannot_be_turned_off(world: World) -> None:
    for code in ("access.ended", "no.such"):
        with pytest.raises(Refused):
            wish(world, "reyes", code, False, Mail.NEVER)
    # And a row that stands there all the same changes nothing.
    owner(
        "INSERT INTO sharing_noticepreference (user_id, kind, inbox, mail) VALUES (%s, 'access.ended', false, 'never')",
        world.users["reyes"].pk,
    )
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        end_access(actor=actor, grant_uuid=world.grants["joint"].uuid, reason="No longer needed")
    relay()
    assert "reyes" in states("email")


def test_mail_without_inbox_and_half_quiet_hours_are_refused(world: World) -> None:
    with pytest.raises(Refused):
        wish(world, "reyes", "plan.started", False, Mail.AT_ONCE)
    with pytest.raises(Refused):
        wish(world, "reyes", "plan.started", True, Mail.AT_ONCE, Times(datetime.time(22), None, USUAL[2]))


@pytest.mark.django_db(transaction=True, databases=["default", "aside"])
def test_choices_on_the_page(world: World) -> None:
    visitor, address = Visitor(world.users["reyes"]), reverse("inbox_preferences")
    page = text(visitor.get(address))
    assert "What you may still use, and pass on, depends on it." in page
    assert 'name="access.ended"' not in page
    fields: dict[str, Any] = {"quiet_from": "22:00", "quiet_until": "06:00", "digest_at": "08:15"}
    for topic in topics():
        if not topic.required:
            fields |= {f"{topic.code}.inbox": "on", topic.code: "at_once"}
    for off in ("access.given", "plan.goal_added"):
        del fields[f"{off}.inbox"]
    fields |= {"access.given": "never", "plan.started": "digest"}
    answer = visitor.post(address, fields)
    assert answer.status_code == 400  # e-mail about what is not in the inbox
    assert "An e-mail leads to the inbox" in text(answer)
    assert visitor.post(address, {**fields, "plan.goal_added": "never"})["Location"] == reverse("inbox")
    with as_job():
        kept = {row.kind: (row.inbox, row.mail) for row in NoticePreference.objects.all()}
    assert kept["access.given"] == (False, "never")
    assert kept["plan.started"] == (True, "digest")
    assert kept["plan.goal_changed"] == kept["plan.goal_added"] == (False, "never")
    assert 'value="08:15"' in text(visitor.get(address))


@pytest.mark.django_db(transaction=True, databases=["default", "aside"])
def test_choices_over_the_api(world: World) -> None:
    reyes, url = signed_in(world.users["reyes"]), f"{V1}/inbox/preferences/"
    shown = reyes.get(url)
    change = {"topics": [{"code": "plan.started", "inbox": True, "mail": "digest"}], "digest_at": "06:45"}
    answer = send(reyes, "PATCH", url, change, If_Match=shown["ETag"])
    assert answer.json()["digest_at"] == "06:45"
    assert next(one for one in answer.json()["topics"] if one["code"] == "plan.started")["mail"] == "digest"
    assert send(reyes, "PATCH", url, change, If_Match=shown["ETag"]).status_code == 412
    locked = {"topics": [{"code": "access.ended", "inbox": False, "mail": "never"}]}
    refusal = send(reyes, "PATCH", url, locked, If_Match=answer["ETag"])
    assert refusal.status_code == 400
    assert signed_in(world.users["stone"]).get(url).json() == shown.json()
