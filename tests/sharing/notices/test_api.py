"""The inbox over the API, from a partner's change to its before and after."""

from __future__ import annotations

from typing import Any

import pytest

from sharing.notices.services import relay_pending
from tests import services
from tests.calls import V1, send, signed_in
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

INBOX = f"{V1}/inbox/"


def changed_goal(world: World) -> None:
    """Olsen changes the first goal, and the relay tells of it."""
    olsen, url = signed_in(world.users["olsen"]), f"{V1}/goals/{world.goals[0].uuid}/"
    assert send(olsen, "PATCH", url, {"progress_now": 2}, If_Match=olsen.get(url)["ETag"]).status_code == 200
    with services.as_job():
        assert relay_pending() == 1


def test_a_partner_reads_what_changed(world: World) -> None:
    changed_goal(world)
    reyes = signed_in(world.users["reyes"])
    page = reyes.get(INBOX).json()
    (news,) = page["results"]
    assert (page["unread"], page["unreadExact"]) == (1, True)
    assert news["kind"] == "plan.goal_changed"
    assert news["record_id"] == str(world.joint.uuid)
    assert "Hallett" not in str(page)

    detail = reyes.get(f"{INBOX}{news['id']}/").json()
    assert detail["change"]["before"]["progress_now"] == 0
    assert detail["change"]["after"]["progress_now"] == 2
    assert detail["read_at"]
    assert reyes.get(INBOX).json()["unread"] == 0
    # Nobody is told of their own act, and nobody reads another's news.
    olsen = signed_in(world.users["olsen"])
    assert olsen.get(INBOX).json()["results"] == []
    assert olsen.get(f"{INBOX}{news['id']}/").status_code == 404


def test_news_are_put_away_and_taken_back(world: World) -> None:
    changed_goal(world)
    reyes = signed_in(world.users["reyes"])
    url = f"{INBOX}{reyes.get(INBOX).json()['results'][0]['id']}/"
    for _ in range(2):
        assert send(reyes, "POST", f"{url}done/").json()["done_at"]
    assert reyes.get(INBOX).json()["results"] == []
    assert len(reyes.get(INBOX, {"show": "done"}).json()["results"]) == 1
    for _ in range(2):
        assert send(reyes, "POST", f"{url}undo/").json()["done_at"] is None
    assert len(reyes.get(INBOX).json()["results"]) == 1
    assert reyes.get(INBOX, {"show": "Weather"}).json()["errors"][0]["pointer"] == "#/show"


def test_lost_access_takes_the_news_along(world: World) -> None:
    changed_goal(world)
    url = f"{V1}/grants/{world.grants['joint'].uuid}/end/"
    assert send(signed_in(world.users["olsen"]), "POST", url, {"reason": "Closed"}).status_code == 200
    reyes = signed_in(world.users["reyes"])
    news: Any = reyes.get(INBOX).json()["results"][0]
    assert news["access_ended"]
    assert news["record_id"] is None
    assert news["object_id"] is None
    assert reyes.get(f"{INBOX}{news['id']}/").json()["change"] is None


def test_pages_of_news(world: World) -> None:
    for _ in range(3):
        goal = signed_in(world.users["olsen"])
        url = f"{V1}/goals/{world.goals[0].uuid}/"
        shown = goal.get(url)
        body = {"progress_now": shown.json()["progress_now"] + 1}
        assert send(goal, "PATCH", url, body, If_Match=shown["ETag"]).status_code == 200
    with services.as_job():
        relay_pending()
    reyes = signed_in(world.users["reyes"])
    first = reyes.get(INBOX, {"limit": 2}).json()
    second = reyes.get(first["next"]).json()
    assert [len(page["results"]) for page in (first, second)] == [2, 1]
    assert second["next"] is None
