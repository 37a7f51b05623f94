"""Plans, goals and actions over the API: what is shown, what a change needs, and what it leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from sharing.notices.models import OutboxEvent
from tests import services
from tests.calls import V1, bearer, send, signed_in, system_of, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def goal_url(world: World, number: int = 0) -> str:
    return f"{V1}/goals/{world.goals[number].uuid}/"


def events() -> list[str]:
    """The kinds in the outbox."""
    with services.as_job():
        return list(OutboxEvent.objects.order_by("pk").values_list("kind", flat=True))


def test_the_plan_shows_what_its_audience_may_see(world: World) -> None:
    url = f"{V1}/cases/{world.joint.uuid}/plan/"
    own = signed_in(world.users["olsen"]).get(url).json()
    partner = signed_in(world.users["reyes"]).get(url).json()
    assert [goal["title"] for goal in own["goals"]] == ["Keep a job", "Finish the program"]
    assert [goal["title"] for goal in partner["goals"]] == ["Keep a job"]
    assert [action["title"] for action in own["goals"][0]["actions"]] == ["Talk with the employer"]
    assert [action["title"] for action in partner["goals"][0]["actions"]] == [
        "Talk with the employer",
        "Drive past the shop",
    ]


def test_a_change_names_the_version_it_was_made_from(world: World) -> None:
    reyes, url = signed_in(world.users["reyes"]), goal_url(world)
    assert send(reyes, "PATCH", url, {"title": "Keep the job"}).status_code == 428
    assert send(reyes, "PATCH", url, {"title": "Keep the job"}, If_Match="*").status_code == 428
    tag = reyes.get(url)["ETag"]
    assert send(reyes, "PATCH", url, {"title": "Keep the job"}, If_Match=tag.strip('"')).status_code == 400
    for stale in ('"0-1"', "W/" + tag):
        assert send(reyes, "PATCH", url, {"title": "Keep the job"}, If_Match=stale).status_code == 412
    assert send(reyes, "PATCH", url, {"title": "Keep the job", "reason": "Hired"}, If_Match=tag).status_code == 200

    late = send(reyes, "PATCH", url, {"title": "Lost"}, If_Match=tag)
    assert late.status_code == 412
    assert late["ETag"] == reyes.get(url)["ETag"] != tag
    assert late.json()["type"] == "/help/problems/changed-since-read"
    assert late.json()["current"] == url
    assert reyes.get(url).json()["title"] == "Keep the job"
    assert trail("change", "verb, reason") == [("plan.goal_changed", "Hired")]
    assert events() == ["plan.goal_changed"]


def test_versions_show_before_and_after(world: World) -> None:
    olsen, url = signed_in(world.users["olsen"]), goal_url(world)
    tag = olsen.get(url)["ETag"]
    changed = send(olsen, "PATCH", url, {"progress_now": 3, "audience": "SUPERVISION"}, If_Match=tag)
    assert changed.status_code == 200
    assert changed.json()["audience"] == "SUPERVISION"
    latest, first = olsen.get(url + "versions/").json()["results"]
    assert latest["changed_fields"] == ["progress_now", "audience"]
    assert (latest["before"]["progress_now"], latest["after"]["progress_now"]) == (0, 3)
    assert (latest["before"]["audience"], latest["after"]["audience"]) == ("BOTH", "SUPERVISION")
    assert latest["changed_by"] == "PO Olsen"
    assert first["before"] is None
    # The partner's side now knows nothing of it, not even of the version it could see before.
    reyes = signed_in(world.users["reyes"])
    assert reyes.get(url).status_code == reyes.get(url + "versions/").status_code == 404


def test_goals_and_actions_are_added(world: World) -> None:
    system = bearer(world.users["system"])
    goal = send(
        system,
        "POST",
        f"{V1}/cases/{world.joint.uuid}/plan/goals/",
        {"title": "A room", "need": "housing", "target": "Own key by June"},
    )
    assert goal.status_code == 201
    assert goal["ETag"]
    action = send(
        system,
        "POST",
        goal.json()["actions_url"],
        {"title": "Call the landlord", "owner_agency": str(world.agencies["police"].uuid), "due_on": "2030-01-31"},
    )
    assert action.status_code == 201
    assert action.json()["owner_agency"] == str(world.agencies["police"].uuid)
    changed = send(system, "PATCH", action.json()["url"], {"status": "done"}, If_Match=action["ETag"])
    assert changed.json()["status"] == "done"
    versions = system.get(action.json()["url"] + "versions/").json()["results"]
    assert [version["version"] for version in versions] == [2, 1]
    assert [verb for (verb,) in trail("change", "verb")] == [
        "plan.goal_added",
        "plan.action_added",
        "plan.action_changed",
    ]
    assert {channel for (channel,) in trail("change", "channel")} == {"api"}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"title": ""}, "#/title"),
        ({"title": "x" * 161}, "#/title"),
        ({"need": "fame"}, "#/need"),
        ({"audience": 1}, "#/audience"),
        ({"audience": "POLICE"}, "#/audience"),  # the actor could no longer see it
        ({"progress_now": -1}, "#/progress_now"),
        ({"progress_now": 99_999}, "#/progress_now"),
        ({"version": 7}, "#/version"),
        ({"titel": "Misspelt"}, "#/titel"),
        ([1], "#"),
    ],
)
def test_bad_input_is_pointed_at_and_changes_nothing(world: World, changes: Any, pointer: str) -> None:
    olsen, url = signed_in(world.users["olsen"]), goal_url(world)
    response = send(olsen, "PATCH", url, changes, If_Match=olsen.get(url)["ETag"])
    assert response.status_code == 400, response.content
    assert [(error["in"], error["pointer"]) for error in response.json()["errors"]] == [("body", pointer)]
    assert trail("change", "verb") == []
    assert events() == []


@pytest.mark.parametrize("owner", ["not-a-uuid", "00000000-0000-4000-8000-000000000000", 7])
def test_an_action_belongs_to_an_agency_that_exists(world: World, owner: Any) -> None:
    olsen, url = signed_in(world.users["olsen"]), f"{V1}/actions/{world.actions[0].uuid}/"
    response = send(olsen, "PATCH", url, {"owner_agency": owner}, If_Match=olsen.get(url)["ETag"])
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "#/owner_agency"


def test_who_may_only_read_is_told_so(world: World) -> None:
    reader = bearer(system_of(world, "police/gang", "system_reader"))
    tag = reader.get(goal_url(world))["ETag"]
    for headers in ({"If_Match": tag}, {}):
        assert send(reader, "PATCH", goal_url(world), {"title": "Mine"}, **headers).status_code == 403
    assert trail("denial", "user_name, status") == [("Feed", 403)] * 2


def test_nothing_malformed_reaches_a_service(world: World) -> None:
    olsen, url = signed_in(world.users["olsen"]), goal_url(world)
    headers = {"If-Match": olsen.get(url)["ETag"]}
    for body in ("{", "[" * 100_000, '{"title": NaN}', b"\xff\xfe"):
        response = olsen.patch(url, data=body, content_type="application/json", headers=headers)
        assert response.status_code == 400, body[:10]
        assert response["Content-Type"] == "application/problem+json"
    assert olsen.patch(url, data="a=b", content_type="text/plain", headers=headers).status_code == 415


def test_what_one_side_keeps_to_itself_leaves_no_trace_on_the_other(world: World) -> None:
    """No version, no moment, no place in an order, no tag: not of the case, nor of the plan, nor in the list."""
    reyes, olsen = signed_in(world.users["reyes"]), signed_in(world.users["olsen"])
    case = f"{V1}/cases/{world.joint.uuid}/"

    def seen() -> list[Any]:
        answers = [reyes.get(address) for address in (case, f"{case}plan/", f"{case}plan/goals/", f"{V1}/cases/")]
        return [(answer.json(), answer.get("ETag")) for answer in answers]

    before = seen()
    hidden = f"{V1}/goals/{world.goals[1].uuid}/"
    tag = olsen.get(hidden)["ETag"]
    assert send(olsen, "PATCH", hidden, {"progress_now": 3}, If_Match=tag).status_code == 200
    new = {"title": "Ours", "need": "HOUSING".lower(), "target": "A flat", "audience": "SUPERVISION"}
    assert send(olsen, "POST", f"{case}plan/goals/", new).status_code == 201
    assert seen() == before
    tag = olsen.get(f"{V1}/goals/{world.goals[0].uuid}/")["ETag"]
    assert (
        send(olsen, "PATCH", f"{V1}/goals/{world.goals[0].uuid}/", {"progress_now": 3}, If_Match=tag).status_code == 200
    )
    assert seen() != before
    assert "position" not in reyes.get(f"{case}plan/").content.decode()
