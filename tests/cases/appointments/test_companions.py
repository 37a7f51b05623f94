"""Officers who come along to an appointment, and officers who would be at two at once."""

from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cases.appointments import services
from cases.appointments.codes import NOT_A_READER
from cases.appointments.models import Appointment, Companion
from cases.supervision.codes import Audience
from cases.supervision.models import Case
from sharing.access.errors import Refused
from sharing.notices.audience import recipients
from sharing.notices.models import OutboxEvent
from tests.access.acts import act, leaves
from tests.access.test_services import give
from tests.calls import V1, send, signed_in
from tests.pages import Visitor, hidden, text
from tests.services import as_job, owner
from tests.sharing.notices.acts import relay
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

NEW_YORK = ZoneInfo("America/New_York")
SOON = (timezone.now().astimezone(NEW_YORK) + datetime.timedelta(days=5)).replace(
    hour=10, minute=0, second=0, microsecond=0
)
TODAY = SOON - datetime.timedelta(days=5)
CLOCK = "10:00am"


def make(world: World, who: str = "olsen", *along: str, case: Case | None = None, **values: Any) -> Appointment:
    """Lets somebody make an appointment on the joint case, or another, to which these come along."""
    values = {"starts_at": SOON, "companions": [world.users[name] for name in along], **values}
    made: Appointment = act(
        world,
        who,
        lambda actor: services.make_appointment(actor=actor, case_uuid=(case or world.joint).uuid, values=values),
    )
    return made


def change(world: World, one: Appointment, who: str = "olsen", **changes: Any) -> Appointment:
    """Lets somebody change it from the version at hand."""
    changed: Appointment = act(
        world,
        who,
        lambda actor: services.change_appointment(
            actor=actor, appointment_uuid=one.uuid, changes=changes, seen_version=one.version
        ),
    )
    return changed


def people(world: World, *names: str) -> list[Any]:
    return [world.users[name] for name in names]


def along(one: Appointment) -> set[str]:
    """Who comes along, as the tables have it."""
    found = owner(
        "SELECT u.email FROM cases_companion c JOIN agencies_user u ON u.id = c.user_id WHERE appointment_id = %s",
        one.pk,
    )
    return {email.split("@")[0] for (email,) in found}


def told() -> set[str]:
    """Who is told of the newest event."""
    with as_job(), transaction.atomic():
        return {user.email.split("@")[0] for user, *_ in recipients(OutboxEvent.objects.latest("pk"))}


def address(case: Case) -> str:
    return reverse("appointment_new", args=[case.uuid])


def typed(at: datetime.datetime = SOON, **more: Any) -> dict[str, Any]:
    """What somebody types into the form of a new appointment."""
    local = at.astimezone(NEW_YORK)
    day = f"{local.month}/{local.day}/{local.year}"
    return {"kind": "office", "day": day, "time": f"{local:%H:%M}", "minutes": "30", "audience": "0", **more}


def post(world: World, who: str, case: Case | None = None, **fields: Any) -> Any:
    """The answer to the form of a new appointment on the joint case, or another."""
    visitor, where = Visitor(world.users[who]), address(case or world.joint)
    page = visitor.get(where).content.decode()
    fields = {"officer": world.users[who].pk, **fields}
    return visitor.send(where, page, {**fields, "token": hidden(page, "token")})


# --- Who may be named -----------------------------------------------------------------------------------------------


def offered(world: World, who: str) -> set[str]:
    """Whom the form offers as coming along."""
    page = Visitor(world.users[who]).get(address(world.joint)).content.decode()
    return {name for name, user in world.users.items() if f'name="companions" value="{user.pk}"' in page}


