"""What ends by the clock: told once, and only to those who could see the case until then and can no longer."""

from __future__ import annotations

import pytest

from cases.supervision.models import CaseExclusion
from sharing.access.context import job_context
from sharing.access.services import end_access
from tests import services
from tests.access.acts import act
from tests.cases.changes.test_feed import Copy, clock, give, give_referral
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def test_the_end_is_told_to_the_unit_that_held_it_alone(world: World) -> None:
    """quist cannot see the case either, and never could."""
    carter, quist = Copy(world, "carter"), Copy(world, "quist")
    give_referral(world, 6, days=10)
    carter.follow()
    quist.follow()
    clock("12 days")
    assert carter.follow() == {str(world.cases[6].uuid): "lost"}
    assert quist.follow() == {}


def test_the_end_is_not_told_to_who_was_excluded(world: World) -> None:
    carter = Copy(world, "carter")
    with services.as_job(), job_context():
        CaseExclusion.objects.create(record=world.cases[6], user=world.users["carter"], reason="A relative")
    give_referral(world, 6, days=10)
    carter.follow()
    clock("12 days")
    assert carter.follow() == {}


def test_the_end_of_a_restricted_case_is_told_to_the_named_alone(world: World) -> None:
    """The clinic holds a key to both cases, and is named in one."""
    carter, named = Copy(world, "carter"), world.cases[7]
    services.owner("UPDATE cases_case SET restricted = true WHERE id = %s", named.pk)
    services.owner(
        "INSERT INTO cases_casenamedprincipal (record_id, group_id, reason, created_at)"
        " SELECT %s, unnest(%s), '', now()",
        named.pk,
        [world.units[unit].pk for unit in ("probation/north", "provider/clinic")],
    )
    for number in (1, 7):
        give_referral(world, number, days=10)
    carter.follow()
    assert set(carter.cases) & {str(world.restricted.uuid), str(named.uuid)} == {str(named.uuid)}
    clock("12 days")
    assert carter.follow() == {str(named.uuid): "lost"}


def test_a_case_that_another_key_opens_is_not_lost_but_changed(world: World) -> None:
    """The unit's own access ends; the circle's status card stays, and a copy drops what the card does not show."""
    reyes = Copy(world, "reyes")
    give(world, 6, days=10)
    reyes.follow()
    clock("12 days")
    assert reyes.follow() == {str(world.cases[6].uuid): "changed"}
    assert str(world.cases[6].uuid) in reyes.cases
    assert reyes.cases == reyes.listed_now()


def test_what_was_taken_back_does_not_end_a_second_time(world: World) -> None:
    carter, lost = Copy(world, "carter"), {str(world.cases[6].uuid): "lost"}
    grant = give_referral(world, 6, days=10)
    carter.follow()
    act(world, "olsen", lambda actor: end_access(actor=actor, grant_uuid=grant.uuid, reason="Moved away"))
    assert carter.follow() == lost
    clock("12 days")
    assert carter.follow() == {}


def test_what_ends_under_a_suspended_agreement_is_told_to_nobody_who_came_later(world: World) -> None:
    give_referral(world, 6, days=10)
    services.owner("UPDATE sharing_agreement SET suspended_at = now() WHERE id = %s", world.agreement.pk)
    carter = Copy(world, "carter")
    carter.follow()
    clock("12 days")
    assert carter.follow() == {}
