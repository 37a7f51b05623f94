"""The status card and the read-back: what is said, in which order, and what is never left out."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.supervision.card import read_back, spoken_time
from cases.supervision.models import Case, Caution, Condition
from tests.calls import V1, signed_in
from tests.pages import Visitor, text, trail
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

LABELS = [
    "Safety", "Search", "Weapons", "Alcohol, drugs", "No contact, stay away", "Curfew", "Registration", "Officer",
]  # fmt: skip
TERMS = (
    ("curfew", "At home 9:00pm to 6:00am. Except with a shift letter", "police_enforce"),
    ("search", "Person and vehicle; home only with Probation", "police_search"),
    ("drug_treatment", "Keep the treatment plan", "police_enforce"),
    ("report", "Report on Mondays", "supervision"),
    ("alcohol_ban", "No alcohol", "supervision"),
    ("weapons_ban", "No firearms", "police_arrest"),
)


def give_terms(world: World) -> None:
    owner("DELETE FROM cases_condition WHERE case_id = %s", world.joint.pk)
    for kind, words, enforcer in TERMS:
        owner(
            "INSERT INTO cases_condition (uuid, case_id, kind, text, enforcer, created_at, updated_at, version)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s, now(), now(), 1)",
            world.joint.pk,
            kind,
            words,
            enforcer,
        )


def at(name: str, world: World) -> str:
    return reverse(name, args=[world.joint.uuid])


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        ("At home 9:00pm to 6:00am", "At home 2100 to 0600"),
        ("Home by 9 p.m. sharp", "Home by 2100 sharp"),
        ("12:30am to 12pm", "0030 to 1200"),
        ("500 feet, 26-week", "500 feet, 26-week"),
        ("Home to 6:00am. Except with a letter", "Home to 0600. Except with a letter"),
        ("Home to 6 a.m. Except with a letter", "Home to 0600. Except with a letter"),
    ],
)
def test_times_are_spoken_in_24_hours(said: str, spoken: str) -> None:
    assert spoken_time(said) == spoken


def test_a_condition_by_hours_binds_over_midnight() -> None:
    night = Condition(daily_from=datetime.time(21), daily_until=datetime.time(6))
    zone = ZoneInfo("America/New_York")
    with timezone.override(zone):
        for hour, binds in ((20, False), (21, True), (0, True), (5, True), (6, False)):
            assert night.binds_at(datetime.datetime(2026, 5, 4, hour, 30 if hour == 5 else 0, tzinfo=zone)) is binds
    noon = datetime.datetime(2026, 5, 4, 12, tzinfo=zone)
    assert not Condition(ends_on=datetime.date(2026, 5, 3)).binds_at(noon)


def test_the_read_back_has_eight_lines_and_says_what_is_not_set(world: World) -> None:
    give_terms(world)
    page = text(Visitor(world.users["patel"]).get(at("case_read_back", world)))
    places = [page.index(f"{label}</span>") for label in LABELS]
    assert places == sorted(places)
    for said in ("Firearm, Seen with a pistol", "At home 2100 to 0600", "None set", "None recorded"):
        assert said in page
    assert "treatment plan" not in page[places[0] :]
    assert ">Pine Probation only: No alcohol<" in page  # nothing that police may act on
    assert ">No firearms<" in page


def test_unknown_is_never_read_as_none(world: World) -> None:
    case: Case = world.joint
    case.opened = type(case.opened)(1 | 2 | 4 | 8)
    now = timezone.now()
    said = [line.text for line in read_back(case, None, None, now)]
    assert said[0] == "Cautions not loaded. Act as if there are some"
    assert set(said[1:7]) == {"Not loaded. Treat as unknown"}
    case.opened = type(case.opened)(1 | 2)
    said = [line.text for line in read_back(case, None, None, now)]
    assert said[0] == "Cautions not shared with us. Ask before going"
    assert set(said[1:7]) == {"Not shared with us"}
    case.opened = type(case.opened)(1 | 2 | 4 | 8)
    caution = Caution(text="Dog", set_on=now.date())
    assert [line.text for line in read_back(case, [caution], [], now)][:3] == ["Dog", "None set", "None set"]


def test_a_status_card_shows_what_police_may_act_on_and_search_apart(world: World) -> None:
    give_terms(world)
    page = text(Visitor(world.users["dispatch"]).get(at("case_card", world)))
    for seen in ("Firearm", "Tobias Hallett", "PO Olsen", "At home 9:00pm", "Person and vehicle", "Home only with"):
        assert seen in page
    assert "Report on Mondays" not in page
    assert trail("read", action="card")


def test_a_stop_inside_a_time_ends_no_sentence(world: World) -> None:
    assert "<strong>At home from 9 p.m. to 6 a.m.</strong>" in text(
        Visitor(world.users["patel"]).get(at("case_card", world))
    )


def test_the_card_says_what_could_not_be_loaded(world: World) -> None:
    owner("REVOKE SELECT ON cases_condition FROM concord_app")
    page = text(Visitor(world.users["patel"]).get(at("case_card", world)))
    assert "Conditions may exist" in page
    assert "Not loaded. Treat as unknown" in page
    assert "Firearm" in page


def test_the_colours_are_kept_for_the_session(world: World) -> None:
    visitor = Visitor(world.users["patel"])
    visitor.get(at("case_card", world), light="night")
    assert "field-page--night" in text(visitor.get(at("case_read_back", world)))
    visitor.get(at("case_card", world), light="day")
    assert "field-page--day" in text(visitor.get(at("case_card", world), light="purple"))


def test_conditions_empty_not_shared_and_not_loaded_are_three_sights(world: World) -> None:
    visitor, address = Visitor(world.users["olsen"]), at("case_conditions", world)
    assert "At home from 9 p.m. to 6 a.m." in text(visitor.get(address))
    assert "100 of 600 days, 500 left" in text(visitor.get(address))
    hidden = reverse("case_conditions", args=[world.referred.uuid])
    assert "Conditions are not shared with Harbor Treatment Center" in text(Visitor(world.users["carter"]).get(hidden))
    owner("DELETE FROM cases_condition WHERE case_id = %s", world.joint.pk)
    assert "No conditions are recorded" in text(visitor.get(address))
    owner("REVOKE SELECT ON cases_condition FROM concord_app")
    failed = text(visitor.get(address))
    assert "Conditions may exist" in failed
    assert "No conditions are recorded" not in failed


@pytest.mark.parametrize("name", ["case_card", "case_conditions"])
def test_the_pages_fit_the_budget(world: World, name: str) -> None:
    visitor = Visitor(world.users["reyes"])
    visitor.get(at(name, world))
    with CaptureQueriesContext(connection) as caught:
        assert visitor.get(at(name, world)).status_code == 200
    assert len(caught.captured_queries) <= 14


def test_a_partner_reads_the_card_and_the_conditions(world: World) -> None:
    give_terms(world)
    patel = signed_in(world.users["patel"])
    card = patel.get(f"{V1}/cases/{world.joint.uuid}/status-card/").json()
    assert [line["topic"] for line in card["read_back"]] == LABELS
    assert [rule["kind"] for rule in card["search"]] == ["search"]
    assert card["cautions"][0]["text"] == "Firearm"
    listed = patel.get(f"{V1}/cases/{world.joint.uuid}/conditions/").json()["results"]
    assert len(listed) == len(TERMS)