def test_the_form_offers_who_may_read_it_and_whom_one_may_know_of(world: World) -> None:
    assert offered(world, "olsen") == {"olsen", "pratt", "mills", "tran", "reyes", "stone"}
    assert offered(world, "reyes") == {"olsen", "reyes", "stone"}  # of the partner's people the officer of record
    owner("UPDATE cases_caseexclusion SET record_id = %s, user_id = %s", world.joint.pk, world.users["stone"].pk)
    assert "stone" not in offered(world, "olsen")


@pytest.mark.parametrize("forged", ["patel", "deputy", "quist", "nobody", "system"])
def test_nobody_else_is_accepted(world: World, forged: str) -> None:
    answer = post(world, "olsen", **typed(companions=[world.users[forged].pk]))
    assert answer.status_code == 400
    assert NOT_A_READER in text(answer)
    with leaves(), pytest.raises(Refused, match="one of those who may read"):
        make(world, "olsen", forged)
    made = make(world)
    with leaves(), pytest.raises(Refused, match="one of those who may read"):
        change(world, made, companions=people(world, forged))
    olsen = signed_in(world.users["olsen"])
    for email in (world.users[forged].email, "unknown@example.org"):
        body = {"starts_at": SOON.isoformat(), "companions": [email]}
        refused = olsen.post(f"{V1}/cases/{world.joint.uuid}/appointments/", body, content_type="application/json")
        assert refused.status_code == 400
        assert NOT_A_READER in refused.content.decode()
    assert not owner("SELECT * FROM cases_companion")


def test_what_is_for_one_side_has_no_companion_of_the_other(world: World) -> None:
    with pytest.raises(Refused, match="one of those who may read"):
        make(world, "olsen", "reyes", audience=Audience.SUPERVISION)
    made = make(world, "olsen", "reyes", "pratt")
    with pytest.raises(Refused, match="one of those who may read"):
        change(world, made, audience=Audience.SUPERVISION)
    made = change(world, made, audience=Audience.SUPERVISION, companions=people(world, "pratt"))
    assert along(made) == {"pratt"}


def test_a_colleague_changes_it_and_whom_they_could_not_name_stays(world: World) -> None:
    made = make(world, "reyes", "stone", "olsen")
    assert along(change(world, made, "stone", companions=people(world, "olsen"), officer=world.users["stone"])) == {
        "olsen"
    }


# --- In whose day it stands -----------------------------------------------------------------------------------------


def days_of(world: World, who: str) -> list[str]:
    """What this officer's own pages, file and resource say."""
    visitor = Visitor(world.users[who])
    week = f"{reverse('calendar')}?day={TODAY.date().isoformat()}"
    answers = [visitor.get(where) for where in ("/", week, reverse("calendar_file"))]
    return [*map(text, answers), signed_in(world.users[who]).get(f"{V1}/appointments/").content.decode()]


def test_it_stands_in_the_day_of_whoever_comes_along_while_the_door_is_open(world: World) -> None:
    made = make(world, "olsen", "stone", starts_at=TODAY)
    page = reverse("appointment", args=[world.joint.uuid, made.uuid])
    assert all(str(made.uuid) in said for said in days_of(world, "stone"))
    assert "With PO Olsen" in days_of(world, "stone")[0]
    assert "With Sgt. Stone" in days_of(world, "olsen")[0]
    assert "PO Olsen, Sgt. Stone" in text(Visitor(world.users["stone"]).get(page))
    assert not any(str(made.uuid) in said for said in days_of(world, "reyes"))  # who may read it, and is not named
    owner("UPDATE cases_casekey SET until = now() WHERE grant_id = %s", world.grants["joint"].pk)
    assert not any(str(made.uuid) in said for said in days_of(world, "stone"))
    assert Visitor(world.users["stone"]).get(page).status_code == 403  # the circle lets him know of the case yet
    owner("UPDATE cases_casekey SET until = now() WHERE content_object_id = %s AND agreement_id <> 0", world.joint.pk)
    assert Visitor(world.users["stone"]).get(page).status_code == 404
    assert along(made) == {"stone"}


