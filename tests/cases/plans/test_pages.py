"""Reading and changing a joint plan in the browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases.plans.services import update_goal
from sharing.access.context import acting
from tests.cases.audiences import names_readers_under_each_audience
from tests.pages import Visitor, hidden, rows, text, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

GOAL = {
    "title": "Keep a job",
    "need": "employment",
    "target": "Six months in one job",
    "baseline": "",
    "status": "active",
    "progress_now": "0",
    "progress_target": "6",
    "progress_unit": "",
    "progress_note": "",
    "audience": "0",
    "reason": "",
}
ACTION = {"title": "Call the employer", "kind": "support", "status": "open", "audience": "0", "due_on": "6/4/27"}


def plan(world: World) -> str:
    return reverse("case_plan", args=[world.joint.uuid])


def goal_edit(world: World, number: int = 0) -> str:
    return reverse("goal_edit", args=[world.joint.uuid, world.goals[number].uuid])


def test_each_side_reads_its_own_parts(world: World) -> None:
    ours = text(Visitor(world.users["olsen"]).get(plan(world)))
    assert "Finish the program" in ours
    assert "Drive past the shop" not in ours
    theirs = text(Visitor(world.users["reyes"]).get(plan(world)))
    assert "Drive past the shop" in theirs
    assert "Finish the program" not in theirs
    assert "Supervision’s own parts" in theirs


def test_the_plan_costs_fourteen_statements_at_most(world: World) -> None:
    for who in ("olsen", "reyes"):
        visitor = Visitor(world.users[who])
        visitor.get(plan(world))
        with CaptureQueriesContext(connection) as caught:
            assert visitor.get(plan(world)).status_code == 200
        assert len(caught) <= 14, [query["sql"] for query in caught.captured_queries]


def test_each_audience_of_a_goal_and_of_an_action_names_its_readers(world: World) -> None:
    names_readers_under_each_audience(world, goal_edit(world))
    names_readers_under_each_audience(world, reverse("goal_add", args=[world.joint.uuid]))
    names_readers_under_each_audience(world, reverse("action_add", args=[world.joint.uuid, world.goals[0].uuid]))
    own = text(Visitor(world.users["olsen"]).get(goal_edit(world, 1)))
    assert "Supervision only" in own
    narrow = reverse("action_add", args=[world.joint.uuid, world.goals[1].uuid])
    page = text(Visitor(world.users["olsen"]).get(narrow))
    assert "Corrections. No police agency will." in page
    assert "Riverton" not in page[page.index("Who may read it") :]


def test_a_saved_goal_says_who_will_be_told_and_leads_back_to_it(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    answer = visitor.post(
        goal_edit(world), GOAL | {"seen_version": "1", "progress_now": "2", "reason": "Two pay slips"}
    )
    assert answer.status_code == 302
    assert answer["Location"] == f"{plan(world)}#goal-{world.goals[0].uuid}"
    page = text(visitor.get(plan(world)))
    assert "Goal 1 saved." in page
    assert "Gang, Riverton Police Department; and the supervisors of North will be told." in page
    assert "Two pay slips" in page
    (goal,) = rows(f"SELECT * FROM cases_goal WHERE id = {world.goals[0].pk}")
    assert (goal["progress_now"], goal["version"]) == (2, 2)
    assert len(trail("change", verb="plan.goal_changed")) == 1


def test_a_form_keeps_what_was_typed_and_names_the_field(world: World) -> None:
    typed = GOAL | {"seen_version": "1", "title": "", "target": "Something I typed at length"}
    answer = Visitor(world.users["olsen"]).post(goal_edit(world), typed)
    assert answer.status_code == 400
    assert "Something I typed at length" in text(answer)
    assert "What: Fill this in." in text(answer)


def test_an_audience_that_is_not_ones_own_cannot_be_chosen(world: World) -> None:
    answer = Visitor(world.users["reyes"]).post(goal_edit(world), GOAL | {"seen_version": "1", "audience": "1"})
    assert answer.status_code == 400
    assert "Who may read it:" in text(answer)


def test_what_is_hidden_cannot_be_edited_or_told_from_nothing(world: World) -> None:
    hidden_goal = Visitor(world.users["reyes"]).get(goal_edit(world, 1))
    missing = Visitor(world.users["reyes"]).get("/no/such/page/")
    assert hidden_goal.status_code == 404
    assert hidden_goal.content == missing.content
    elsewhere = reverse("goal_edit", args=[world.cases[4].uuid, world.goals[0].uuid])
    assert Visitor(world.users["olsen"]).get(elsewhere).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("olsen", 200), ("reyes", 200), ("patel", 403), ("carter", 404)])
def test_who_may_open_the_goal_form(world: World, who: str, status: int) -> None:
    assert Visitor(world.users[who]).get(goal_edit(world)).status_code == status


def test_a_form_without_its_token_changes_nothing(world: World) -> None:
    answer = Visitor(world.users["olsen"]).send(goal_edit(world), "", GOAL | {"seen_version": "1", "title": "Other"})
    assert answer.status_code == 403
    assert "grown too old" in text(answer)
    assert rows(f"SELECT title FROM cases_goal WHERE id = {world.goals[0].pk}")[0]["title"] == "Keep a job"


# --- Adding, once -----------------------------------------------------------------------------------------------------


def test_a_goal_sent_twice_is_added_once(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    address = reverse("goal_add", args=[world.joint.uuid])
    page = visitor.get(address).content.decode()
    fields = GOAL | {"title": "Find a room", "need": "housing", "token": hidden(page, "token")}
    first, second = visitor.send(address, page, fields), visitor.send(address, page, fields)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert len(rows("SELECT id FROM cases_goal WHERE title = 'Find a room'")) == 1
    assert len(trail("change", verb="plan.goal_added")) == 1
    other = visitor.send(address, page, fields | {"title": "Find a job"})
    assert other.status_code == 400
    assert "This form was used already. Open it again." in text(other)
    assert 'value="Find a job"' in text(other)  # kept as it was typed


def test_an_action_sent_twice_is_added_once_and_its_date_is_read_as_typed(world: World) -> None:
    visitor = Visitor(world.users["reyes"])
    address = reverse("action_add", args=[world.joint.uuid, world.goals[0].uuid])
    page = visitor.get(address).content.decode()
    fields = ACTION | {"token": hidden(page, "token"), "owner_agency": str(world.agencies["police"].uuid)}
    for _ in range(2):
        assert visitor.send(address, page, fields).status_code == 302
    (action,) = rows("SELECT * FROM cases_action WHERE title = 'Call the employer'")
    assert str(action["due_on"]) == "2027-06-04"
    assert action["owner_agency_id"] == world.agencies["police"].pk
    other = visitor.send(address, page, fields | {"owner_agency": str(world.agencies["probation"].uuid)})
    assert other.status_code == 400
    assert "This form was used already. Open it again." in text(other)


def test_a_goal_that_was_changed_since_is_still_what_its_form_added(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    address = reverse("goal_add", args=[world.joint.uuid])
    page = visitor.get(address).content.decode()
    fields = GOAL | {"title": "Find a room", "need": "housing", "token": hidden(page, "token")}
    visitor.send(address, page, fields)
    (goal,) = rows("SELECT uuid FROM cases_goal WHERE title = 'Find a room'")
    with acting(world.users["reyes"], world.agencies["police"]) as actor:
        update_goal(actor=actor, goal_uuid=goal["uuid"], changes={"title": "Find a flat"}, seen_version=1)
    assert visitor.send(address, page, fields).status_code == 302


def test_a_token_from_nowhere_adds_nothing(world: World) -> None:
    answer = Visitor(world.users["olsen"]).post(
        reverse("goal_add", args=[world.joint.uuid]), GOAL | {"title": "Forged", "token": str(world.goals[0].uuid)}
    )
    assert answer.status_code == 400
    assert rows("SELECT id FROM cases_goal WHERE title = 'Forged'") == []


def test_a_date_that_is_none_is_kept_and_named(world: World) -> None:
    address = reverse("action_edit", args=[world.joint.uuid, world.actions[0].uuid])
    answer = Visitor(world.users["olsen"]).post(address, ACTION | {"seen_version": "1", "due_on": "soonish"})
    assert answer.status_code == 400
    assert "soonish" in text(answer)
    assert "Due: We cannot read this as a date." in text(answer)


def test_a_case_without_a_plan_gets_one_and_only_one(world: World) -> None:
    case = world.cases[4]
    visitor = Visitor(world.users["olsen"])
    address = reverse("plan_start", args=[case.uuid])
    assert "Start a joint plan" in text(visitor.get(reverse("case_plan", args=[case.uuid])))
    empty = visitor.post(address, {"purpose": "", "strengths": "Two grown sons"})
    assert empty.status_code == 400
    assert "Say in a sentence what the plan is for." in text(empty)
    assert "Two grown sons" in text(empty)
    page = visitor.get(address).content.decode()
    for _ in range(2):
        assert visitor.send(address, page, {"purpose": "A quiet year"}).status_code == 302
    assert len(rows(f"SELECT id FROM cases_plan WHERE case_id = {case.pk}")) == 1
    assert len(trail("change", verb="plan.started")) == 1
    goal = reverse("goal_add", args=[case.uuid])
    page = visitor.get(goal).content.decode()
    assert visitor.send(goal, page, GOAL | {"token": hidden(page, "token")}).status_code == 302


@pytest.mark.parametrize(("who", "status"), [("olsen", 200), ("reyes", 403), ("quist", 404)])
def test_who_may_start_a_plan(world: World, who: str, status: int) -> None:
    assert Visitor(world.users[who]).get(reverse("plan_start", args=[world.cases[4].uuid])).status_code == status


# --- Two people at once -----------------------------------------------------------------------------------------------


def _reyes_changes(world: World, **changes: Any) -> None:
    with acting(world.users["reyes"], world.agencies["police"]) as actor:
        update_goal(actor=actor, goal_uuid=world.goals[0].uuid, changes=changes, seen_version=1)


def _stale(world: World, **typed: str) -> tuple[Visitor, HttpResponse]:
    visitor = Visitor(world.users["olsen"])
    answer = visitor.post(goal_edit(world), GOAL | {"seen_version": "1"} | typed)
    assert answer.status_code == 409
    return visitor, answer


def test_a_stale_edit_loses_no_word(world: World) -> None:
    _reyes_changes(world, target="Six months, paid on the books", progress_now=1)
    visitor, answer = _stale(world, target="Eight months in one job", baseline="Two short jobs")
    page = answer.content.decode()
    for words in ("Eight", "books", "Two short jobs", "Nothing is lost and nothing is saved yet"):
        assert words in text(answer)
    assert [dispute.name for dispute in answer.context["fields"]] == ["target"]
    kept = dict(answer.context["kept"])
    chosen = kept | {"merge": "1", "seen_version": hidden(page, "seen_version")}

    unanswered = visitor.send(goal_edit(world), page, chosen)
    assert unanswered.status_code == 400
    assert "Choose yours, theirs" in text(unanswered)
    assert "Two short jobs" in text(unanswered)

    written = chosen | {"choice_target": "new", "text_target": "Eight months, paid on the books"}
    assert visitor.send(goal_edit(world), page, written).status_code == 302
    (goal,) = rows(f"SELECT * FROM cases_goal WHERE id = {world.goals[0].pk}")
    assert goal["target"] == "Eight months, paid on the books"
    assert (goal["baseline"], goal["progress_now"], goal["version"]) == ("Two short jobs", 1, 3)


@pytest.mark.parametrize(("choice", "target"), [("mine", "Eight months in one job"), ("theirs", "Nine months")])
def test_either_side_can_be_taken(world: World, choice: str, target: str) -> None:
    _reyes_changes(world, target="Nine months")
    visitor, answer = _stale(world, target="Eight months in one job")
    page = answer.content.decode()
    chosen = dict(answer.context["kept"]) | {
        "merge": "1", "seen_version": hidden(page, "seen_version"), "choice_target": choice,
    }  # fmt: skip
    assert visitor.send(goal_edit(world), page, chosen).status_code == 302
    assert rows(f"SELECT target FROM cases_goal WHERE id = {world.goals[0].pk}")[0]["target"] == target


def test_the_same_form_sent_twice_saves_once_and_asks_nothing(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    page = visitor.get(goal_edit(world)).content.decode()
    fields = GOAL | {"seen_version": "1", "progress_now": "3"}
    assert visitor.send(goal_edit(world), page, fields).status_code == 302
    assert visitor.send(goal_edit(world), page, fields).status_code == 302
    assert rows(f"SELECT version FROM cases_goal WHERE id = {world.goals[0].pk}")[0]["version"] == 2
    assert len(trail("change", verb="plan.goal_changed")) == 1


def test_nothing_changed_tells_nobody(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    visitor.post(goal_edit(world), GOAL | {"seen_version": "1"})
    assert rows("SELECT id FROM sharing_outboxevent") == []
    assert "Nobody is told" in text(visitor.get(plan(world)))


def test_a_merge_shows_what_was_sent_even_where_it_cannot_be_read(world: World) -> None:
    address = reverse("action_edit", args=[world.joint.uuid, world.actions[0].uuid])
    sent = {"merge": "1", "seen_version": "1", "mine_due_on": "soon", "audience": "0", "owner_agency": "nobody"}
    answer = Visitor(world.users["olsen"]).post(address, sent)
    assert answer.status_code == 400
    assert "soon" in text(answer)


@pytest.mark.parametrize("seen", ["²", "9" * 5000, "-1", "1e3", "\x00", ""])
def test_a_merge_from_a_version_that_is_none_is_no_fault(world: World, seen: str) -> None:
    address = reverse("goal_edit", args=[world.joint.uuid, world.goals[0].uuid])
    answer = Visitor(world.users["olsen"]).post(address, {"merge": "1", "seen_version": seen})
    assert answer.status_code == 400
