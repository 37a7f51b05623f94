"""From the outbox to inboxes: once, to those entitled at that moment, and never to the one who acted."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from pytest_django import DjangoCaptureOnCommitCallbacks

from agencies.directory.models import FOREVER, Membership
from cases.supervision.models import Case
from sharing.access.context import acting, job_context
from sharing.access.errors import NotVisible
from sharing.access.models import Grant
from sharing.access.services import end_access, share
from sharing.notices import services, subjects
from sharing.notices.audience import still_entitled
from sharing.notices.models import Delivery, InboxItem, OutboxEvent
from sharing.notices.outbox import OutsideTransaction, publish
from sharing.notices.querysets import inbox_page, item_for, unread
from sharing.notices.registry import UnknownKind
from sharing.notices.services import relay as relaying
from tests.services import as_job, owner
from tests.sharing.notices.acts import change_goal, relay, told
from tests.worlds import World


def test_a_change_reaches_everyone_entitled_and_not_the_one_who_made_it(world: World) -> None:
    event = change_goal(world)
    assert relay() == 1
    assert told(event) == {"reyes", "stone", "mills", "system"}


def test_a_system_is_told_in_its_inbox_and_never_by_mail(world: World) -> None:
    event = change_goal(world)
    relay()
    with as_job():
        channels = Delivery.objects.filter(event=event, user=world.users["system"]).values_list("channel", flat=True)
        assert list(channels) == [Delivery.Channel.INBOX]
        assert Delivery.objects.filter(event=event, user=world.users["reyes"]).count() == 2


def test_the_partner_changes_and_the_owner_is_told(world: World) -> None:
    event = change_goal(world, "reyes")
    relay()
    assert told(event) == {"olsen", "stone", "mills", "system"}


def test_a_part_for_one_side_is_told_to_that_side(world: World) -> None:
    event = change_goal(world, goal=1)
    relay()
    assert told(event) == {"mills"}


def test_relaying_twice_changes_nothing(world: World) -> None:
    event = change_goal(world)
    relay()
    with as_job():
        before = list(Delivery.objects.order_by("id").values())
        assert services.relay_pending() == 0
        OutboxEvent.objects.filter(pk=event.pk).update(relayed_at=None)  # as if the worker had died after its work
        assert services.relay_pending() == 1
        assert list(Delivery.objects.order_by("id").values()) == before
        assert InboxItem.objects.count() == 4


def test_access_that_ended_before_the_relay_looked_tells_nobody(world: World) -> None:
    event = change_goal(world)
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        end_access(actor=actor, grant_uuid=world.grants["joint"].uuid, reason="No longer needed")
    relay()
    assert told(event) == {"mills"}


def test_an_expired_key_tells_nobody_though_no_job_removed_it(world: World) -> None:
    event = change_goal(world)
    owner("UPDATE cases_casekey SET until = now() - interval '1 second' WHERE grant_id = %s", world.grants["joint"].pk)
    relay()
    assert told(event) == {"mills"}


def test_an_exclusion_is_kept(world: World) -> None:
    event = change_goal(world)
    with as_job(), job_context():
        Case.objects.get(pk=world.joint.pk).exclusions.create(user=world.users["stone"], reason="A friend")
    relay()
    assert told(event) == {"reyes", "mills", "system"}


def test_the_door_decides_even_if_the_audience_function_proposes_too_many(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = change_goal(world)
    everybody = [
        subjects.Candidate(user.pk, world.agency_of(who).pk, named=True)
        for who, user in world.users.items()
        if who != "nobody"
    ]
    monkeypatch.setattr(subjects.Records, "candidates", lambda self, event: everybody)
    relay()
    # pratt and tran of the owning unit, and the partner's system, may see the plan: the door would let them.
    assert told(event) == {"reyes", "stone", "mills", "pratt", "tran", "system"}


def test_giving_and_ending_access_tells_the_unit_and_the_officer_of_record(world: World) -> None:
    case = world.cases[6]
    with acting(world.users["mills"], world.agencies["probation"]) as actor:
        grant = share(
            actor=actor,
            record=Case.objects.get(pk=case.pk),
            group_id=world.units["police/gang"].pk,
            bundle="coordination",
            purpose="supervision",
            until=FOREVER,
            agreement_id=world.agreement.pk,
        )
        given = OutboxEvent.objects.latest("id")
    relay()
    assert told(given) == {"reyes", "stone", "olsen", "system"}
    with acting(world.users["mills"], world.agencies["probation"]) as actor:
        end_access(actor=actor, grant_uuid=grant.uuid, reason="Moved away")
        ended = OutboxEvent.objects.latest("id")
    relay()
    assert told(ended) == {"reyes", "stone", "olsen", "system"}


def referral(world: World) -> OutboxEvent:
    """The supervisor refers one of olsen's cases to the provider. Returns the event."""
    with acting(world.users["mills"], world.agencies["probation"]) as actor:
        share(
            actor=actor,
            record=Case.objects.get(pk=world.cases[6].pk),
            group_id=world.units["provider/clinic"].pk,
            bundle="referral",
            purpose="service_referral",
            until=FOREVER,
            agreement_id=world.agreement.pk,
        )
        return OutboxEvent.objects.latest("id")


