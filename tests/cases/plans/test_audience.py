"""Who may keep a part of the plan to one side, what goes with it, and how those who lose sight of it are told."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError
from django.urls import reverse

from cases.plans.models import Action, Audience, Goal
from cases.plans.services import add_action, add_goal, update_action, update_goal
from sharing.access.errors import Refused
from tests.access.acts import act, leaves
from tests.calls import V1, send, signed_in
from tests.pages import Visitor, hidden, rows, text
from tests.services import owner
from tests.sharing.notices.acts import relay
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

FLAT = {"title": "A flat", "need": "housing", "target": "A lease"}


def close(world: World, who: str, goal: Goal, audience: Audience) -> Goal:
    """Somebody keeps a goal to one side."""
    changed: Goal = act(
        world,
        who,
        lambda a: update_goal(
            actor=a, goal_uuid=goal.uuid, changes={"audience": audience}, seen_version=1, reason="Family"
        ),
    )
    return changed


def change_action(world: World, who: str, number: int = 0, **changes: Any) -> Action:
    """Somebody changes an action of the small world in its first version."""
    uuid = world.actions[number].uuid
    changed: Action = act(
        world, who, lambda a: update_action(actor=a, action_uuid=uuid, changes=changes, seen_version=1)
    )
    return changed


def news(world: World, who: str) -> list[tuple[str, str]]:
    """Somebody's inbox, latest first: kind of event, and address."""
    relay()
    found = rows(
        "SELECT e.kind, i.uuid FROM sharing_inboxitem i JOIN sharing_outboxevent e ON e.id = i.event_id"
        " WHERE i.user_id = %s ORDER BY e.id DESC",
        [world.users[who].pk],
    )
    return [(row["kind"], reverse("inbox_item", args=[row["uuid"]])) for row in found]


# --- Whose it is to close ---------------------------------------------------------------------------------------------


def test_a_partner_takes_no_part_away_from_the_agency_that_owns_the_case(world: World) -> None:
    with leaves():
        with pytest.raises(Refused, match="owns the case") as goal:
            close(world, "reyes", world.goals[0], Audience.POLICE)
        with pytest.raises(Refused, match="owns the case") as action:
            change_action(world, "reyes", audience=Audience.POLICE)
    assert goal.value.field == action.value.field == "audience"


def test_the_refusal_points_at_the_field(world: World) -> None:
    reyes, url = signed_in(world.users["reyes"]), f"{V1}/goals/{world.goals[0].uuid}/"
    answer = send(reyes, "PATCH", url, {"audience": "POLICE"}, If_Match=reyes.get(url)["ETag"])
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/audience"]

    visitor = Visitor(world.users["reyes"])
    form = reverse("goal_edit", args=[world.joint.uuid, world.goals[0].uuid])
    typed = {**FLAT, "status": "active", "progress_now": "0", "progress_target": "0", "audience": "2"}
    page = visitor.post(form, typed | {"seen_version": "1"})
    assert page.status_code == 400
    assert "Who may read it: Only the agency that owns the case" in text(page)


def test_an_agency_keeps_to_its_side_what_it_wrote(world: World) -> None:
    mine = act(world, "reyes", lambda a: add_goal(actor=a, plan_uuid=world.plan.uuid, values=FLAT))
    close(world, "stone", mine, Audience.POLICE)
    assert not act(world, "olsen", lambda a: Goal.objects.permitted(a).filter(pk=mine.pk).exists())


def test_a_goal_does_not_take_away_an_action_that_is_the_owners(world: World) -> None:
    mine = act(world, "reyes", lambda a: add_goal(actor=a, plan_uuid=world.plan.uuid, values=FLAT))
    act(world, "olsen", lambda a: add_action(actor=a, goal_uuid=mine.uuid, values={"title": "Ask the landlord"}))
    with leaves(), pytest.raises(Refused, match="Ask the landlord"):
        close(world, "reyes", mine, Audience.POLICE)


@pytest.mark.parametrize("part", ["goal", "action"])
def test_the_database_does_not_let_a_partner_close_it_either(world: World, part: str) -> None:
    model, number = {"goal": (Goal, world.goals[0].pk), "action": (Action, world.actions[0].pk)}[part]
    with pytest.raises(DatabaseError, match="not yours to close"):
        act(world, "reyes", lambda a: model.objects.filter(pk=number).update(audience=Audience.POLICE))


