"""The page of cautions and flags: who sees which sight of it, and what setting, reviewing and ending one says."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.cases.audiences import names_readers_under_each_audience
from tests.pages import Visitor, hidden, text, trail
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def at(name: str, world: World, **parts: object) -> str:
    return reverse(name, kwargs={"record": world.joint.uuid, **parts})


def test_each_side_sees_its_own_flags_and_those_of_both(world: World) -> None:
    supervision = text(Visitor(world.users["olsen"]).get(at("case_flags", world)))
    police = text(Visitor(world.users["reyes"]).get(at("case_flags", world)))
    both, supervisions, polices = "Panel of May 4", "Serious mental illness", "Report 26-118"
    assert both in supervision
    assert supervisions in supervision
    assert polices not in supervision
    assert both in police
    assert polices in police
    assert supervisions not in police
    assert "2 flags" in supervision
    assert "2 flags" in police


def test_flags_none_not_shared_and_not_loaded_are_three_sights(world: World) -> None:
    empty = Visitor(world.users["pratt"])
    address = reverse("case_flags", args=[world.cases[3].uuid])
    assert "No flag is set" in text(empty.get(address))
    hatched = text(Visitor(world.users["patel"]).get(at("case_flags", world)))
    assert "Flags are not shared with Riverton Police Department" in hatched
    assert "Firearm" in hatched
    assert "flags</a>" not in hatched  # the count is not told either
    owner("REVOKE SELECT ON cases_flag FROM concord_app")
    failed = text(empty.get(address))
    assert "Flags may exist" in failed
    assert "Flags not loaded</a>" in failed
    assert "No flag is set" not in failed
    assert "No caution stands" in failed


def test_the_case_page_counts_flags_and_late_reviews(world: World) -> None:
    owner("UPDATE cases_flag SET review_on = '2020-01-01'")
    page = text(Visitor(world.users["olsen"]).get(at("case_overview", world)))
    assert "2 flags, 2 reviews late</a>" in page
    assert "days late" in text(Visitor(world.users["reyes"]).get(at("case_flags", world)))


def test_each_audience_of_a_flag_names_its_readers(world: World) -> None:
    names_readers_under_each_audience(world, at("flag_add", world))
    caution = text(Visitor(world.users["olsen"]).get(at("caution_add", world)))
    assert "Will be read by</strong> Pine County Community Corrections;" in caution  # no choice: one sentence


@pytest.mark.parametrize(("audience", "police"), [("0", True), ("1", False)])
def test_a_flag_that_is_set_names_who_is_told(world: World, audience: str, police: bool) -> None:
    visitor = Visitor(world.users["olsen"])
    asked = {"kind": "veteran", "level": "0", "basis": "self_report", "evidence": "Papers", "audience": audience}
    page = visitor.get(at("flag_add", world)).content.decode()
    visitor.send(at("flag_add", world), page, {**asked, "token": hidden(page, "token")})
    said = text(visitor.get(at("case_flags", world)))
    assert "the supervisors of North will be told." in said
    assert ("Flag set.</strong> Gang, Riverton Police Department" in said) is police


def test_a_flag_is_set_reviewed_and_ended_by_its_forms(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    asked = {"kind": "veteran", "level": "0", "basis": "self_report", "evidence": "Papers", "audience": "0"}
    page = visitor.get(at("flag_add", world)).content.decode()
    form, token = page, hidden(page, "token")
    for _ in range(2):  # the second click finds the first one's flag
        answer = visitor.send(at("flag_add", world), page, {**asked, "token": hidden(page, "token")})
        assert answer.status_code == 302
    other = visitor.send(at("flag_add", world), page, {**asked, "evidence": "Hearsay", "token": hidden(page, "token")})
    assert other.status_code == 400
    assert "This form was used already. Open it again." in text(other)
    (row,) = owner("SELECT uuid, version FROM cases_flag WHERE kind = 'veteran'")
    assert "Flag set." in text(visitor.get(at("case_flags", world)))
    review, end = at("flag_review", world, flag=row[0]), at("flag_end", world, flag=row[0])
    assert visitor.post(review, {"note": "", "seen_version": "1"}).status_code == 400
    kept = {"note": "Seen", "review_on": "", "seen_version": "1"}
    assert visitor.post(review, kept).status_code == 400
    page = visitor.get(review).content.decode()
    kept["review_on"] = hidden(page, "review_on")
    assert visitor.send(review, page, kept).status_code == 302
    first = {**asked, "review_on": "", "token": token}  # that its day was moved since is no other content
    assert visitor.send(at("flag_add", world), form, first).status_code == 302
    again = visitor.send(review, page, kept)  # its answer was lost: nobody came in between
    assert again.status_code == 302
    assert len(trail("change", verb="flag.reviewed")) == 1
    stale = visitor.send(review, page, {**kept, "note": "Seen again"})
    assert stale.status_code == 409
    assert hidden(stale.content.decode(), "seen_version") == "2"
    assert "Somebody reviewed this meanwhile" in text(stale)
    assert visitor.post(end, {"reason": ""}).status_code == 400
    assert visitor.post(end, {"reason": "Papers were another's"}).status_code == 302
    ended = text(visitor.get(at("case_flags", world)))
    assert "by PO Olsen: Papers were another" in ended


def test_a_caution_added_stands_on_the_overview_at_once_and_leaves_it_when_it_ends(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    page = visitor.get(at("caution_add", world)).content.decode()
    asked = {"text": "Needles", "rank": "1", "review_on": "", "token": hidden(page, "token")}
    assert visitor.send(at("caution_add", world), page, asked).status_code == 400
    asked["review_on"] = f"{world.flags[0].review_on:%m/%d/%Y}"
    assert [visitor.send(at("caution_add", world), page, asked).status_code for _ in range(2)] == [302, 302]
    assert visitor.send(at("caution_add", world), page, {**asked, "rank": "2"}).status_code == 400
    (row,) = owner("SELECT uuid FROM cases_caution WHERE text = 'Needles'")
    police = Visitor(world.users["patel"])
    assert "<strong>Needles</strong>" in text(police.get(at("case_overview", world)))
    assert visitor.post(at("caution_end", world, caution=row[0]), {"reason": "Clean"}).status_code == 302
    assert "<strong>Needles</strong>" not in text(police.get(at("case_overview", world)))
    assert "Needles" in text(police.get(at("case_flags", world)))


def test_the_page_costs_the_same_with_many_flags_and_fits_the_budget(world: World) -> None:
    visitor = Visitor(world.users["olsen"])

    def cost() -> int:
        visitor.get(at("case_flags", world))
        with CaptureQueriesContext(connection) as caught:
            assert visitor.get(at("case_flags", world)).status_code == 200
        return len(caught.captured_queries)

    before = cost()
    owner(
        "INSERT INTO cases_flag (uuid, case_id, agency_id, kind, level, basis, evidence, audience, set_on, review_note,"
        " end_reason, created_at, updated_at, version) SELECT gen_random_uuid(), case_id, agency_id, kind, level,"
        " basis, evidence, audience, set_on, '', '', now(), now(), 1 FROM cases_flag, generate_series(1, 20)"
    )
    assert cost() == before <= 14
    assert trail("read", action="flags")
