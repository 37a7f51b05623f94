"""What happened to a case, in one stream: who sees what of it, page after page, at one price."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.plans.models import ActionVersion, GoalVersion
from cases.plans.services import add_goal, update_action, update_goal
from cases.supervision.models import Case
from cases.timeline.querysets import Place, timeline_page
from cases.timeline.sources import Line
from sharing.access.context import acting, job_context
from tests import services
from tests.calls import V1, send, signed_in
from tests.pages import Visitor, text, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def page_of(case: Any) -> str:
    return reverse("case_timeline", args=[case.uuid])


def statements(visitor: Visitor, address: str) -> list[str]:
    visitor.get(address)  # a first answer fills caches of the process
    with CaptureQueriesContext(connection) as caught:
        assert visitor.get(address).status_code == 200
    return [query["sql"] for query in caught.captured_queries]


def said(lines: list[Line]) -> list[tuple[Any, ...]]:
    """Lines as they can be compared."""
    return [(line.at, line.kind, line.entry.title, line.entry.page) for line in lines]


def many_versions(world: World, number: int) -> None:
    """Versions of the first goal, two and two at the same moment, and as many of the first action."""
    goal, now = world.goals[0], timezone.now()
    rows = [
        GoalVersion(
            goal=goal,
            case=world.joint,
            plan=world.plan,
            audience=0,
            version=2 + place,
            values={"title": f"Goal {place}"},
            changed_fields=["title"],
            changed_by=world.users["olsen"],
            changed_by_agency=world.agencies["probation"],
            changed_at=now - datetime.timedelta(minutes=place // 2),
        )
        for place in range(number)
    ]
    with services.as_job(), job_context():
        GoalVersion.objects.bulk_create(rows)


def test_each_reader_gets_the_stream_of_their_keys_and_side(world: World) -> None:
    owner = text(Visitor(world.users["olsen"]).get(page_of(world.joint)))
    for said in ("Goal added: Finish the program", "Access given to Gang, Riverton Police Department"):
        assert said in owner
    assert "Drive past the shop" not in owner
    partner = text(Visitor(world.users["reyes"]).get(page_of(world.joint)))
    assert "Action added: Drive past the shop" in partner
    assert "Finish the program" not in partner
    assert "Access given to Gang, Riverton Police Department" in partner
    answer = Visitor(world.users["patel"]).get(page_of(world.joint))
    card = text(answer)
    assert "Goal added" not in card
    assert "Access given" not in card
    assert {"Contacts of others", "Plan"} <= set(answer.context["withheld"])  # whether there is anything or not


def test_what_is_withheld_reads_the_same_for_an_empty_case(world: World) -> None:
    full, empty = (Visitor(world.users["patel"]).get(page_of(case)) for case in (world.joint, world.cases[6]))
    assert full.context["withheld"] == empty.context["withheld"]
    kinds = {line.kind for day in full.context["days"] for line in day["lines"]}
    assert (kinds, empty.context["days"]) == ({"flags"}, [])  # its caution, which a status card shows


def test_access_given_and_ended_stand_in_the_owners_stream(world: World) -> None:
    page = text(Visitor(world.users["olsen"]).get(page_of(world.ended)))
    assert "Access ended for Gang, Riverton Police Department" in page
    assert "It ran out." in page
    assert "Access ended" not in text(Visitor(world.users["olsen"]).get(page_of(world.joint)))


def test_a_goal_hidden_since_takes_its_history_along(world: World) -> None:
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        update_goal(actor=actor, goal_uuid=world.goals[0].uuid, changes={"audience": 1}, seen_version=1)
    assert "Keep a job" not in text(Visitor(world.users["reyes"]).get(page_of(world.joint)))


@pytest.mark.parametrize(("service", "title"), [("goal", "Keep a job"), ("action", "Talk with the employer")])
def test_the_history_is_taken_along_without_row_security_too(world: World, service: str, title: str) -> None:
    """The door as a queryset, on a connection for which the database lets everything through."""
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        if service == "goal":
            update_goal(actor=actor, goal_uuid=world.goals[0].uuid, changes={"audience": 1}, seen_version=1)
        else:
            update_action(actor=actor, action_uuid=world.actions[0].uuid, changes={"audience": 1}, seen_version=1)
    with services.as_job(), acting(world.users["reyes"], world.agencies["police"]) as actor:
        case = Case.objects.open_one(actor, world.joint.uuid)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('access.job', 'on', true)")
        goals, actions = GoalVersion.objects.permitted(actor), ActionVersion.objects.permitted(actor)
        # The versions from before had another audience.
        assert goals.filter(goal=world.goals[0], audience=0).exists()
        assert actions.filter(action=world.actions[0], audience=0).exists()
        shown = [line.entry.title for line in timeline_page(actor, case, kind="plan", limit=500).lines]
    assert not [line for line in shown if title in line]
    assert "Action added: Drive past the shop" in shown


def test_pages_follow_each_other_without_gap_or_repeat(world: World) -> None:
    many_versions(world, 30)
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        case = Case.objects.open_one(actor, world.joint.uuid)
        whole = timeline_page(actor, case, limit=500)
        assert whole.next is None
        for limit in (1, 2, 7):
            seen, after = [], None
            while True:
                page = timeline_page(actor, case, after=after, limit=limit)
                seen += page.lines
                if page.next is None:
                    break
                assert len(page.lines) == limit
                after = Place.of(page.next.position)
            assert said(seen) == said(whole.lines)
        assert [line.at for line in whole.lines] == sorted((line.at for line in whole.lines), reverse=True)
        kinds = {line.kind for line in whole.lines}
        assert kinds >= {"contacts", "plan", "access", "documents", "flags"}
        for kind in kinds:
            alone = timeline_page(actor, case, kind=kind, limit=500)
            assert said(alone.lines) == said([line for line in whole.lines if line.kind == kind])


@pytest.mark.parametrize("who", ["olsen", "reyes"])
def test_it_costs_the_same_at_five_and_at_fifty(world: World, who: str) -> None:
    visitor = Visitor(world.users[who])
    addresses = page_of(world.joint), reverse("case_overview", args=[world.joint.uuid])
    few = [statements(visitor, address) for address in addresses]
    many_versions(world, 50)
    many = [statements(visitor, address) for address in addresses]
    for before, after in zip(few, many, strict=True):
        assert len(before) == len(after) <= 14, [query[:60] for query in after]


@pytest.mark.parametrize("asked", [{"show": "nonsense"}, {"after": "xxx"}, {"show": "plan", "after": "eyJ"}])
def test_an_address_that_is_not_understood_shows_nothing(world: World, asked: dict[str, str]) -> None:
    assert Visitor(world.users["olsen"]).get(page_of(world.joint), **asked).status_code == 400


def test_a_cursor_is_good_for_its_own_case_alone(world: World) -> None:
    many_versions(world, 30)
    visitor = Visitor(world.users["olsen"])
    further = visitor.get(page_of(world.joint)).context["next_url"].partition("?")[2]
    assert visitor.client.get(f"{page_of(world.joint)}?{further}").status_code == 200
    assert visitor.client.get(f"{page_of(world.cases[6])}?{further}").status_code == 400


def test_the_overview_shows_the_latest_five(world: World) -> None:
    answer = Visitor(world.users["olsen"]).get(reverse("case_overview", args=[world.joint.uuid]))
    assert sum(len(row["lines"]) for row in answer.context["latest"]) == 5
    provider = Visitor(world.users["carter"]).get(reverse("case_overview", args=[world.referred.uuid]))
    assert "plan" not in {line.kind for row in provider.context["latest"] for line in row["lines"]}


def test_a_look_is_recorded_with_what_it_showed(world: World) -> None:
    Visitor(world.users["reyes"]).get(page_of(world.joint))
    (read,) = trail("read", action="timeline")
    assert read["record_ids"] == [world.joint.uuid]
    assert read["categories"] & 64
    assert not read["categories"] & 65536


def test_the_api_tells_the_same(world: World) -> None:
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        add_goal(
            actor=actor,
            plan_uuid=world.plan.uuid,
            values={"title": "Find a room", "need": "housing", "target": "A lease"},
            goal_uuid=uuid.uuid4(),
        )
    client = signed_in(world.users["reyes"])
    address = f"{V1}/cases/{world.joint.uuid}/timeline/"
    first = send(client, "GET", f"{address}?limit=1").json()
    assert [row["title"] for row in first["results"]] == ["Goal added: Find a room"]
    assert first["results"][0]["agency"]["name"] == "Pine County Community Corrections"
    assert send(client, "GET", first["results"][0]["url"]).status_code == 200
    second = send(client, "GET", first["next"]).json()
    assert second["results"] != first["results"]
    assert {row["kind"] for row in send(client, "GET", f"{address}?kind=access").json()["results"]} == {"access"}
    assert "PLAN_VIEW" in send(signed_in(world.users["patel"]), "GET", address).json()["withheld"]
    assert send(client, "GET", f"{address}?kind=gossip").status_code == 400
