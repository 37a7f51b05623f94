"""Changing a goal: one change, one event and one version each, or nothing at all."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from agencies.directory.categories import Category
from cases.plans.models import Audience, Goal, GoalVersion
from cases.plans.services import add_action, add_goal, update_action, update_goal
from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from tests import services
from tests.access.acts import act, leaves, together
from tests.services import owner
from tests.worlds import World

JOB = {"title": "Hold a job", "progress_now": 2}


def change(world: World, who: str = "olsen", *, goal: int = 0, seen: int = 1, **changes: Any) -> Goal:
    """Lets somebody change a goal of the joint plan."""
    changed: Goal = act(
        world,
        who,
        lambda actor: update_goal(
            actor=actor, goal_uuid=world.goals[goal].uuid, changes=changes or JOB, seen_version=seen
        ),
    )
    return changed


def test_a_change_leaves_one_version_one_change_and_one_event(world: World) -> None:
    before = owner("SELECT updated_at, version FROM cases_case WHERE id = %s", world.joint.pk)[0]
    with leaves(goal_versions=1, changes=1, events=1):
        goal = change(world)
    assert (goal.version, goal.title, goal.progress_now) == (2, "Hold a job", 2)
    version, changed, values = owner(
        "SELECT version, changed_fields, values FROM cases_goalversion WHERE goal_id = %s ORDER BY version", goal.pk
    )[-1]
    assert (version, changed) == (2, ["title", "progress_now"])
    assert values["title"] == "Hold a job"
    verb, was, now = owner("SELECT verb, before, after FROM agencies_change ORDER BY id DESC LIMIT 1")[0]
    assert (verb, was["title"], now["title"]) == ("plan.goal_changed", "Keep a job", "Hold a job")
    assert owner("SELECT versions FROM sharing_outboxevent ORDER BY id DESC LIMIT 1") == [({"after": 2, "before": 1},)]
    after = owner("SELECT updated_at, version FROM cases_case WHERE id = %s", world.joint.pk)[0]
    assert after[0] > before[0]
    assert after[1] == before[1] + 1
    assert owner(
        "SELECT count(DISTINCT updated_at) FROM cases_casekey WHERE content_object_id = %s", world.joint.pk
    ) == [(1,)]


def test_what_differs_in_nothing_writes_nothing(world: World) -> None:
    with leaves():
        goal = change(world, title="Keep a job")
    assert goal.version == 1


def test_a_stale_edit_comes_back_with_what_is_there_now(world: World) -> None:
    change(world, title="Hold a job")
    with leaves(), pytest.raises(Stale) as stale:
        change(world, "reyes", title="Find a job", seen=1)
    current = stale.value.current
    assert isinstance(current, Goal)
    assert (current.title, current.version) == ("Hold a job", 2)


def test_partner_with_a_joint_plan_changes_it_too(world: World) -> None:
    with leaves(goal_versions=1, changes=1, events=1):
        change(world, "reyes")
    with leaves(changes=1, events=1):
        act(
            world,
            "reyes",
            lambda actor: update_action(
                actor=actor, action_uuid=world.actions[1].uuid, changes={"rhythm": "Fridays"}, seen_version=1
            ),
        )
    with leaves(goal_versions=1, changes=1, events=1):
        act(
            world,
            "system",
            lambda actor: add_goal(
                actor=actor,
                plan_uuid=world.plan.uuid,
                values={"title": "A flat", "need": "housing", "target": "A lease"},
            ),
        )


def test_whoever_may_only_read_the_plan_is_told_so(world: World) -> None:
    owner("UPDATE agencies_membership SET role = 'liaison' WHERE user_id = %s", world.users["reyes"].pk)
    with leaves():
        with pytest.raises(NotAllowed, match="does not let you change it"):
            change(world, "reyes")
        with pytest.raises(NotAllowed):
            act(world, "reyes", lambda a: add_goal(actor=a, plan_uuid=world.plan.uuid, values=JOB))


def test_a_grant_that_only_shows_the_plan_does_not_change_it(world: World) -> None:
    without = ~int(Category.PLAN_CHANGE | Category.PLAN_SIGN)
    owner("UPDATE sharing_grant SET mask = mask & %s WHERE id = %s", without, world.grants["joint"].pk)
    owner("UPDATE cases_casekey SET mask = mask & %s WHERE grant_id = %s", without, world.grants["joint"].pk)
    with leaves(), pytest.raises(NotAllowed):
        change(world, "reyes")


@pytest.mark.parametrize("who", ["patel", "deputy", "dispatch", "carter", "quist", "admin"])
def test_a_plan_that_is_not_seen_does_not_exist(world: World, who: str) -> None:
    with leaves():
        with pytest.raises(NotVisible):
            change(world, who)
        with pytest.raises(NotVisible):
            act(world, who, lambda a: add_action(actor=a, goal_uuid=world.goals[0].uuid, values={"title": "x"}))
    with leaves(), pytest.raises(NotVisible):
        act(
            world,
            "olsen",
            lambda a: update_goal(actor=a, goal_uuid=uuid.uuid4(), changes=JOB, seen_version=1),
        )


def test_a_goal_for_the_other_side_does_not_exist(world: World) -> None:
    with leaves(), pytest.raises(NotVisible):
        change(world, "reyes", goal=1)
    change(world, "olsen", goal=1)
    with leaves(), pytest.raises(NotVisible):  # an action for the police only, asked for by the other side
        act(
            world,
            "olsen",
            lambda a: update_action(
                actor=a, action_uuid=world.actions[1].uuid, changes={"rhythm": "x"}, seen_version=1
            ),
        )


@pytest.mark.parametrize(("who", "audience"), [("olsen", Audience.POLICE), ("reyes", Audience.SUPERVISION)])
def test_nobody_edits_a_goal_out_of_their_own_sight(world: World, who: str, audience: Audience) -> None:
    with leaves(), pytest.raises(Refused) as refused:
        change(world, who, audience=audience)
    assert refused.value.field == "audience"


def test_a_goal_kept_to_one_side_hides_from_the_other_at_once(world: World) -> None:
    change(world, "olsen", audience=Audience.SUPERVISION)

    def seen(actor: Actor) -> tuple[int, int]:
        goals = Goal.objects.permitted(actor).filter(pk=world.goals[0].pk)
        versions = GoalVersion.objects.permitted(actor).filter(goal_id=world.goals[0].pk, version=2)
        return goals.count(), versions.count()

    assert act(world, "reyes", seen) == (0, 0)
    assert act(world, "olsen", seen) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 161}, "title"),
        ({"need": "luck"}, "need"),
        ({"status": "won"}, "status"),
        ({"audience": 9}, "audience"),
        ({"progress_now": -1}, "progress_now"),
        ({"case_id": 7}, "case_id"),
        ({"version": 7}, "version"),
    ],
)
def test_what_is_not_allowed_is_refused_by_field(world: World, changes: dict[str, Any], field: str) -> None:
    with leaves(), pytest.raises(Refused) as refused:
        change(world, **changes)
    assert refused.value.field == field


def test_a_closed_plan_is_not_worked_on(world: World) -> None:
    owner("UPDATE cases_plan SET status = 'closed'")
    with leaves(), pytest.raises(NotAllowed, match="closed"):
        change(world)


def test_a_failure_in_the_last_step_takes_everything_along(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr("cases.supervision.services.parts.publish", fail)
    with leaves(), pytest.raises(RuntimeError, match="no room"):
        change(world)
    assert owner("SELECT version, title FROM cases_goal WHERE id = %s", world.goals[0].pk) == [(1, "Keep a job")]


def test_eight_people_at_once_and_nothing_is_lost_silently(world: World) -> None:
    """One wins for each version; everybody else is told, tries again on what is there, and is kept."""
    goal_uuid = world.goals[0].uuid
    people = ["olsen", "reyes", "mills", "tran", "stone", "pratt", "system", "olsen"]

    def persist(number: int, who: str) -> int:
        for attempt in range(60):
            seen: int = act(world, who, lambda a: Goal.objects.permitted(a).get(uuid=goal_uuid).version)
            try:
                changed = change(world, who, seen=seen, progress_note=f"note {number}", progress_now=number)
            except Stale:
                time.sleep(0.01 * attempt)
            else:
                return changed.version
        raise AssertionError("never got through")

    with leaves(goal_versions=8, changes=8, events=8):
        versions = together(*(lambda n=n, w=w: persist(n, w) for n, w in enumerate(people)))
    assert sorted(versions) == list(range(2, 10))
    kept = owner("SELECT values->>'progress_note' FROM cases_goalversion WHERE goal_id = %s", world.goals[0].pk)
    assert {note for (note,) in kept} == {"", *(f"note {number}" for number in range(8))}


def test_of_eight_with_one_version_exactly_one_wins(world: World) -> None:
    with leaves(goal_versions=1, changes=1, events=1):
        results = together(*(lambda n=n: change(world, "olsen", title=f"Title {n}") for n in range(8)))
    assert sorted(type(result).__name__ for result in results) == ["Goal"] + ["Stale"] * 7


def test_a_plan_that_goes_out_of_sight_while_one_waits_is_not_visible(world: World) -> None:
    def hide() -> None:
        raw = services.connect("owner")
        raw.autocommit = False
        with raw, raw.cursor() as cursor:
            cursor.execute("UPDATE cases_case SET restricted = true WHERE id = %s", [world.joint.pk])
            time.sleep(0.5)
        raw.close()

    def late() -> Any:
        time.sleep(0.2)
        return change(world, "reyes")

    _, result = together(hide, late)
    assert isinstance(result, NotVisible)
    assert not act(world, "reyes", lambda a: Case.objects.visible_to(a).filter(pk=world.joint.pk).exists())