def test_being_named_opens_nothing(world: World) -> None:
    made = make(world, "pratt", case=world.suspect, starts_at=TODAY)
    owner("INSERT INTO cases_companion (appointment_id, user_id) VALUES (%s, %s)", made.pk, world.users["patel"].pk)
    assert not any(str(made.uuid) in said for said in days_of(world, "patel"))
    page = reverse("appointment", args=[world.suspect.uuid, made.uuid])
    assert Visitor(world.users["patel"]).get(page).status_code == 403  # who knows of the case, and of no visits
    assert act(world, "patel", lambda _: list(Companion.objects.all())) == []


def test_the_other_agency_brings_nobody(world: World) -> None:
    made = make(world, "olsen", "stone")
    with pytest.raises(Exception, match="row-level security"):
        act(
            world,
            "reyes",
            lambda actor: Companion.objects.create(appointment_id=made.pk, user_id=actor.user_id),
        )
    assert act(world, "reyes", lambda _: Companion.objects.all().delete()[0]) == 0
    assert along(made) == {"stone"}


def test_whoever_comes_along_is_not_asked_how_it_went(world: World) -> None:
    made = make(world, "olsen", "pratt", starts_at=timezone.now() - datetime.timedelta(minutes=1))
    ask = reverse("appointment_outcome", args=[world.joint.uuid, made.uuid])
    assert ask in days_of(world, "olsen")[0]
    said = days_of(world, "pratt")[0]
    assert str(made.uuid) in said
    assert ask not in said


def test_one_is_named_read_and_changed_over_the_api(world: World) -> None:
    olsen, stone = signed_in(world.users["olsen"]), world.users["stone"].email
    where = f"{V1}/cases/{world.joint.uuid}/appointments/"
    made = send(olsen, "post", where, {"starts_at": SOON.isoformat(), "companions": [stone]})
    assert made.status_code == 201
    assert made.json()["companions"] == [stone]
    one = f"{V1}/appointments/{made.json()['id']}/"
    assert signed_in(world.users["reyes"]).get(one).json()["companions"] == [stone]
    tag = olsen.get(one)["ETag"]
    kept = send(olsen, "patch", one, {"place": "Room 9"}, If_Match=tag)
    assert kept.json()["companions"] == [stone]
    changed = send(olsen, "patch", one, {"companions": []}, If_Match=kept["ETag"])
    assert changed.json()["companions"] == []
    assert changed.json()["version"] == 3


# --- Who is told ----------------------------------------------------------------------------------------------------


def test_whoever_comes_along_is_told_of_what_concerns_them(world: World) -> None:
    always = {"mills", "reyes", "stone", "system"}
    made = make(world, "olsen", "pratt")
    assert told() == {*always, "pratt"}
    made = change(world, made, purpose="Plan review")
    assert told() == always
    made = change(world, made, place="12 Main St")
    assert told() == {*always, "pratt"}
    made = change(world, made, companions=people(world, "pratt", "tran"))
    assert told() == {*always, "tran"}
    made = change(world, made, companions=people(world, "pratt"))
    assert told() == {*always, "tran"}  # who comes no more
    moved = act(
        world,
        "olsen",
        lambda actor: services.move_appointment(
            actor=actor,
            appointment_uuid=made.uuid,
            starts_at=SOON + datetime.timedelta(days=1),
            note="Shift changed",
            seen_version=made.version,
        ),
    )
    assert told() == {*always, "pratt"}
    assert along(moved) == {"pratt"}
    act(
        world,
        "olsen",
        lambda actor: services.cancel_appointment(
            actor=actor, appointment_uuid=moved.uuid, note="Ill", seen_version=moved.version
        ),
    )
    assert told() == {*always, "pratt"}


