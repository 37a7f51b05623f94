"""What every read has: an ETag that knows what the caller may see, fewer fields, expansions through the door, pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from agencies.directory.categories import Category
from portal.api.schema import document
from portal.api.urls import urlpatterns
from sharing.access.rest import DoorView
from tests import services
from tests.calls import V1, bearer, send, signed_in, system_of, trail
from tests.portal.api.operations import things
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

READS = {
    operation["operationId"]: (path, operation)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
    if method == "get" and "application/json" in operation["responses"]["200"]["content"]
}
# Never the same twice: one tells who has looked, the other carries the moment up to which it told.
NEVER_THE_SAME = {"explain_access", "list_changes"}
# Held to a few by a rule, and so without pages: the last 25 cases opened, the names of the code lists.
FEW_BY_RULE = {"list_recent_cases", "list_code_lists"}


def parameters(operation: dict[str, Any]) -> set[str]:
    """The names of what an operation takes."""
    return {parameter["name"] for parameter in operation.get("parameters", [])}


def answer_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The fields of an operation's good answer."""
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    found: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]["properties"]
    return found


def _but_for_the_moment(answer: Any) -> Any:
    """A card says when it was asked for; that alone makes it no other card."""
    return {name: value for name, value in answer.items() if name != "asked_at"} if isinstance(answer, dict) else answer


@pytest.mark.parametrize("name", READS)
def test_an_unchanged_answer_is_not_sent_again(world: World, name: str) -> None:
    feed = system_of(world, "probation/north", "supervisor")
    url = READS[name][0].format(**{part: ids[0] for part, ids in things(world, feed, name).items()})
    client = bearer(feed)
    client.get(url)
    first = client.get(url)
    assert first.status_code == 200, first.content
    tag = first["ETag"]
    assert tag.startswith('"')
    again = send(client, "GET", url, If_None_Match=f'"other", W/{tag}')
    if name in NEVER_THE_SAME:
        assert again.status_code == 200
        return
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert "Content-Type" not in again
    whole = send(client, "GET", url, If_None_Match='"other"')
    assert _but_for_the_moment(whole.json()) == _but_for_the_moment(first.json())


LISTS = {name for name, (_, operation) in READS.items() if "results" in answer_of(operation)} - FEW_BY_RULE


@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_list_has_pages(name: str) -> None:
    assert {"cursor", "limit"} <= parameters(READS[name][1])
    assert "next" in answer_of(READS[name][1])


def test_every_read_takes_fields() -> None:
    without = [name for name, (_, operation) in READS.items() if "fields" not in parameters(operation)]
    assert without == [], "the view does not say what it `shows`"


def test_what_a_view_expands_is_a_field_of_what_it_shows() -> None:
    for view in (getattr(pattern.callback, "cls", None) for pattern in urlpatterns):
        if view and issubclass(view, DoorView) and view.expands:
            assert set(view.expands.values()) <= set(view.shows().fields), view


def test_a_tag_differs_where_the_answer_does(world: World) -> None:
    url = f"{V1}/cases/"
    tags = [signed_in(world.users[who]).get(url)["ETag"] for who in ("olsen", "pratt", "reyes", "carter")]
    assert len(set(tags)) == 4


def test_fewer_fields(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    row = olsen.get(f"{V1}/cases/?fields=id,person.name.sur,%20supervision&limit=1").json()["results"][0]
    assert set(row) == {"id", "person", "supervision"}
    assert set(row["person"]) == {"name"}
    assert set(row["person"]["name"]) == {"sur"}
    assert row["supervision"]["term"] is not None
    case = f"{V1}/cases/{world.joint.uuid}/"
    assert set(olsen.get(case, {"fields": "person.name,person,cautions.text"}).json()) == {"person", "cautions"}
    assert olsen.get(case, {"fields": "cautions.text"}).json()["cautions"][0].keys() == {"text"}
    plan = olsen.get(f"{case}plan/", {"fields": "goals.actions.title"}).json()
    assert plan["goals"][0]["actions"][0].keys() == {"title"}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("fields=name", "#/fields"),
        ("fields=", "#/fields"),
        ("fields=id,", "#/fields"),
        ("fields=person.shoe", "#/fields"),
        ("fields=id.x", "#/fields"),
        ("fields=plan", "#/fields"),
        ("fields=id&fields=shoe", "#/fields"),
        ("expand=person", "#/expand"),
        ("expand=plan,", "#/expand"),
        ("expand=plan&fields=plan.shoe", "#/fields"),
    ],
)
def test_an_unknown_name_is_pointed_at(world: World, query: str, pointer: str) -> None:
    answer = signed_in(world.users["olsen"]).get(f"{V1}/cases/?{query}")
    assert answer.status_code == 400, answer.content
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_what_is_expanded_passes_the_door(world: World) -> None:
    def rows(who: str) -> dict[str, Any]:
        url = (
            f"{V1}/cases/?expand=plan,conditions,cautions&fields=id,plan.goals.title,conditions.text,cautions,withheld"
        )
        return {row["id"]: row for row in signed_in(world.users[who]).get(url).json()["results"]}

    joint, referred = str(world.joint.uuid), str(world.referred.uuid)
    olsen, patel, carter = rows("olsen"), rows("patel"), rows("carter")
    assert len(olsen[joint]["plan"]["goals"]) > 0
    assert olsen[joint]["conditions"][0].keys() == {"text"}
    assert patel[joint]["plan"] is None
    assert patel[joint]["cautions"] == olsen[joint]["cautions"]
    assert (carter[referred]["plan"], carter[referred]["conditions"], carter[referred]["cautions"]) == (None,) * 3
    # The audience of a goal counts inside too: what only supervision may read, police does not.
    assert len(rows("reyes")[joint]["plan"]["goals"]) < len(olsen[joint]["plan"]["goals"])


