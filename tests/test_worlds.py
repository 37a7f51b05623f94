"""The world that other tests stand on is what its description says."""

import pytest

from agencies.directory.categories import Category
from cases.plans.models import Action, Goal
from cases.supervision.models import Case
from sharing.access.context import acting
from tests.worlds import World

SEEN = {"olsen": 20 - 6, "pratt": 13, "quist": 6, "mills": 20, "reyes": 15, "deputy": 15, "carter": 1, "admin": 0}


@pytest.mark.parametrize("who", SEEN)
def test_everyone_sees_what_the_description_says(world: World, who: str) -> None:
    with acting(world.users[who], world.agency_of(who)) as actor:
        assert Case.objects.visible_to(actor).count() == SEEN[who]


def test_the_plan_shows_each_side_its_own(world: World) -> None:
    with acting(world.users["reyes"], world.agencies["police"]) as actor:
        assert list(Goal.objects.permitted(actor)) == world.goals[:1]
        assert list(Action.objects.permitted(actor).order_by("id")) == world.actions[:2]
        assert not Case.objects.permitted(actor, Category.PLAN_VIEW).filter(pk=world.restricted.pk).exists()
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        assert list(Goal.objects.permitted(actor).order_by("id")) == world.goals