def test_the_officer_in_whose_calendar_it_stands_is_told_and_whoever_gave_it_away(world: World) -> None:
    always = {"mills", "reyes", "stone", "system"}
    made = make(world, "olsen", officer=world.users["pratt"])
    assert told() == {*always, "pratt"}
    made = change(world, made, purpose="Plan review")
    assert told() == always
    change(world, made, officer=world.users["tran"])
    assert told() == {*always, "pratt", "tran"}
    relay()
    for who, word in (("tran", "Are to be there"), ("pratt", "Need not come any more")):
        newest = "SELECT uuid FROM sharing_inboxitem WHERE user_id = %s ORDER BY id DESC LIMIT 1"
        item = reverse("inbox_item", args=owner(newest, world.users[who].pk)[0])
        assert word in text(Visitor(world.users[who]).get(item))


def test_who_may_not_read_it_any_more_is_told_nothing(world: World) -> None:
    made = make(world, "pratt", "olsen", case=world.suspect)
    owner("INSERT INTO cases_companion (appointment_id, user_id) VALUES (%s, %s)", made.pk, world.users["patel"].pk)
    made = change(world, made, "pratt", place="12 Main St")
    assert told() == {"mills", "deputy", "olsen"}


# --- Two visits at one hour -----------------------------------------------------------------------------------------


def test_a_second_visit_at_the_hour_is_asked_about_once(world: World) -> None:
    make(world, case=world.suspect, place="Room 3")
    near = SOON + datetime.timedelta(minutes=15)
    fields = typed(near, purpose="Pay slip")
    with leaves():
        asked = post(world, "olsen", **fields)
    page = text(asked)
    assert asked.status_code == 409
    assert f"You already have a visit at {CLOCK}: office visit with Irina Volkova, Room 3." in page
    assert 'value="Pay slip"' in page
    assert "Save anyway" in page
    anyway = page.split('name="anyway" value="')[1].split('"')[0]
    later = typed(near + datetime.timedelta(minutes=10))
    assert post(world, "olsen", **later, anyway=anyway).status_code == 409  # another time: asked again
    refused = post(world, "olsen", **{**fields, "audience": str(int(Audience.POLICE))}, anyway=anyway)
    assert refused.status_code == 400
    assert post(world, "olsen", **fields, anyway=anyway).status_code == 302
    assert post(world, "olsen", **typed(SOON + datetime.timedelta(hours=2))).status_code == 302


def test_a_long_visit_takes_its_whole_time_and_one_that_is_over_takes_none(world: World) -> None:
    make(world, "pratt", case=world.suspect, minutes=240)
    far = SOON + datetime.timedelta(hours=3)
    fields = {"companions": [world.users["pratt"].pk]}
    asked = post(world, "olsen", **typed(far, **fields))
    assert asked.status_code == 409
    assert f"PO Pratt already has a visit at {CLOCK}" in text(asked)
    assert post(world, "olsen", **typed(SOON + datetime.timedelta(hours=4), **fields)).status_code == 302
    before = typed(SOON - datetime.timedelta(hours=1), **fields)
    assert post(world, "olsen", **before).status_code == 302
    assert post(world, "olsen", **{**before, "minutes": "90"}).status_code == 409


def test_of_a_case_of_another_unit_the_time_alone_is_said(world: World) -> None:
    south = make(world, "quist", case=world.cases[14], place="Room 3")
    owner("UPDATE cases_appointment SET officer_id = %s WHERE id = %s", world.users["olsen"].pk, south.pk)
    page = text(post(world, "pratt", **typed(officer=world.users["olsen"].pk)))
    assert f"PO Olsen already has a visit at {CLOCK}. " in page
    assert world.cases[14].person.display not in page
    assert "Room 3" not in page


@pytest.mark.parametrize("case", ["conflicted", "restricted"])
def test_of_a_case_that_is_closed_to_the_asker_not_even_the_time_is_said(world: World, case: str) -> None:
    closed = getattr(world, case)
    make(world, "olsen", case=closed)
    if case == "restricted":
        owner("DELETE FROM cases_casenamedprincipal WHERE record_id = %s", closed.pk)
    assert post(world, "pratt", **typed(officer=world.users["olsen"].pk)).status_code == 302


