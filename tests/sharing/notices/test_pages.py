"""The inbox in the browser: before and after, the badge, and what is left once access has ended."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import ProgrammingError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.directory.categories import Category
from cases.plans.services import update_goal
from sharing.access.context import acting
from sharing.access.services import end_access
from sharing.notices import services
from sharing.notices.models import Claim
from tests.pages import Visitor, rows, text, trail
from tests.services import as_job, owner
from tests.sharing.notices.acts import change_goal, relay
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
    back = visitor.post(f"{item}done/", form_at=item)["Location"]
    assert back.startswith(reverse("inbox"))
    page = text(visitor.get(back))
    assert "Hallett" not in page
    assert f'action="{item}undo/"' in page  # one press takes it back, no dialog before
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


def test_repeated_news_of_a_case_and_day_is_one_line_and_goes_as_one(world: World) -> None:
    for seen in (1, 2, 3):
        change_goal(world, seen=seen)
    relay()
    visitor = Visitor(world.users["reyes"])
    page = text(visitor.get(reverse("inbox")))
    assert page.count("Plan changed: Tobias Hallett") == 1
    assert 'class="letter__count">3<' in page
    newest = rows("SELECT uuid FROM sharing_inboxitem WHERE user_id = %s ORDER BY id DESC", [world.users["reyes"].pk])
    address = reverse("inbox_item", args=[newest[0]["uuid"]])
    opened = text(visitor.get(address))
    assert opened.count("Riverton PD changed") == 0
    assert "Also that day" in opened
    assert "Mark all 3 done" in opened
    change_goal(world, seen=4)  # comes while the page is open: it is not put away unseen
    relay()
    back = visitor.send(f"{address}done/", visitor.get(address).content.decode())["Location"]
    left = rows(
        "SELECT count(*) AS number FROM sharing_inboxitem WHERE user_id = %s AND done_at IS NULL",
        [world.users["reyes"].pk],
    )
    assert left == [{"number": 1}]
    visitor.send(f"{address}undo/", visitor.get(back).content.decode())
    assert "4 news" in re.sub("<[^>]+>", "", text(visitor.get(reverse("inbox"))))


def test_mark_all_done_is_undone_in_one_press(world: World, item: str) -> None:
    visitor = Visitor(world.users["reyes"])
    back = visitor.post(reverse("inbox_all_done"), form_at=reverse("inbox"))["Location"]
    page = visitor.get(back).content.decode()
    assert "1 marked done" in page
    visitor.send(f"{item}undo/", page)
    assert "Hallett" in text(visitor.get(reverse("inbox")))


def test_one_of_a_unit_takes_it_on_and_the_others_see_who(world: World, item: str) -> None:
    reyes, stone, mills = (Visitor(world.users[who]) for who in ("reyes", "stone", "mills"))
    theirs = rows("SELECT uuid FROM sharing_inboxitem WHERE user_id = %s", [world.users["stone"].pk])[0]["uuid"]
    stones = reverse("inbox_item", args=[theirs])
    assert "Nobody has taken it on" in text(reyes.get(item))
    assert "Hallett" in text(reyes.get(reverse("inbox"), show="not-taken"))
    reyes.post(f"{item}take/", form_at=item)
    assert "You took this on for Gang" in text(reyes.get(item))
    assert "Hallett" in text(reyes.get(reverse("inbox"), show="mine"))
    assert "Hallett" not in text(stone.get(reverse("inbox"), show="not-taken"))
    assert "Det. Reyes has this" in text(stone.get(reverse("inbox")))
    stone.post(f"{stones}take/", form_at=stones)
    assert "Det. Reyes has taken this on." in text(stone.get(stones))
    # Another unit that was told of the same sees nothing of it.
    assert "has this" not in text(mills.get(reverse("inbox")))
    reyes.post(f"{item}give-back/", form_at=item)
    stone.post(f"{stones}take/", form_at=stones)
    assert "Sgt. Stone took this on" in text(reyes.get(item))


def moves_to_patrol(world: World, who: str) -> None:
    """Somebody of the gang unit works in the patrol unit from now on."""
    owner(
        "UPDATE agencies_membership SET group_id = %s WHERE user_id = %s",
        world.units["police/patrol"].pk,
        world.users[who].pk,
    )


def is_excluded(world: World, who: str) -> None:
    """Somebody may not see the joint case any more."""
    owner(
        "INSERT INTO cases_caseexclusion (record_id, user_id, reason, created_at) VALUES (%s, %s, 'Kin', now())",
        world.joint.pk,
        world.users[who].pk,
    )


@pytest.mark.parametrize("change", [moves_to_patrol, is_excluded])
def test_who_left_or_may_not_see_it_takes_nothing_from_the_unit(
    world: World, item: str, change: Callable[[World, str], None]
) -> None:
    reyes = Visitor(world.users["reyes"])
    page = reyes.get(item).content.decode()
    change(world, "reyes")
    reyes.send(f"{item}take/", page)
    after = text(reyes.get(item))
    assert "colleague" in after
    assert f'action="{item}take/"' not in after
    assert rows("SELECT 1 FROM sharing_claim") == []


def test_the_database_takes_no_claim_for_a_unit_that_one_left(world: World, item: str) -> None:
    moves_to_patrol(world, "reyes")
    ((event_id,),) = owner("SELECT DISTINCT event_id FROM sharing_inboxitem")
    reyes, gang = world.users["reyes"], world.units["police/gang"]
    with pytest.raises(ProgrammingError, match="row-level security"), acting(reyes, world.agencies["police"]):
        Claim.objects.create(event_id=event_id, unit=gang, user=reyes)


@pytest.mark.parametrize("change", [moves_to_patrol, is_excluded])
def test_a_supervisor_gives_back_what_somebody_has_who_left(
    world: World, item: str, change: Callable[[World, str], None]
) -> None:
    reyes, stone = Visitor(world.users["reyes"]), Visitor(world.users["stone"])
    theirs = rows("SELECT uuid FROM sharing_inboxitem WHERE user_id = %s", [world.users["stone"].pk])[0]["uuid"]
    stones = reverse("inbox_item", args=[theirs])
    reyes.post(f"{item}take/", form_at=item)
    change(world, "reyes")
    assert f'action="{stones}give-back/"' in text(stone.get(stones))
    stone.post(f"{stones}give-back/", form_at=stones)
    assert rows("SELECT 1 FROM sharing_claim") == []
    stone.post(f"{stones}take/", form_at=stones)
    reyes.send(f"{item}give-back/", reyes.get(item).content.decode())  # no supervisor: it stays with stone
    assert "You took this on for Gang" in text(stone.get(stones))


def test_an_inbox_page_costs_the_same_with_much_news(world: World) -> None:
    visitor, costs = Visitor(world.users["reyes"]), []
    for first, last in ((1, 3), (3, 12)):
        for seen in range(first, last):
            change_goal(world, seen=seen)
        relay()
        visitor.get(reverse("inbox"))
        with CaptureQueriesContext(connection) as asked:
            visitor.get(reverse("inbox"))
        costs.append(len([query for query in asked.captured_queries if "SAVEPOINT" not in query["sql"]]))
    assert costs[0] == costs[1]
    assert costs[0] <= 9  # with the statements of session and transaction
