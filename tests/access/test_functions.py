"""What functions of the database answer to whoever calls them, whatever our code forgets to ask first."""

from __future__ import annotations

from typing import Any

import pytest

from agencies.trail.services import record_read
from cases.plans.models import Goal
from cases.supervision.models import Case
from cases.supervision.querysets import CaseFilter
from sharing.access.actors import Actor
from sharing.access.context import acting
from sharing.access.errors import NotVisible
from tests import services
from tests.access.acts import act
from tests.access.test_walls import sql
from tests.worlds import World


def holders(world: World, who: str, case: Any) -> set[int]:
    """The units and circles that the database names to somebody as holders of the case."""
    return act(world, who, lambda actor: {group for (group,) in sql("SELECT group_id FROM case_holders(%s)", case.pk)})


def readers(world: World, who: str, case: Any) -> list[str]:
    """The people whom the database names to somebody as readers of the case."""
    rows = "SELECT user_name FROM case_readers(%s, '-infinity', 50)"
    return act(world, who, lambda actor: [name for (name,) in sql(rows, case.pk)])


def test_who_may_not_share_reads_no_holders(world: World) -> None:
    assert {world.units[unit].pk for unit in ("probation/north", "police/gang")} <= holders(world, "olsen", world.joint)
    assert holders(world, "reyes", world.joint) == set()  # sees and changes it, as another agency's
    assert holders(world, "quist", world.joint) == set()  # of the owner's other unit
    assert holders(world, "pratt", world.conflicted) == set()  # excluded


@pytest.mark.parametrize(("who", "told"), [("tran", True), ("olsen", True), ("pratt", False), ("mills", False)])
def test_a_provider_is_named_as_a_holder_to_treatment_and_to_whoever_gave(world: World, who: str, told: bool) -> None:
    """tran has the category, olsen gave the referral; whoever else may share the case reads the other holders alone."""
    found = holders(world, who, world.referred)
    assert {world.units["probation/north"].pk, world.circle.pk} <= found
    assert (world.units["provider/clinic"].pk in found) is told


def test_a_limit_on_readers_leaves_nobody_with_a_part_of_what_they_read(world: World) -> None:
    """Somebody read in many ways, and others since: whoever is named is named with everything."""
    for number in range(60):
        services.owner(
            "INSERT INTO agencies_read (at, user_id, user_name, agency_id, agency_name, channel, request_id, action,"
            " record_type, record_ids, categories, purpose)"
            " SELECT now() - interval '1 hour', 1, 'Often', id, name, 'html', '', %s, 'cases.case', ARRAY[%s::uuid],"
            " 1, '' FROM agencies_agency WHERE short_name = 'Riverton PD'",
            f"way {number}",
            world.joint.uuid,
        )
    assert readers(world, "olsen", world.joint).count("Often") == 60


def test_who_may_not_share_reads_no_readers(world: World) -> None:
    def look(actor: Actor) -> None:
        for case in (world.joint, world.conflicted):
            record_read(actor=actor, action="list", record_type="cases.case", record_ids=[case.uuid], categories=1)

    act(world, "mills", look)
    assert readers(world, "olsen", world.joint) == readers(world, "olsen", world.conflicted) == ["SPO Mills"]
    assert readers(world, "reyes", world.joint) == []  # sees and changes it, as another agency's
    assert readers(world, "quist", world.joint) == []  # of the owner's other unit
    assert readers(world, "pratt", world.conflicted) == []  # excluded


def test_a_stale_copy_of_restricted_shows_nothing(world: World) -> None:
    """Door and pages go by the keys' copy; the case's own flag is asked by the wall behind them."""
    services.owner("UPDATE cases_casekey SET restricted = false WHERE content_object_id = %s", world.restricted.pk)
    with acting(world.users["reyes"], world.agencies["police"]) as actor:
        seen = [
            Case.objects.visible_to(actor).values_list("pk", flat=True),
            Goal.objects.visible_to(actor).values_list("case_id", flat=True),
            [case.pk for case in Case.objects.page(actor, CaseFilter(), limit=200).cases],
            [case.pk for case in Case.objects.search(actor, words=[world.restricted.number])],
        ]
        assert all(world.restricted.pk not in listed for listed in seen)
        with pytest.raises(NotVisible):
            Case.objects.open_one(actor, world.restricted.uuid)
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        assert Case.objects.visible_to(actor).filter(pk=world.restricted.pk).exists()