def test_who_comes_of_a_third_agency_is_named_to_those_who_may_share_and_to_those_who_are_there(world: World) -> None:
    give(world, "pratt", record=world.suspect)  # to the gang unit
    one = make(world, "pratt", "deputy", case=world.suspect)
    deputy, page = world.users["deputy"], reverse("appointment", args=[world.suspect.uuid, one.uuid])
    for who, knows in (("pratt", True), ("mills", True), ("deputy", True), ("reyes", False)):
        answer = Visitor(world.users[who]).get(page)
        assert answer.status_code == 200
        assert (deputy.display in text(answer)) is knows, who
    for who, companions in (("pratt", [deputy.email]), ("reyes", [])):
        answer = signed_in(world.users[who]).get(f"{V1}/appointments/{one.uuid}/")
        assert answer.json()["companions"] == companions
    one = change(world, one, "pratt", companions=people(world, "deputy", "olsen"))
    assert world.users["olsen"].display in text(Visitor(world.users["reyes"]).get(page))  # the owner's people


def test_a_companion_has_two_hands_as_well(world: World) -> None:
    make(world, "pratt", "tran", case=world.suspect)
    assert "Tran already has a visit" in text(post(world, "olsen", **typed(companions=[world.users["tran"].pk])))


def test_visits_of_the_other_agency_are_asked_about_as_far_as_one_may_read_them(world: World) -> None:
    hidden_one = make(world, "reyes", audience=Audience.POLICE)
    fields = typed(companions=[world.users["reyes"].pk])
    assert post(world, "olsen", **fields).status_code == 302
    owner("UPDATE cases_appointment SET audience = 0 WHERE id = %s", hidden_one.pk)
    assert "Det. Reyes already has a visit" in text(post(world, "olsen", **fields))


def test_moving_and_naming_ask_as_well_and_changing_a_word_does_not(world: World) -> None:
    make(world, "pratt", case=world.suspect)
    made = make(world, "olsen")
    visitor = Visitor(world.users["olsen"])
    edit = reverse("appointment_edit", args=[world.joint.uuid, made.uuid])
    fields = {"kind": "office", "minutes": "30", "audience": "0", "officer": world.users["olsen"].pk}
    fields |= {"seen_version": 1, "companions": [world.users["pratt"].pk]}
    asked = visitor.post(edit, fields)
    assert asked.status_code == 409
    assert "PO Pratt already has a visit" in text(asked)
    change(world, made, companions=people(world, "pratt"))
    assert visitor.post(edit, {**fields, "seen_version": 2, "purpose": "Pay slip"}).status_code == 302
    assert along(made) == {"pratt"}
    make(world, "pratt", case=world.suspect, starts_at=SOON + datetime.timedelta(days=1))
    move = reverse("appointment_move", args=[world.joint.uuid, made.uuid])
    page = visitor.get(move).content.decode()
    when = typed(SOON + datetime.timedelta(days=1))
    sent = {"day": when["day"], "time": when["time"], "note": "Ill", "seen_version": 3, "token": hidden(page, "token")}
    asked = visitor.send(move, page, sent)
    assert asked.status_code == 409
    anyway = text(asked).split('name="anyway" value="')[1].split('"')[0]
    assert visitor.send(move, page, {**sent, "anyway": anyway}).status_code == 302
    assert visitor.send(move, page, {**sent, "anyway": anyway}).status_code == 302  # the same form again: it is made


def test_the_api_accepts_a_second_visit(world: World) -> None:
    make(world)
    where = f"{V1}/cases/{world.joint.uuid}/appointments/"
    again = send(signed_in(world.users["olsen"]), "post", where, {"starts_at": SOON.isoformat()})
    assert again.status_code == 201
