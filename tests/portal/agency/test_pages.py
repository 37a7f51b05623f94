"""The agency's pages show its own people, count through the door, and move caseloads case by case."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agencies.directory import services as directory
from agencies.directory.models import Membership, User
from cases.plans import services as plans
from sharing.access.context import acting
from sharing.notices.models import InboxItem
from sharing.notices.services import relay_pending
from tests import services
from tests.calls import signed_in
from tests.pages import Visitor, text, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

PEOPLE, WORKLOAD, REASSIGN = "/agency/", "/agency/workload/", "/agency/reassign/"


def more_people(world: World, number: int) -> None:
    """So many further officers of north."""
    with services.as_job():
        people = User.objects.bulk_create(User(email=f"p{n}@example.org", name=f"P {n}") for n in range(number))
        Membership.objects.bulk_create(
            Membership(user=person, group_id=world.units["probation/north"].pk, role="analyst") for person in people
        )


def test_people_are_those_of_the_own_agency_by_unit(world: World) -> None:
    visitor = Visitor(world.users["reyes"])
    page = text(visitor.get(PEOPLE))
    assert "Det. Reyes" in page
    assert "Olsen" not in page
    assert "Invite" not in page
    gang = text(visitor.get(PEOPLE, unit=world.units["police/gang"].pk))
    assert "Stone" in gang
    assert "Patel" not in gang
    assert visitor.get(PEOPLE, unit=world.units["probation/north"].pk).status_code == 400
    assert visitor.get(PEOPLE, state="suspended").status_code == 403
    assert visitor.get(PEOPLE, state="x").status_code == 400


def test_people_cost_the_same_at_five_and_at_fifty(world: World) -> None:
    client = signed_in(world.users["admin"])
    client.get(PEOPLE)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(PEOPLE)
    more_people(world, 45)
    with CaptureQueriesContext(connection) as many:
        assert "50 shown of 51" in text(client.get(PEOPLE))
    assert len(few) == len(many) <= 9, [query["sql"][:160] for query in many]


def test_another_agency_s_people_are_not_there(world: World) -> None:
    visitor = Visitor(world.users["admin"])
    assert visitor.get(reverse("member", args=[world.users["reyes"].pk])).status_code == 404
    assert visitor.get(reverse("unit", args=[world.units["police/gang"].pk])).status_code == 404


def test_each_figure_of_the_workload_leads_to_the_list_on_which_it_stands(world: World) -> None:
    services.owner("UPDATE cases_case SET next_review = current_date - 400 WHERE id = %s", world.cases[6].pk)
    mills = Visitor(world.users["mills"])
    by_unit = mills.get(WORKLOAD)
    assert len(mills.get(by_unit.context["total"].reviews_url).context["cases"]) == by_unit.context["total"].cases
    for unit in by_unit.context["rows"]:
        by_officer = mills.get(WORKLOAD + unit.cases_url)
        assert by_officer.context["chosen"].name == unit.name
        for load in by_officer.context["rows"]:
            assert mills.get(load.cases_url).context["count"].number == load.cases
            listed = mills.get(load.reviews_url).context["cases"]
            assert {case.officer.display for case in listed} == {load.name}
            assert bool(load.overdue) == (listed[0].pk == world.cases[6].pk)
            assert f'href="{load.cases_url}"'.replace("&", "&amp;") in text(by_officer)
    services.owner("UPDATE cases_case SET officer_id = %s WHERE id = %s", world.users["olsen"].pk, world.cases[14].pk)
    for unit in ("north", "south"):  # no list holds the cases of one unit of an officer who has some in both
        rows = mills.get(f"{WORKLOAD}?unit={world.units[f'probation/{unit}'].pk}").context["rows"]
        assert [load.cases_url for load in rows if load.name == "PO Olsen"] == [""]
    services.owner("UPDATE cases_case SET officer_id = NULL WHERE unit_id = %s", world.units["probation/south"].pk)
    (nobody,) = mills.get(f"{WORKLOAD}?unit={world.units['probation/south'].pk}").context["rows"]
    assert (nobody.name, nobody.cases_url) == ("No officer of record", "")


def test_workload_counts_what_the_viewer_may_see(world: World) -> None:
    # Two days: UTC's yesterday is still today in New York for some hours of the night.
    services.owner("UPDATE cases_case SET next_review = current_date - 2 WHERE id = %s", world.cases[14].pk)
    mills = text(Visitor(world.users["mills"]).get(WORKLOAD))
    assert "North" in mills
    assert "South" in mills
    quist = Visitor(world.users["quist"]).get(WORKLOAD)
    (row,) = quist.context["rows"]
    assert (row.name, row.cases, row.overdue) == ("PO Quist", 3, 1)
    assert "North" not in text(quist)
    assert "no open case" in text(Visitor(world.users["reyes"]).get(WORKLOAD))
    assert "opens no case" in text(Visitor(world.users["admin"]).get(WORKLOAD))
    pratt = Visitor(world.users["pratt"]).get(WORKLOAD)  # excluded from one of north's cases
    assert sum(row.cases for row in pratt.context["rows"]) == 13


def test_a_caseload_moves_to_a_colleague(world: World) -> None:
    visitor = Visitor(world.users["mills"])
    address = f"{REASSIGN}?officer={world.users['olsen'].pk}"
    assert "PO Olsen" in text(visitor.get(REASSIGN))
    page = visitor.get(address).content.decode()
    assert "Hallett" in page
    assert '<optgroup label="North">' in page
    own = [case for case in world.cases if case.officer_id == world.users["olsen"].pk]
    given = {"officer": world.users["pratt"].pk, "unit": "", "reason": "Leaves the service"}
    assert visitor.send(address, page, given).status_code == 400
    assert visitor.send(address, page, {**given, "cases": [str(world.cases[14].uuid)]}).status_code == 400
    moved = visitor.send(address, page, {**given, "cases": [str(case.uuid) for case in own]})
    told = text(moved)
    assert "6 cases moved to PO Pratt, 1 did not.</strong> Both officers will be told." in told
    (stayed,) = moved.context["cases"]
    assert stayed["chosen"]
    assert f"The officer has a conflict of interest with this case. {stayed['case'].person.sorted} (C00002)." in told
    nothing = visitor.send(address, page, {**given, "cases": [str(stayed["case"].uuid)]})
    assert nothing.status_code == 400
    told = text(nothing)
    assert "Nothing has moved" in told
    assert "will be told" not in told
    assert told.count("The officer has a conflict of interest") == 1
    assert 'value="Leaves the service"' in told
    assert f'<option value="{world.users["pratt"].pk}" selected>' in told
    assert [row["chosen"] for row in nothing.context["cases"]] == [True]
    left = services.owner("SELECT count(*) FROM cases_case WHERE officer_id = %s", world.users["olsen"].pk)
    assert left == [(1,)]
    assert len(trail("change", verb="case.reassigned")) == 6


def test_an_officer_who_may_no_longer_work_cases_stands_out(world: World) -> None:
    with acting(world.users["admin"], world.agencies["probation"]) as actor:
        place = Membership.objects.get(user=world.users["olsen"])
        directory.end_role(actor=actor, user_id=place.user_id, membership_id=place.pk)
    page = text(Visitor(world.users["mills"]).get(REASSIGN))
    assert page.count("Works no cases now") == 1


def cover(world: World, colleague: str) -> Any:
    """Olsen is away; the colleague answers."""
    now = timezone.now()
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        return directory.arrange_cover(
            actor=actor,
            colleague_id=world.users[colleague].pk,
            starts_at=now - datetime.timedelta(hours=1),
            until=now + datetime.timedelta(days=3),
        )


def news_of_a_goal(world: World) -> set[int]:
    """Reyes changes a goal of olsen's case; the accounts that are told."""
    with acting(world.users["reyes"], world.agencies["police"]) as actor:
        plans.update_goal(actor=actor, goal_uuid=world.goals[0].uuid, changes={"title": "Keep the job"}, seen_version=1)
    with services.as_job():
        relay_pending()
        return set(InboxItem.objects.values_list("user_id", flat=True))