# --- What goes with it ------------------------------------------------------------------------------------------------


def test_a_goal_takes_along_the_actions_that_both_see(world: World) -> None:
    with leaves(goal_versions=1, changes=2, events=4):
        close(world, "olsen", world.goals[0], Audience.SUPERVISION)
    assert owner("SELECT id, audience, version FROM cases_action ORDER BY id") == [
        (world.actions[0].pk, Audience.SUPERVISION, 2),
        (world.actions[1].pk, Audience.POLICE, 1),  # what the other side kept to itself stays its own
        (world.actions[2].pk, Audience.SUPERVISION, 1),
    ]
    version = "SELECT audience, changed_fields, reason FROM cases_actionversion WHERE action_id = %s AND version = 2"
    assert owner(version, world.actions[0].pk) == [(Audience.SUPERVISION, ["audience"], "Family")]


def test_an_action_is_for_the_readers_of_its_goal(world: World) -> None:
    def add(**values: Any) -> Action:
        goal, values = world.goals[1].uuid, {"title": "Ask", **values}
        added: Action = act(world, "olsen", lambda a: add_action(actor=a, goal_uuid=goal, values=values))
        return added

    assert add().audience == Audience.SUPERVISION
    with leaves():
        with pytest.raises(Refused, match="one side only") as new:
            add(audience=Audience.BOTH)
        with pytest.raises(Refused, match="one side only") as old:
            change_action(world, "olsen", 2, audience=Audience.BOTH)
    assert new.value.field == old.value.field == "audience"

    olsen = signed_in(world.users["olsen"])
    answer = send(olsen, "POST", f"{V1}/goals/{world.goals[1].uuid}/actions/", {"title": "By the system"})
    assert (answer.status_code, answer.json()["audience"]) == (201, "SUPERVISION")


def test_the_form_of_an_action_offers_only_the_readers_of_its_goal(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    for address in (
        reverse("action_add", args=[world.joint.uuid, world.goals[1].uuid]),
        reverse("action_edit", args=[world.joint.uuid, world.actions[2].uuid]),
    ):
        page = visitor.get(address).content.decode()
        assert "Supervision only" in page
        assert "Both agencies" not in page
        assert hidden(page, "audience") == str(Audience.SUPERVISION.value)


def test_the_database_holds_no_action_wider_than_its_goal(world: World) -> None:
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        owner("UPDATE cases_action SET audience = 0 WHERE id = %s", world.actions[2].pk)
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        owner("UPDATE cases_goal SET audience = 1 WHERE id = %s", world.goals[0].pk)


# --- How it is told ---------------------------------------------------------------------------------------------------


def test_those_who_lose_sight_are_told_that_it_was_closed_and_no_more(world: World) -> None:
    close(world, "olsen", world.goals[0], Audience.SUPERVISION)
    assert [kind for kind, _ in news(world, "reyes")] == ["plan.part_closed"] * 2
    assert [kind for kind, _ in news(world, "mills")] == ["plan.goal_changed", "plan.action_changed"]
    visitor = Visitor(world.users["reyes"])
    for _, item in news(world, "reyes"):
        page = text(visitor.get(item))
        assert "now keeps a part of the plan to its own side" in page
        for closed in ("Keep a job", "Talk with the employer", "Family", str(world.goals[0].uuid)):
            assert closed not in page


def test_news_of_an_action_opens_though_its_goal_was_closed(world: World) -> None:
    close(world, "olsen", world.goals[0], Audience.SUPERVISION)
    change_action(world, "reyes", 1, rhythm="Fridays")
    kind, item = news(world, "stone")[0]
    assert kind == "plan.action_changed"
    answer = Visitor(world.users["stone"]).get(item)
    assert answer.status_code == 200
    assert "Fridays" in text(answer)
    assert str(world.goals[0].uuid) not in text(answer)
    with leaves(), pytest.raises(Refused, match="one side only"):
        act(
            world,
            "reyes",
            lambda a: update_action(
                actor=a, action_uuid=world.actions[1].uuid, changes={"audience": Audience.BOTH}, seen_version=2
            ),
        )
