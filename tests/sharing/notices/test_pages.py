"""The inbox in the browser: before and after, the badge, and what is left once access has ended."""

from __future__ import annotations

import pytest
from django.urls import reverse

from agencies.directory.categories import Category
from cases.plans.services import update_goal
from sharing.access.context import acting
from sharing.access.services import end_access
from sharing.notices import services
from tests.pages import Visitor, rows, text, trail
from tests.services import as_job
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


@pytest.fixture
def item(world: World) -> str:
    """The address of the news in reyes' inbox that olsen changed a goal."""
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        changes = {"target": "Eight months in one job"}
        update_goal(actor=actor, goal_uuid=world.goals[0].uuid, changes=changes, seen_version=1, reason="New employer")
    with as_job():
        services.relay_pending()
    (found,) = rows(f"SELECT uuid FROM sharing_inboxitem WHERE user_id = {world.users['reyes'].pk}")
    return reverse("inbox_item", args=[found["uuid"]])


def test_the_item_shows_before_and_after_and_one_way_on(world: World, item: str) -> None:
    visitor = Visitor(world.users["reyes"])
    assert "Plan changed: Tobias Hallett" in text(visitor.get(reverse("inbox")))
    page = text(visitor.get(item))
    for seen in ("<del>Six</del>", "<ins>Eight</ins>", "New employer", "version 2", "Firearm", "PO Olsen"):
        assert seen in page
    assert f"{reverse('case_plan', args=[world.joint.uuid])}#goal-{world.goals[0].uuid}" in page


def test_the_badge_counts_what_is_unread(world: World, item: str) -> None:
    visitor = Visitor(world.users["reyes"])
    assert ">1<" in text(visitor.get(reverse("inbox_badge")))
    visitor.get(item)
    assert 'class="badge"' not in text(visitor.get(reverse("inbox_badge")))


def test_done_is_put_away_and_found_under_done(world: World, item: str) -> None:
    visitor = Visitor(world.users["reyes"])
    assert visitor.post(f"{item}done/", form_at=item)["Location"] == reverse("inbox")
    assert "Hallett" not in text(visitor.get(reverse("inbox")))
    assert "Hallett" in text(visitor.get(reverse("inbox"), show="done"))
    assert visitor.get(f"{item}done/").status_code == 405
    assert visitor.post(f"{item}undo/", form_at=item)["Location"] == reverse("inbox")
    assert "Hallett" in text(visitor.get(reverse("inbox")))


def test_nobody_elses_item_is_found(world: World, item: str) -> None:
    other = Visitor(world.users["patel"])
    assert other.get(item).status_code == 404
    assert other.post(f"{item}done/", form_at=reverse("inbox")).status_code == 404


def test_once_access_has_ended_the_news_says_no_more_than_that(world: World, item: str) -> None:
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        end_access(actor=actor, grant_uuid=world.grants["joint"].uuid, reason="Closed")
    visitor = Visitor(world.users["reyes"])
    for page in (text(visitor.get(reverse("inbox"))), text(visitor.get(item))):
        assert "Access ended" in page
        for gone in ("Hallett", "Eight", "New employer", str(world.joint.uuid)):
            assert gone not in page


def test_the_inbox_leaves_a_read_event(world: World, item: str) -> None:
    visitor = Visitor(world.users["reyes"])
    visitor.get(reverse("inbox"))
    visitor.get(item)
    listed, opened = trail("read", action="inbox")
    assert listed["record_ids"] == opened["record_ids"] == [world.joint.uuid]
    assert listed["categories"] == Category.EXISTENCE
    assert opened["categories"] == Category.EXISTENCE | Category.CAUTIONS | Category.PLAN_VIEW


@pytest.mark.parametrize("asked", [{"show": "secrets"}, {"after": "x.y"}])
def test_a_bad_filter_is_an_error(world: World, asked: dict[str, str]) -> None:
    answer = Visitor(world.users["reyes"]).get(reverse("inbox"), **asked)
    assert answer.status_code == 400
    assert next(iter(asked)) in text(answer)
