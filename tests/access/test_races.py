"""Several writers at once, committing for real: copies do not drift, keys are what the grants say, nobody deadlocks."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from django.utils import timezone

from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.access.errors import NotVisible, Refused
from sharing.access.services import end_access, extend_access, share
from tests import services
from tests.access.acts import act, together
from tests.access.loading import drifted
from tests.worlds import World

ROUNDS = 12
SOON = datetime.timedelta(days=30)


@pytest.fixture
def owner(world: World) -> Iterator[Any]:
    raw = services.connect("owner")
    yield raw
    raw.close()


def must_be_sound(owner: Any, results: list[Any]) -> None:
    """No deadlock, no copy that differs, and exactly the keys that live grants of one record ask for."""
    failed = [result for result in results if isinstance(result, Exception) and not isinstance(result, Refused)]
    assert not failed, failed
    assert drifted(owner) == 0
    with owner.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM cases_casekey k JOIN sharing_grant g ON g.id = k.grant_id"
            " WHERE g.revoked_at IS NOT NULL OR k.mask <> g.mask OR k.group_id <> g.group_id"
            " OR (g.agreement_id IS NULL AND k.until <> g.until)"
        )
        assert cursor.fetchone()[0] == 0, "a key that no grant stands for"
        cursor.execute(
            "SELECT count(*) FROM sharing_grant g JOIN cases_case c ON c.uuid = g.record_id WHERE g.revoked_at IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM cases_casekey k WHERE k.grant_id = g.id AND k.content_object_id = c.id)"
        )
        assert cursor.fetchone()[0] == 0, "a live grant without its key"


def raw(who: str, *statements: str, job: bool = False) -> Callable[[], None]:
    """An act: these statements in one transaction on a connection of its own."""

    def run() -> None:
        connection = services.connect(who)
        connection.autocommit = False
        try:
            with connection, connection.cursor() as cursor:
                if job:
                    cursor.execute("SELECT set_config('access.job', 'on', true)")
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    return run


def giving(world: World, number: int, who: str = "olsen", unit: str = "police/gang") -> Callable[[], Any]:
    def asked(actor: Actor) -> Any:
        return share(
            actor=actor,
            record=world.cases[number],
            group_id=world.units[unit].pk,
            bundle="coordination",
            purpose="supervision",
            until=timezone.now() + SOON,
            agreement_id=world.agreement.pk,
        )

    return lambda: act(world, who, asked)


def ending(world: World, grant: Any) -> Callable[[], Any]:
    return lambda: act(world, "olsen", lambda a: end_access(actor=a, grant_uuid=grant.uuid, reason="over"))


def test_a_key_made_while_its_case_is_touched_has_the_new_copies(world: World, owner: Any) -> None:
    """Without the lock the key would copy what the case was before the touch, for ever."""
    case = world.cases[6].pk
    for number in range(ROUNDS):
        touch = f"UPDATE cases_case SET updated_at = now(), status = {number % 9 + 1} WHERE id = {case}"
        results = together(raw("owner", touch, "SELECT pg_sleep(0.02)"), giving(world, 6), giving(world, 7))
        must_be_sound(owner, results)
        for grant in (result for result in results if not isinstance(result, (Exception, type(None)))):
            ending(world, grant)()


def test_keys_made_in_bulk_wait_for_who_is_changing_the_case(world: World, owner: Any) -> None:
    case, grant = world.cases[17].pk, world.grants["circle"].pk  # completed, so that the circle holds no key yet
    touch = f"UPDATE cases_case SET updated_at = now(), status = 1 WHERE id = {case}"
    issue = f"SELECT case_issue_many({grant}, ARRAY[{case}]::bigint[])"
    results = together(raw("owner", touch, "SELECT pg_sleep(0.4)"), raw("job", "SELECT pg_sleep(0.2)", issue, job=True))
    must_be_sound(owner, results)


def test_many_cases_are_locked_in_the_order_of_their_numbers(world: World, owner: Any) -> None:
    """Against a writer that goes upwards; the table itself lies the other way round."""
    ids = [case.pk for case in world.cases]
    with owner.cursor() as cursor:
        for number in reversed(ids):
            cursor.execute("UPDATE cases_case SET updated_at = now() WHERE id = %s", [number])
    lock = "SELECT 1 FROM cases_case WHERE id = {} FOR NO KEY UPDATE"
    issue = f"SELECT case_issue_many({world.grants['circle'].pk}, ARRAY{ids}::bigint[])"
    results = together(
        raw("owner", lock.format(ids[0]), "SELECT pg_sleep(0.5)", lock.format(ids[-1])),
        raw("job", "SELECT pg_sleep(0.2)", issue, job=True),
    )
    must_be_sound(owner, results)


def test_two_revocations_at_once_are_one(world: World, owner: Any) -> None:
    for _ in range(ROUNDS // 2):
        grant = giving(world, 6)()
        first, second = together(ending(world, grant), ending(world, grant))
        must_be_sound(owner, [first, second])
        assert first.revoked_at == second.revoked_at


def test_ending_and_extending_at_once_leave_no_key_behind(world: World, owner: Any) -> None:
    for _ in range(ROUNDS // 2):
        grant = giving(world, 6)()
        until = timezone.now() + 2 * SOON
        extending = lambda g=grant, u=until: act(  # noqa: E731
            world, "olsen", lambda a: extend_access(actor=a, grant_uuid=g.uuid, until=u)
        )
        must_be_sound(owner, together(ending(world, grant), extending))
        with owner.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM cases_casekey WHERE grant_id = %s", [grant.pk])
            assert cursor.fetchone()[0] == 0


def test_writers_in_opposite_orders_wait_and_do_not_deadlock(world: World, owner: Any) -> None:
    ids = [case.pk for case in world.cases]
    up, down = f"ARRAY{ids}::bigint[]", f"ARRAY{ids[::-1]}::bigint[]"
    grant, mask = world.grants["circle"].pk, 262143
    for _ in range(ROUNDS):
        results = together(
            raw("job", f"SELECT case_issue_many({grant}, {up})", job=True),
            raw("job", f"SELECT case_issue_many({grant}, {down})", job=True),
            raw("job", f"SELECT case_own({down}, {mask})", job=True),
            raw("job", f"SELECT case_own({up}, {mask})", job=True),
        )
        must_be_sound(owner, results)
        with owner.cursor() as cursor:
            cursor.execute("DELETE FROM cases_casekey WHERE grant_id = %s", [grant])


def test_many_withdrawals_in_opposite_orders(world: World, owner: Any) -> None:
    for _ in range(ROUNDS // 3):
        grants = [giving(world, number)() for number in (6, 7, 8, 9)]
        ids = [grant.pk for grant in grants]
        with owner.cursor() as cursor:
            cursor.execute("UPDATE sharing_grant SET revoked_at = now() WHERE id = ANY (%s)", [ids])
        results = together(
            raw("job", f"SELECT case_withdraw(ARRAY{ids}::bigint[])", job=True),
            raw("job", f"SELECT case_withdraw(ARRAY{ids[::-1]}::bigint[])", job=True),
            *(giving(world, number, unit="sheriff/patrol") for number in (9, 6)),
        )
        must_be_sound(owner, results)
        for grant in results[2:]:
            ending(world, grant)()


def test_a_case_restricted_while_it_is_shared_stays_shut(world: World, owner: Any) -> None:
    """Whichever comes first, the new key knows that the case is restricted, and opens nothing."""
    case = world.cases[6]
    with owner.cursor() as cursor:  # those who share are named, and go on seeing it
        cursor.execute(
            "INSERT INTO cases_casenamedprincipal (record_id, group_id, reason, created_at) VALUES (%s, %s, '', now())",
            [case.pk, world.units["probation/north"].pk],
        )
    for _ in range(ROUNDS // 2):
        restrict = raw("owner", f"UPDATE cases_case SET restricted = true WHERE id = {case.pk}")
        grant, _done = results = together(giving(world, 6), restrict)
        must_be_sound(owner, results)
        assert act(world, "reyes", lambda a: Case.objects.visible_to(a).filter(pk=case.pk).exists()) is False
        with owner.cursor() as cursor:
            cursor.execute("UPDATE cases_case SET restricted = false WHERE id = %s", [case.pk])
        ending(world, grant)()


def test_what_went_out_of_sight_while_one_waited_is_not_visible(world: World, owner: Any) -> None:
    """Not "forbidden": who waited for the lock learns no more than who comes later."""
    hide = raw(
        "owner", f"UPDATE cases_case SET restricted = true WHERE id = {world.cases[6].pk}", "SELECT pg_sleep(0.5)"
    )

    def late() -> Any:
        time.sleep(0.2)
        return giving(world, 6)()

    _, result = together(hide, late)
    assert isinstance(result, NotVisible)


def test_a_deadlock_would_be_noticed(world: World) -> None:
    """The harness itself: two writers without the order of locks do end in one."""
    one, two = world.cases[6].pk, world.cases[7].pk

    def crossing(first: int, second: int) -> Callable[[], None]:
        touch = "UPDATE cases_case SET updated_at = now() WHERE id = {}"
        return raw("owner", touch.format(first), "SELECT pg_sleep(0.3)", touch.format(second))

    results = together(crossing(one, two), crossing(two, one))
    assert any(isinstance(result, psycopg2.errors.DeadlockDetected) for result in results)
