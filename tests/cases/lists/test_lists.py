"""What people keep of the case list, and take out of it as a file."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import localdate

from agencies.directory.categories import Category
from cases.contacts.codes import ContactAudience
from cases.lists import services as lists
from cases.lists.columns import cell, file_columns
from sharing.access.context import NoContext
from tests import services
from tests.cases.supervision.test_pages import overview, statements
from tests.pages import Visitor, rows, text, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

LIST, SAVED, COLUMNS, EXPORT = (reverse(n) for n in ("case_list", "saved_filters", "case_columns", "case_export"))


def file_of(response: Any) -> list[dict[str, str]]:
    """The rows of an exported file."""
    assert response.status_code == 200, response.content
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def export(visitor: Visitor, **fields: Any) -> Any:
    return visitor.post(EXPORT, {"purpose": "supervision", **fields})


# --- Recent ----------------------------------------------------------------------------------------------------------


def test_recent_are_ones_own_last_opened_first_and_what_was_lost_is_gone(world: World) -> None:
    reyes, patel = Visitor(world.users["reyes"]), Visitor(world.users["patel"])
    for case in (world.joint, world.cases[4], world.joint):
        reyes.get(overview(case))
    patel.get(overview(world.cases[8]))
    shown = reyes.get(LIST, tab="recent")
    assert [case.pk for case in shown.context["cases"]] == [world.joint.pk, world.cases[4].pk]
    services.owner("UPDATE cases_casekey SET until = now() WHERE content_object_id = %s", world.cases[4].pk)
    shown = reyes.get(LIST, tab="recent")
    assert [case.pk for case in shown.context["cases"]] == [world.joint.pk]
    assert "opened no case yet" in text(Visitor(world.users["mills"]).get(LIST, tab="recent"))


def test_recent_takes_no_filter_and_costs_no_more_than_the_list(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    visitor.get(overview(world.joint))
    assert len(statements(visitor, LIST, tab="recent")) <= 9
    assert visitor.get(LIST, tab="recent", status="1").status_code == 400


def test_a_file_has_the_middle_name_in_its_place_and_times_of_the_agency_with_their_offset(world: World) -> None:
    services.owner("UPDATE cases_person SET middle_name = 'Quincy' WHERE id = %s", world.joint.person_id)
    moment = "2026-01-15 03:30:00+00"
    services.owner("UPDATE cases_case SET updated_at = %s WHERE id = %s", moment, world.joint.pk)
    services.owner("UPDATE cases_contact SET occurred_at = %s", moment)
    services.owner("UPDATE agencies_agency SET time_zone = 'America/Denver'")
    olsen = Visitor(world.users["olsen"])
    olsen.post(COLUMNS, {"columns": ["changed", "contact"]})
    (row,) = file_of(export(olsen, case=str(world.joint.uuid)))
    assert list(row)[1:4] == ["Family name", "Given name", "Middle name"]
    assert row["Middle name"] == "Quincy"
    assert row["Changed"] == "2026-01-14T20:30:00-07:00"
    assert row["Last contact"] == "2026-01-14T20:30-07:00"


# --- By officer, and by next review ----------------------------------------------------------------------------------


def test_the_units_cases_are_narrowed_to_an_officer_on_the_list_in_a_kept_filter_and_in_a_file(world: World) -> None:
    mills, pratt = Visitor(world.users["mills"]), world.users["pratt"]
    offered = mills.get(LIST).context["form"].fields["officer"].choices
    assert [name for _, name in offered] == ["Any officer", "SPO Mills", "PO Olsen", "PO Pratt", "PO Quist", "PO Tran"]
    asked = {"tab": "unit", "officer": str(pratt.pk)}
    shown = mills.get(LIST, **asked)
    assert {case.officer_id for case in shown.context["cases"]} == {pratt.pk}
    assert shown.context["count"].number == len(shown.context["cases"]) == 7
    assert [chip["label"] for chip in shown.context["chips"]] == ["PO Pratt"]
    kept = mills.post(f"{SAVED}?tab=unit&officer={pratt.pk}", {"name": "Pratt's"})
    assert kept["Location"] == f"{LIST}?tab=unit&officer={pratt.pk}"
    assert {row["Officer of record"] for row in file_of(export(mills, **asked))} == {"PO Pratt"}
    for address in ({"tab": "unit"}, asked):  # who may be chosen is one more than an officer's list asks
        assert len(statements(mills, LIST, **address)) <= 9


def test_an_officer_who_may_not_be_asked_by_is_an_error_and_never_a_wider_list(world: World) -> None:
    forged = [world.users[who].pk for who in ("reyes", "admin", "system", "nobody")]
    visitor = Visitor(world.users["mills"])
    for officer in [*map(str, forged), "0", "-1", "x", "9" * 18, "9" * 30]:
        answer = visitor.get(LIST, tab="unit", officer=officer)
        assert (answer.status_code, "Hallett" in text(answer)) == (400, False), officer
        assert visitor.post(f"{SAVED}?tab=unit&officer={officer}", {"name": "X"}, form_at=COLUMNS).status_code == 400
        refused = {"purpose": "supervision", "tab": "unit", "officer": officer}
        assert visitor.post(EXPORT, refused).status_code == 400
    quist, olsen = str(world.users["quist"].pk), str(world.users["olsen"].pk)
    assert Visitor(world.users["olsen"]).get(LIST, tab="unit", officer=quist).status_code == 400
    for who, tab in (("mills", "mine"), ("mills", "shared"), ("mills", "recent"), ("stone", "shared")):
        assert Visitor(world.users[who]).get(LIST, tab=tab, officer=olsen).status_code == 400


def test_who_left_is_still_asked_by_while_a_case_names_them(world: World) -> None:
    quist = world.users["quist"]
    services.owner("UPDATE agencies_membership SET until = now() WHERE user_id = %s", quist.pk)
    mills, olsen = Visitor(world.users["mills"]), Visitor(world.users["olsen"])
    assert len(mills.get(LIST, tab="unit", officer=str(quist.pk)).context["cases"]) == 6
    assert olsen.get(LIST, tab="unit", officer=str(quist.pk)).status_code == 400


def test_sorted_by_review_the_list_says_which_are_late_whatever_columns_are_chosen(world: World) -> None:
    late, closed = world.cases[14], world.cases[17]
    for case in (late, closed):
        services.owner("UPDATE cases_case SET next_review = current_date - 40 WHERE id = %s", case.pk)
    mills = Visitor(world.users["mills"])
    mills.post(COLUMNS, {"columns": ["risk"]})
    assert text(mills.get(LIST, sort="review")).count("days late") == 1
    assert "days late" not in text(mills.get(LIST))


# --- Saved filters ---------------------------------------------------------------------------------------------------


def test_a_filter_is_kept_found_and_removed_by_its_owner_alone(world: World) -> None:
    olsen, pratt = Visitor(world.users["olsen"]), Visitor(world.users["pratt"])
    answer = olsen.post(f"{SAVED}?tab=unit&status=1&risk=3", {"name": "High ones"})
    assert answer["Location"] == f"{LIST}?tab=unit&status=1&risk=3"
    assert "High ones" in text(olsen.get(SAVED))
    assert "High ones" in text(olsen.client.get(SAVED, headers={"HX-Request": "true"}))
    assert "High ones" not in text(pratt.get(SAVED))
    (kept,) = rows("SELECT uuid FROM cases_savedfilter")
    remove = reverse("saved_filter_remove", args=[kept["uuid"]])
    assert pratt.post(remove, form_at=COLUMNS).status_code == 404
    assert olsen.post(remove, form_at=SAVED).status_code == 302
    assert "High ones" not in text(olsen.get(SAVED))
    assert [row["verb"] for row in trail("change")] == ["list.filter_saved", "list.filter_removed"]


def test_the_wall_shows_filters_to_their_owner_alone(world: World) -> None:
    from cases.lists.models import SavedFilter
    from sharing.access.context import acting

    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        lists.save_filter(actor=actor, name="Mine", query=[("status", "1")])
    with acting(world.users["pratt"], world.agencies["probation"]):
        assert not SavedFilter.objects.exists()
        assert SavedFilter.objects.all().delete()[0] == 0
    assert len(rows("SELECT 1 FROM cases_savedfilter")) == 1


def test_a_name_is_used_once_nothing_else_is_kept_and_a_bad_filter_neither(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    olsen.post(f"{SAVED}?status=1", {"name": "Active"})
    again = olsen.post(f"{SAVED}?status=2", {"name": "active"})
    assert again.status_code == 400
    assert "You have a filter of this name" in text(again)
    assert olsen.post(f"{SAVED}?status=99", {"name": "Odd"}, form_at=COLUMNS).status_code == 400
    assert olsen.post(SAVED, {"name": "Everything"}, form_at=COLUMNS).status_code == 400
    assert len(rows("SELECT 1 FROM cases_savedfilter")) == 1


# --- Columns ---------------------------------------------------------------------------------------------------------


def test_chosen_columns_stand_on_every_list_and_cautions_always(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    olsen.post(COLUMNS, {"columns": ["offense", "level"]})
    page = text(olsen.get(LIST))
    for heading in ("Cautions", "Offense", "Level of supervision"):
        assert f">{heading}</th>" in page
    assert "Held by</th>" not in page
    assert "Sort by next review" in page
    assert "Held by</th>" in text(Visitor(world.users["pratt"]).get(LIST, tab="unit"))
    olsen.post(COLUMNS, {"usual": "1", "columns": ["offense"]})
    assert "Offense</th>" not in text(olsen.get(LIST))
    assert olsen.post(COLUMNS, {"columns": ["password"]}).status_code == 400
    assert len(statements(olsen, LIST)) <= 9


def test_next_appointment_last_contact_and_plan_are_those_the_reader_may_see(world: World) -> None:
    services.owner(
        "UPDATE cases_contact SET audience = %s WHERE id = %s", ContactAudience.SUPERVISION, world.contacts[0].pk
    )
    services.owner(
        "UPDATE cases_appointment SET starts_at = now() + interval '1 hour' WHERE id = %s", world.appointments[1].pk
    )  # for supervision alone
    told = {}
    for who in ("olsen", "reyes", "patel"):
        visitor = Visitor(world.users[who])
        visitor.post(COLUMNS, {"columns": ["next", "contact", "plan"]})
        page = visitor.get(LIST, tab="mine" if who == "olsen" else "shared")
        told[who] = next(case for case in page.context["cases"] if case.pk == world.joint.pk)
        row = re.search(r"<tr>(?:(?!</tr>).)*Hallett.*?</tr>", text(page))
        assert row is not None
        assert row[0].count("Not shared") == (3 if who == "patel" else 0)
        assert len(statements(visitor, LIST)) <= 9
    assert {who: case.beside["next"] and case.beside["next"].pk for who, case in told.items()} == {
        "olsen": world.appointments[1].pk, "reyes": world.appointments[2].pk, "patel": None
    }  # fmt: skip
    assert {who: case.beside["contact"] and case.beside["contact"].pk for who, case in told.items()} == {
        "olsen": world.contacts[0].pk, "reyes": world.contacts[2].pk, "patel": None
    }  # fmt: skip
    assert [told[who].beside["plan"] is None for who in told] == [False, False, True]
    (*_, event) = trail("read", action="list")
    assert Category.CONTACT_VIEW & event["categories"] == 0
    assert Category.PLAN_VIEW in Category(trail("read", action="list")[0]["categories"])


def test_a_column_that_cannot_be_loaded_says_so_and_the_list_stands(world: World) -> None:
    services.owner("REVOKE SELECT ON cases_contact FROM concord_app")
    olsen = Visitor(world.users["olsen"])
    olsen.post(COLUMNS, {"columns": ["next", "contact"]})
    page = text(olsen.get(LIST))
    assert "Not loaded" in page
    assert "Hallett" in page
    assert "Home visit" in page  # the next appointment, which is read all the same


# --- Files -----------------------------------------------------------------------------------------------------------


def test_a_file_holds_the_list_and_is_recorded_before_it_leaves(world: World) -> None:
    answer = export(Visitor(world.users["mills"]), tab="unit", status="1")
    (event,) = trail("read", action="export")
    assert event["purpose"] == "supervision"
    found = file_of(answer)
    assert len(found) == len(event["record_ids"]) == 16
    assert answer["Content-Disposition"].startswith("attachment")
    assert "Hallett" not in answer["Content-Disposition"]
    hallett = next(row for row in found if row["Family name"] == "Hallett")
    assert hallett["Cautions"] == "Firearm"
    assert "Last contact" not in hallett
    assert hallett["Agency"] == "Pine County Community Corrections"


def test_a_file_tells_next_appointment_last_contact_and_plan(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    olsen.post(COLUMNS, {"columns": ["next", "contact", "plan"]})
    hallett = next(row for row in file_of(export(olsen, tab="mine")) if row["Family name"] == "Hallett")
    assert hallett["Next appointment"][:10] == f"{localdate(world.appointments[2].starts_at)}"
    assert hallett["Kind of contact"] == "Office visit"
    assert hallett["Joint plan"] == "Active"
    other = next(row for row in file_of(export(olsen, tab="mine")) if row["Family name"] != "Hallett")
    assert (other["Next appointment"], other["Kind of contact"], other["Plan review"]) == ("", "", "")
    (event, _) = trail("read", action="export")
    assert Category(event["categories"]) & Category.CONTACT_VIEW


def test_a_column_stands_only_where_a_row_opens_it_and_a_cell_only_where_its_row_does(world: World) -> None:
    carter = file_of(export(Visitor(world.users["carter"])))
    assert set(carter[0]) == {"Family name", "Given name", "Middle name", "Unit", "Agency"}
    sheriff = file_of(export(Visitor(world.users["dispatch"])))
    assert "Risk level" in sheriff[0]
    (event,) = trail("read", action="export", agency_name="Harbor Treatment Center")
    assert not event["categories"] & Category.SUPERVISION


def test_a_mixed_file_says_not_shared(world: World) -> None:
    case = world.joint
    case.opened = Category.EXISTENCE
    columns = file_columns(["risk", "held"], Category.EXISTENCE | Category.SUPERVISION)
    shown = {column.heading: cell(case, column) for column in columns}
    assert shown["Risk level"] == shown["Birth date"] == shown["Officer of record"] == "not shared"
    assert "Cautions" not in shown
    assert shown["Family name"] == "Hallett"


@pytest.mark.parametrize("text_", ["=1+1", "+1", "-1", "@A1", " =1", "\t=1", "＝1"])
def test_no_cell_is_a_formula(world: World, text_: str) -> None:
    case = world.joint
    case.opened = Category.EXISTENCE
    case.person.family_name = text_
    column = next(c for c in file_columns([], case.opened) if c.heading == "Family name")
    assert cell(case, column) == f"'{text_}"


def test_ticked_rows_are_checked_one_by_one(world: World) -> None:
    reyes = Visitor(world.users["reyes"])
    ticked = [str(case.uuid) for case in (world.joint, world.restricted, world.cases[17])]
    page = text(reyes.client.get(EXPORT, {"case": ticked}))
    assert "3 ticked" in page
    assert [row["Family name"] for row in file_of(export(reyes, case=ticked))] == ["Hallett"]
    (event,) = trail("read", action="export")
    assert event["record_ids"] == [world.joint.uuid]
    assert export(reyes, case=[str(world.restricted.uuid)]).status_code == 400
    assert export(reyes, case=["x"]).status_code == 400


def test_access_that_ends_on_the_way_is_left_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "CHUNK", 1)
    answer = export(Visitor(world.users["reyes"]))
    lines = iter(answer.streaming_content)
    first = next(lines).decode() + next(lines).decode()
    assert world.cases[0].number in first
    services.owner("UPDATE cases_casekey SET until = now() WHERE content_object_id <> %s", world.cases[0].pk)
    assert list(lines) == []


def test_a_membership_that_ends_on_the_way_breaks_the_file_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "CHUNK", 1)
    lines = iter(export(Visitor(world.users["reyes"])).streaming_content)
    next(lines)
    services.owner("UPDATE agencies_membership SET until = now() WHERE user_id = %s", world.users["reyes"].pk)
    with pytest.raises(NoContext):
        list(lines)


def test_no_purpose_no_file_and_too_much_is_refused_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mills = Visitor(world.users["mills"])
    assert "What the file is for" in text(export(mills, purpose=""))
    assert export(mills, purpose="").status_code == 400
    monkeypatch.setattr(lists, "EXPORT_AT_MOST", 3)
    refused = export(mills)
    assert refused.status_code == 400
    assert "A file holds 3 cases at most" in text(refused)
    assert "no case to export" in text(export(Visitor(world.users["admin"])))
    assert trail("read", action="export") == []


def test_the_list_is_filtered_by_what_the_file_asks_and_nothing_wider(world: World) -> None:
    mills = Visitor(world.users["mills"])
    assert len(file_of(export(mills, status="2"))) == 1
    assert export(mills, status="99").status_code == 400
    assert export(Visitor(world.users["carter"]), status="1").status_code == 400


# --- Bulk reassigning ------------------------------------------------------------------------------------------------

REASSIGN = reverse("cases_reassign")


def test_ticked_rows_go_to_another_officer_and_each_is_answered_for(world: World) -> None:
    mills = Visitor(world.users["mills"])
    taken = world.cases[4]
    ticked = [str(world.joint.uuid), str(taken.uuid), str(world.cases[18].uuid)]
    page = text(mills.client.get(REASSIGN, {"case": ticked}))
    assert "Hallett" in page
    fields = {"case": ticked, "officer": world.users["pratt"].pk, "reason": "Olsen is on leave"}
    done = text(mills.post(REASSIGN, fields, form_at=f"{REASSIGN}?case={ticked[0]}"))
    moved = rows(
        "SELECT id FROM cases_case WHERE officer_id = %s AND id = ANY(%s)",
        [fields["officer"], [world.joint.pk, taken.pk]],
    )
    assert len(moved) == 2
    assert "2 cases reassigned" in done
    assert "Not reassigned" in done


def test_who_does_not_manage_reassigns_nothing(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    fields = {"case": [str(world.joint.uuid)], "officer": world.users["pratt"].pk, "reason": "No"}
    assert olsen.post(REASSIGN, fields, form_at=COLUMNS).status_code == 403
    assert "Reassign ticked" not in text(olsen.get(LIST))
    assert "Reassign ticked" in text(Visitor(world.users["mills"]).get(LIST))
    assert (
        rows("SELECT officer_id FROM cases_case WHERE id = %s", [world.joint.pk])[0]["officer_id"]
        == world.users["olsen"].pk
    )


def test_a_reassignment_without_reason_or_to_a_stranger_is_refused(world: World) -> None:
    mills = Visitor(world.users["mills"])
    at = f"{REASSIGN}?case={world.joint.uuid}"
    for wrong in ({"officer": world.users["pratt"].pk}, {"officer": world.users["reyes"].pk, "reason": "x"}):
        assert mills.post(REASSIGN, {"case": [str(world.joint.uuid)], **wrong}, form_at=at).status_code == 400
    assert mills.get(f"{REASSIGN}?case=x").status_code == 400