def test_a_referral_to_a_provider_is_told_to_nobody_without_the_treatment_category(world: World) -> None:
    event = referral(world)
    relay()
    assert told(event) == {"carter"}
    with as_job():
        assert not Delivery.objects.filter(event=event, user=world.users["olsen"]).exists()
    owner("UPDATE cases_case SET officer_id = %s WHERE id = %s", world.users["tran"].pk, world.cases[6].pk)
    event = referral_ended(world)
    relay()
    assert told(event) == {"carter", "tran"}


def referral_ended(world: World) -> OutboxEvent:
    """The supervisor ends the same. Returns the event."""
    with acting(world.users["mills"], world.agencies["probation"]) as actor:
        grant = Grant.objects.get(record_id=world.cases[6].uuid, bundle="referral")
        end_access(actor=actor, grant_uuid=grant.uuid, reason="Finished")
        return OutboxEvent.objects.latest("id")


def test_news_of_a_referral_shows_and_goes_out_to_nobody_who_lost_the_treatment_category(world: World) -> None:
    case = world.cases[6].pk
    owner("UPDATE cases_case SET officer_id = %s WHERE id = %s", world.users["tran"].pk, case)
    event = referral(world)
    relay()
    assert told(event) == {"carter", "tran"}
    treatment = world.users["tran"], world.agencies["probation"]
    with acting(*treatment) as actor:
        assert [news.record and news.record.pk for news in inbox_page(actor).news] == [case]
    owner("UPDATE agencies_membership SET role = 'supervising_officer' WHERE user_id = %s", world.users["tran"].pk)
    with acting(*treatment) as actor:
        assert Case.objects.visible_to(actor).filter(pk=case).exists()
        assert [news.record for news in inbox_page(actor).news] == [None]
    with as_job(), transaction.atomic():
        assert not still_entitled(event, treatment[0], treatment[1].pk)


def test_the_end_of_a_grant_that_opened_nothing_tells_only_the_owner(world: World) -> None:
    with acting(world.users["mills"], world.agencies["probation"]) as actor:
        end_access(actor=actor, grant_uuid=world.grants["restricted"].uuid, reason="It never opened anything")
        ended = OutboxEvent.objects.latest("id")
    relay()
    assert told(ended) == {"pratt"}


def test_one_event_that_fails_is_noted_and_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = change_goal(world)
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        good = publish(actor=actor, kind="plan.goal_changed", record=world.joint)
    real = relaying.recipients

    def failing(event: OutboxEvent) -> object:
        if event.pk == bad.pk:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 'Tobias Hallett'::int")
        return real(event)

    monkeypatch.setattr(relaying, "recipients", failing)
    assert relay() == 1
    assert told(good) == {"reyes", "stone", "mills", "system"}
    with as_job():
        noted = OutboxEvent.objects.get(pk=bad.pk)
        assert (noted.failures, noted.last_error, noted.relayed_at) == (1, "DataError", None)
        assert noted.next_attempt_at > noted.created_at
        OutboxEvent.objects.filter(pk=bad.pk).update(next_attempt_at=noted.created_at)
    monkeypatch.setattr(relaying, "recipients", real)
    assert relay() == 1
    assert told(bad) == {"reyes", "stone", "mills", "system"}


def test_unknown_kinds_and_events_without_a_transaction_are_refused(world: World) -> None:
    with acting(world.users["olsen"], world.agencies["probation"]) as actor, pytest.raises(UnknownKind):
        publish(actor=actor, kind="plan.burnt", record=world.joint)
    with pytest.raises(OutsideTransaction):
        publish(actor=actor, kind="plan.goal_changed", record=world.joint)


