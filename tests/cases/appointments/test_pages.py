"""Appointments in the browser: a case's list, one of them, what is done to it, and one's own calendar."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.appointments.calendar_file import LONGEST
from tests.cases.audiences import names_readers_under_each_audience
from tests.pages import Visitor, hidden, rows, text, trail
from tests.services import as_job, owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

NEW = {"kind": "office", "day": "12/1/26", "time": "9:30", "minutes": "30", "audience": "0"}


def listed(world: World) -> str:
    return reverse("case_appointments", args=[world.joint.uuid])


def page_of(world: World, name: str = "appointment", number: int = 0) -> str:
    return reverse(name, args=[world.joint.uuid, world.appointments[number].uuid])


def day_ahead(days: int) -> str:
    day = timezone.localdate() + datetime.timedelta(days=days)
    return f"{day.month}/{day.day}/{day.year}"


def many(world: World, number: int) -> None:
    """That many further appointments of the joint case with olsen: half this week to come, half over."""
    owner(
        "INSERT INTO cases_appointment (uuid, case_id, agency_id, made_by_id, officer_id, kind, starts_at, minutes,"
        " place, purpose, others, audience, outcome, outcome_at, outcome_by_id, note, created_at, updated_at, version)"
        " SELECT gen_random_uuid(), case_id, agency_id, made_by_id, officer_id, kind, now() + n * interval '1 minute',"
        " 30, '', '', '', 0, CASE WHEN n & 1 = 0 THEN 'attended_complied' ELSE '' END,"
        " CASE WHEN n & 1 = 0 THEN now() END, CASE WHEN n & 1 = 0 THEN officer_id END, '', now(), now(), 1"
        " FROM cases_appointment, generate_series(1, %s) n WHERE id = %s",
        number,
        world.appointments[0].pk,
    )


# --- Reading ---------------------------------------------------------------------------------------------------------


def test_each_side_reads_its_own(world: World) -> None:
    ours = text(Visitor(world.users["olsen"]).get(listed(world)))
    assert "Court date" in ours
    assert "Record outcome" in ours
    theirs = text(Visitor(world.users["reyes"]).get(listed(world)))
    assert "Court date" not in theirs
    assert "Record outcome" not in theirs  # the other agency's
    assert "Not recorded" in theirs
    assert "Home visit" in theirs
    assert trail("read", action="appointments", user_name="Det. Reyes")


def test_lists_cost_the_same_at_five_rows_and_at_fifty(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    most = {listed(world): 15, page_of(world): 15, reverse("calendar"): 12, "/": 18}
    costs: dict[str, list[int]] = {address: [] for address in most}
    for number in (5, 45):
        many(world, number)
        for address in most:
            visitor.get(address)
            with CaptureQueriesContext(connection) as caught:
                assert visitor.get(address).status_code == 200
            costs[address].append(len(caught))
            assert len(caught) <= most[address], [query["sql"][:300] for query in caught.captured_queries]
    assert all(few == much for few, much in costs.values()), costs


def test_what_is_over_comes_page_by_page_and_what_waits_stands_first(world: World) -> None:
    many(world, 60)
    owner("UPDATE cases_appointment SET starts_at = starts_at - interval '1 day' WHERE id > 4")
    visitor = Visitor(world.users["olsen"])
    first = visitor.get(listed(world))
    assert text(first).count("Attended and complied") == 25
    second_address = re.findall(r'href="([^"]*\?after=[^"]*)"', first.content.decode())[0]
    second = text(visitor.get(second_address))
    assert second.count("Attended and complied") == 5
    assert "Record outcome" not in second
    assert visitor.get(f"{listed(world)}?after=made-up").status_code == 400
    assert visitor.get(second_address.replace(str(world.joint.uuid), str(world.cases[2].uuid))).status_code == 400


def test_a_block_that_fails_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from cases.appointments.views import reading

    monkeypatch.setattr(reading, "coming", lambda *_: connection.cursor().execute("SELECT no_such_column"))
    page = text(Visitor(world.users["olsen"]).get(listed(world)))
    assert "Appointments may exist" in page
    assert "Record outcome" in page


def test_each_audience_of_an_appointment_names_its_readers(world: World) -> None:
    names_readers_under_each_audience(world, reverse("appointment_new", args=[world.joint.uuid]))
    cancel = text(Visitor(world.users["olsen"]).get(page_of(world, "appointment_cancel")))
    assert "Will be read by</strong> Pine County Community Corrections;" in cancel  # no choice: one sentence


def test_another_cases_appointment_is_not_at_this_address(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    other = reverse("appointment", args=[world.joint.uuid, world.appointments[3].uuid])
    assert visitor.get(other).status_code == 404
    assert visitor.get(page_of(world).replace(str(world.appointments[0].uuid), str(uuid.uuid4()))).status_code == 404


# --- Acting ----------------------------------------------------------------------------------------------------------


def test_a_new_one_is_made_once_and_says_who_is_told(world: World) -> None:
    visitor, address = Visitor(world.users["olsen"]), reverse("appointment_new", args=[world.joint.uuid])
    page = visitor.get(address).content.decode()
    fields = {**NEW, "day": day_ahead(7), "officer": str(world.users["olsen"].pk), "token": hidden(page, "token")}
    for _ in range(2):
        assert visitor.send(address, page, fields)["Location"] == listed(world)
    assert rows("SELECT count(*) FROM cases_appointment WHERE kind = 'office' AND id > 4")[0]["count"] == 1
    shown = text(visitor.get(listed(world)))
    assert "at 9:30am made" in shown
    assert "Gang, Riverton Police Department" in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"day": "sometime"}, "cannot read this as a date"),
        ({"time": "25:00"}, "cannot read this as a time"),
        ({"day": "1/1/20"}, "Choose a day from yesterday on"),
        ({"officer": "0"}, "Choose somebody of your unit"),
        ({"audience": "2"}, "Select a valid choice"),
        ({"token": "made-up"}, "grown too old"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field(world: World, wrong: dict[str, Any], said: str) -> None:
    visitor, address = Visitor(world.users["olsen"]), reverse("appointment_new", args=[world.joint.uuid])
    page = visitor.get(address).content.decode()
    good = {**NEW, "day": day_ahead(7), "officer": str(world.users["olsen"].pk), "token": hidden(page, "token")}
    answer = visitor.send(address, page, good | wrong)
    assert answer.status_code == 400
    assert said in text(answer)


def test_the_next_one_begins_as_this_one_was(world: World) -> None:
    page = Visitor(world.users["olsen"]).get(
        reverse("appointment_new", args=[world.joint.uuid]), after=str(world.appointments[0].uuid)
    )
    assert 'value="Room 3"' in page.content.decode()
    assert page.context["form"].initial["day"] > timezone.localdate()
    unseen = Visitor(world.users["reyes"]).get(
        reverse("appointment_new", args=[world.joint.uuid]), after=str(world.appointments[1].uuid)
    )
    assert unseen.context["form"].initial["kind"] == "office"


def test_an_outcome_from_today_leads_back_to_today(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    address = f"{page_of(world, 'appointment_outcome')}?from=today"
    page = visitor.get(address).content.decode()
    assert "checked" not in page  # nobody is said to have complied because a button was pressed twice
    saved = visitor.send(address, page, {"outcome": "attended_complied", "seen_version": "1", "from": "today"})
    assert saved["Location"] == "/"
    assert "attended and complied" in text(visitor.get("/"))
    again = visitor.send(address, page, {"outcome": "attended_complied", "seen_version": "1", "from": "//evil.example"})
    assert again["Location"] == page_of(world)
    assert len(trail("change", verb="appointment.outcome_recorded")) == 1


def test_a_stale_outcome_is_shown_beside_what_was_saved_meanwhile(world: World) -> None:
    ours, theirs = Visitor(world.users["olsen"]), Visitor(world.users["mills"])
    address = page_of(world, "appointment_outcome")
    page = ours.get(address).content.decode()
    assert theirs.post(address, {"outcome": "absent_unacceptable", "seen_version": "1"}).status_code == 302
    stale = ours.send(address, page, {"outcome": "attended_complied", "note": "Was there", "seen_version": "1"})
    assert stale.status_code == 409
    assert "absent, no acceptable reason" in text(stale)
    body = stale.content.decode()
    assert hidden(body, "seen_version") == "2"
    assert ours.send(address, body, {"outcome": "attended_complied", "seen_version": "2"}).status_code == 302


def test_moving_and_canceling(world: World) -> None:
    visitor, address = Visitor(world.users["olsen"]), page_of(world, "appointment_move")
    page = visitor.get(address).content.decode()
    fields = {"day": day_ahead(3), "time": "2pm", "note": "Shift", "seen_version": "1", "token": hidden(page, "token")}
    moved = visitor.send(address, page, fields)
    assert visitor.send(address, page, fields)["Location"] == moved["Location"]
    new = text(visitor.get(moved["Location"]))
    assert "moved to" in new
    assert "Moved from" in new
    assert "Rescheduled to" in text(visitor.get(page_of(world)))
    cancel = moved["Location"] + "cancel/"
    assert visitor.post(cancel, {"note": "", "seen_version": "1"}).status_code == 400
    assert visitor.post(cancel, {"note": "Office closed", "seen_version": "1"}).status_code == 302
    assert "Canceled" in text(visitor.get(listed(world)))


def test_the_inbox_tells_how_it_went(world: World) -> None:
    from sharing.notices.services import relay_pending

    visitor = Visitor(world.users["olsen"])
    visitor.post(page_of(world, "appointment_outcome"), {"outcome": "absent_unacceptable", "seen_version": "1"})
    with as_job():
        relay_pending()
    partner = Visitor(world.users["reyes"])
    item = owner("SELECT uuid FROM sharing_inboxitem WHERE user_id = %s", world.users["reyes"].pk)[0][0]
    opened = text(partner.get(reverse("inbox_item", args=[item])))
    assert "Appointment missed: Tobias Hallett" in opened
    assert "Absent, no acceptable reason" in opened
    assert page_of(world) in opened


def test_the_timeline_tells_what_came_of_it_and_not_what_is_to_come(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    timeline = reverse("case_timeline", args=[world.joint.uuid])
    assert "Office visit: attended" not in text(visitor.get(timeline))
    note = {"outcome": "attended_complied", "note": "Brought the pay slip", "seen_version": "1"}
    visitor.post(page_of(world, "appointment_outcome"), note)
    visitor.post(page_of(world, "appointment_cancel", 1), {"note": "Hearing off", "seen_version": "1"})
    ours, theirs = text(visitor.get(timeline)), text(Visitor(world.users["reyes"]).get(timeline))
    assert "Office visit: attended and complied" in ours
    assert "Office visit: attended and complied" in theirs
    assert "Brought the pay slip" in theirs
    assert "Hearing off" in ours
    assert "Hearing off" not in theirs
    assert "Office visit: attended" not in text(Visitor(world.users["patel"]).get(timeline))


# --- Calendar --------------------------------------------------------------------------------------------------------


def test_the_calendar_shows_ones_own_week_and_nobody_elses(world: World) -> None:
    for who, name in (("olsen", "Hallett"), ("pratt", "Volkova")):
        number = 0 if who == "olsen" else 3
        day = timezone.localtime(world.appointments[number].starts_at).date()
        page = text(Visitor(world.users[who]).get(reverse("calendar"), day=day.isoformat()))
        assert name in page
        assert ("Volkova" in page) == (who == "pratt")
    empty = text(Visitor(world.users["olsen"]).get(reverse("calendar"), day="2020-02-29"))
    assert empty.count("Free day") == 7
    for bad in ("yesterday", "0001-01-01", "9999-12-31"):
        assert Visitor(world.users["olsen"]).get(reverse("calendar"), day=bad).status_code == 400


def test_a_role_without_contacts_is_told_so_and_not_that_there_is_nothing(world: World) -> None:
    for who in ("dispatch", "carter", "admin"):
        page = text(Visitor(world.users[who]).get(reverse("calendar")))
        assert "not part of your role" in page
        assert "Free day" not in page


def test_a_moved_or_ended_access_takes_it_out_of_the_calendar(world: World) -> None:
    visitor = Visitor(world.users["reyes"])
    day = timezone.localtime(world.appointments[2].starts_at).date().isoformat()
    assert "Hallett" in text(visitor.get(reverse("calendar"), day=day))
    owner("UPDATE cases_casekey SET until = now() WHERE grant_id = %s", world.grants["joint"].pk)
    assert "Hallett" not in text(visitor.get(reverse("calendar"), day=day))


def test_files_for_other_calendars_name_nobody(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    for address in (reverse("calendar_file"), page_of(world, "appointment_file")):
        answer = visitor.get(address)
        assert answer["Content-Type"].startswith("text/calendar")
        assert "attachment" in answer["Content-Disposition"]
        body = answer.content.decode()
        assert body.startswith("BEGIN:VCALENDAR\r\n")
        assert "BEGIN:VEVENT" in body
        assert all(len(line) <= LONGEST for line in body.split("\r\n"))
        unfolded = body.replace("\r\n ", "")
        assert re.search(r"URL:\S+/cases/[0-9a-f-]{36}/appointments/[0-9a-f-]{36}/\r\n", unfolded)
        for secret in ("Hallett", "Tobias", "C00000", "Olsen", "Room 3", "Court", "Office", "Plan review"):
            assert secret not in unfolded
    assert len(trail("read", action="export")) == 2


def test_a_new_one_from_the_calendar_begins_with_the_person(world: World) -> None:
    visitor, address = Visitor(world.users["olsen"]), reverse("calendar_new")
    assert "Hallett, Tobias" in text(visitor.get(address))
    assert visitor.post(address, {"case": str(world.joint.uuid)})["Location"] == reverse(
        "appointment_new", args=[world.joint.uuid]
    )
    assert visitor.post(address, {"case": str(world.restricted.uuid)}).status_code == 400
    assert "Find the person" in text(Visitor(world.users["reyes"]).get(address))