def test_an_expansion_is_a_read(world: World) -> None:
    url = f"{V1}/goals/{world.goals[0].uuid}/?expand=case"
    case = signed_in(world.users["reyes"]).get(url).json()["case"]
    assert case["id"] == str(world.joint.uuid)
    shown = int(Category.PLAN_VIEW | Category.EXISTENCE | Category.SUPERVISION)
    assert trail("read", "action, record_ids::text[], categories") == [("plan", [case["id"]], shown)]


def test_a_list_with_all_that_it_expands_is_one_read(world: World) -> None:
    signed_in(world.users["olsen"]).get(f"{V1}/cases/?expand=cautions,conditions,plan")
    [(action, number, categories)] = trail("read", "action, cardinality(record_ids), categories")
    assert (action, number) == ("list", 14)
    assert Category.CAUTIONS | Category.CONDITIONS | Category.PLAN_VIEW in Category(categories)


def test_no_read_leaves_more_than_one_event(world: World) -> None:
    """Not even one that expands all it can: who has looked, and how often, would count answers twice."""
    feed = system_of(world, "probation/north", "supervisor")
    parts = {part: ids[0] for part, ids in things(world, feed, "").items()}
    client, left = bearer(feed), {}
    for name, (path, _) in READS.items():
        url, before = path.format(**parts), len(trail("read", "id"))
        expand = ",".join(resolve(url).func.cls.expands)
        answer = client.get(url, {"expand": expand} if expand else {})
        assert answer.status_code == 200, answer.content
        left[name] = len(trail("read", "id")) - before
    assert {name: number for name, number in left.items() if number > 1} == {}
    assert sum(left.values()) > len(left) / 2


def test_an_expanded_tag_knows_what_was_expanded_and_still_names_the_version(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    url = f"{V1}/goals/{world.goals[0].uuid}/"
    plain, whole = olsen.get(url)["ETag"], olsen.get(f"{url}?expand=case")["ETag"]
    assert plain != whole
    assert send(olsen, "GET", f"{url}?expand=case", If_None_Match=whole).status_code == 304
    assert send(olsen, "GET", f"{url}?expand=case", If_None_Match=plain).status_code == 200
    services.owner("UPDATE cases_case SET offense = 'Another' WHERE id = %s", world.joint.pk)
    assert send(olsen, "GET", f"{url}?expand=case", If_None_Match=whole).status_code == 200
    assert send(olsen, "PATCH", url, {"progress_now": 2}, If_Match=whole).status_code == 200
    assert send(olsen, "PATCH", url, {"progress_now": 3}, If_Match=whole).status_code == 412


def test_an_expanded_page_costs_the_same_at_five_rows_and_at_all(world: World) -> None:
    system = bearer(world.users["system"])
    costs = []
    for limit in (5, 50):
        with CaptureQueriesContext(connection) as captured:
            assert len(system.get(f"{V1}/cases/", {"limit": limit, "expand": "plan,conditions"}).json()["results"]) >= 5
        costs.append(len(captured))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("path", ["goals/{goal}/versions/", "cases/{case}/plan/goals/", "cases/{case}/grants/"])
def test_pages_of_small_lists_join_up(world: World, path: str) -> None:
    olsen = signed_in(world.users["olsen"])
    url = f"{V1}/{path.format(case=world.joint.uuid, goal=world.goals[0].uuid)}"
    if "versions" in path:
        tag = olsen.get(f"{V1}/goals/{world.goals[0].uuid}/")["ETag"]
        send(olsen, "PATCH", f"{V1}/goals/{world.goals[0].uuid}/", {"progress_now": 2}, If_Match=tag)
    whole = olsen.get(url).json()["results"]
    assert len(whole) > 1
    found, following = [], f"{url}?limit=1"
    while following:
        page = olsen.get(following).json()
        found += page["results"]
        following = page["next"]
    assert found == whole