def test_a_change_that_is_rolled_back_leaves_no_event_and_no_nudge(
    world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        publish(actor=actor, kind="plan.goal_changed", record=world.joint)
        publish(actor=actor, kind="plan.goal_changed", record=world.joint)
        assert len(connection.run_on_commit) == 1
        transaction.set_rollback(True)
    with as_job():
        assert not OutboxEvent.objects.exists()


def test_nobody_reads_events_that_do_not_concern_them(world: World) -> None:
    change_goal(world)
    relay()
    seen = {}
    for who in ("olsen", "reyes", "mills", "patel", "quist"):
        with acting(world.users[who], world.agency_of(who)):
            seen[who] = OutboxEvent.objects.count()
    assert seen == {"olsen": 1, "reyes": 1, "mills": 1, "patel": 0, "quist": 0}


def test_the_web_role_cannot_tell_in_somebody_elses_name_nor_write_inboxes(world: World) -> None:
    event = change_goal(world)
    attempts = [
        ("INSERT INTO sharing_inboxitem (uuid, event_id, user_id, agency_id, created_at) "
         "VALUES (gen_random_uuid(), %s, %s, %s, now())", [event.pk, world.users["reyes"].pk, 1]),
        ("UPDATE sharing_outboxevent SET relayed_at = now() WHERE id = %s", [event.pk]),
        ("DELETE FROM sharing_outboxevent WHERE id = %s", [event.pk]),
        ("INSERT INTO sharing_outboxevent (uuid, kind, record_type, record_id, object_type, object_id, versions,"
         " group_ids, user_ids, actor_id, created_at, next_attempt_at, failures, last_error) VALUES (gen_random_uuid(),"
         " 'x', 'cases.case', gen_random_uuid(), '', '', '{}', '[]', '[]', %s, now(), now(), 0, '')",
         [world.users["mills"].pk]),
    ]  # fmt: skip
    for statement, arguments in attempts:
        with (
            pytest.raises(DatabaseError),
            acting(world.users["olsen"], world.agencies["probation"]),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, arguments)


def test_the_inbox_shows_the_record_until_access_ends(world: World) -> None:
    change_goal(world)
    relay()
    police = world.users["reyes"], world.agencies["police"]
    with acting(*police) as actor:
        page = inbox_page(actor)
        assert [(news.title, news.line, news.record.person.display) for news in page.news] == [
            ("Plan changed", "Pine Probation changed a goal", "Tobias Hallett")
        ]
        assert str(unread(actor)) == "1"
        assert inbox_page(actor, "Plans").news
        assert not inbox_page(actor, "Access").news
        with pytest.raises(ValueError, match="nonsense"):
            inbox_page(actor, "nonsense")
    with acting(world.users["olsen"], world.agencies["probation"]) as owner:
        end_access(actor=owner, grant_uuid=world.grants["joint"].uuid, reason="Done")
    relay()
    with acting(*police) as actor:
        # The circle's status card still shows that there is a case, and no longer its plan.
        shown = [(news.title, news.record and news.record.pk) for news in inbox_page(actor).news]
        assert shown == [("Access ended", world.joint.pk), ("Plan changed", None)]
        assert item_for(actor, page.news[0].item.uuid).record is None
    with acting(world.users["patel"], world.agencies["police"]) as other:
        assert item_for(other, page.news[0].item.uuid) is None


def test_reading_putting_away_and_taking_back(world: World) -> None:
    change_goal(world)
    relay()
    with acting(world.users["reyes"], world.agencies["police"]) as actor:
        item = inbox_page(actor).news[0].item
        first = services.mark_read(actor=actor, item_uuid=item.uuid).read_at
        assert services.mark_read(actor=actor, item_uuid=item.uuid).read_at == first
        assert unread(actor).number == 0
        assert services.mark_all_done(actor=actor)[0] == 1
        count, _ = services.mark_all_done(actor=actor)
        assert count == 0
        away = inbox_page(actor, "done").news
        assert len(away) == 1
        assert services.undo(actor=actor, done_at=away[0].item.done_at) == 1
        assert services.mark_done(actor=actor, item_uuid=item.uuid).done_at is not None
    with (
        acting(world.users["stone"], world.agencies["police"]) as other,
        pytest.raises(NotVisible),
    ):
        services.mark_done(actor=other, item_uuid=item.uuid)


def test_pages_follow_each_other_and_cost_the_same(world: World, django_assert_num_queries: object) -> None:
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        for _ in range(7):
            publish(actor=actor, kind="plan.goal_changed", record=world.joint)
    relay()
    with acting(world.users["reyes"], world.agencies["police"]) as actor:
        seen, place = [], None
        for size in (3, 3, 3):
            with django_assert_num_queries(2):  # type: ignore[operator]
                page = inbox_page(actor, after=place, size=size)
            seen += [news.item.pk for news in page.news]
            place = page.next
        assert place is None
        assert seen == sorted(seen, reverse=True)
        assert len(seen) == 7


def test_an_inbox_is_one_persons_for_one_agency_even_without_row_security(world: World) -> None:
    change_goal(world)
    relay()
    with as_job():  # the job role may look across inboxes, so only the first wall is left
        Membership.objects.create(
            user=world.users["reyes"], group_id=world.units["sheriff/patrol"].pk, role="police_officer"
        )
        with acting(world.users["reyes"], world.agencies["police"]) as actor:
            item = inbox_page(actor).news[0].item
        for who, agency in (("stone", "police"), ("patel", "police"), ("reyes", "sheriff")):
            with acting(world.users[who], world.agencies[agency]) as other:
                assert item_for(other, item.uuid) is None
                assert item.pk not in {news.item.pk for news in inbox_page(other).news}
                with pytest.raises(NotVisible):
                    services.mark_read(actor=other, item_uuid=item.uuid)