def test_cover_gives_the_news_and_a_list(world: World) -> None:
    with acting(world.users["admin"], world.agencies["probation"]) as actor:
        directory.give_role(
            actor=actor, user_id=world.users["quist"].pk, group_id=world.units["probation/north"].pk,
            role="supervising_officer",
        )  # fmt: skip
    found = cover(world, "quist")
    assert world.users["quist"].pk in news_of_a_goal(world)
    page = text(Visitor(world.users["quist"]).get(reverse("covered", args=[found.uuid])))
    assert "Hallett" in page
    assert "Away until" in text(Visitor(world.users["mills"]).get(PEOPLE))


def test_cover_opens_nothing(world: World) -> None:
    found = cover(world, "quist")
    assert world.users["quist"].pk not in news_of_a_goal(world)
    visitor = Visitor(world.users["quist"])
    page = text(visitor.get(reverse("covered", args=[found.uuid])))
    assert "None of their open cases" in page
    assert "Hallett" not in page
    assert visitor.get(reverse("case_overview", args=[world.joint.uuid])).status_code == 404
    assert Visitor(world.users["pratt"]).get(reverse("covered", args=[found.uuid])).status_code == 404


def test_cover_is_arranged_and_ended_on_its_page(world: World) -> None:
    visitor, address = Visitor(world.users["olsen"]), reverse("cover")
    today = timezone.localdate()
    days = {"starts": today.isoformat(), "until": (today + datetime.timedelta(days=5)).isoformat()}
    assert visitor.post(address, {"colleague": world.users["reyes"].pk, **days}).status_code == 400
    assert visitor.post(address, {"colleague": world.users["pratt"].pk, **days}).status_code == 302
    assert "PO Pratt" in text(visitor.get(address))
    (row,) = trail("change", verb="cover.arranged")
    visitor.post(reverse("cover_end", args=[row["object_id"]]), form_at=address)
    assert "Your news reaches you alone" in text(visitor.get(address))


def test_an_administrator_s_places_on_a_phone_are_the_agency_and_its_connections(world: World) -> None:
    def links(name: str) -> tuple[bool, bool]:
        page = Visitor(world.users[name]).get(reverse("account")).content.decode()
        bar = page.partition('aria-label="Places"')[2]
        more = page.partition('id="more"')[2].partition("</section>")[0]
        return "My agency" in bar and "Connections" in bar, "Connections" in more

    assert links("admin") == (True, True)
    assert links("olsen") == (False, False)
