"""Making, changing, moving and ending appointments: one change and one event each, or nothing at all."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from cases.appointments import services
from cases.appointments.codes import Outcome
from cases.appointments.models import Appointment
from cases.supervision.codes import Audience
from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.access.context import acting
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.notices.audience import recipients
from sharing.notices.models import OutboxEvent
from tests.access.acts import act, leaves, together
from tests.services import as_job, owner
from tests.worlds import World

SOON = timezone.now() + datetime.timedelta(days=5)
DONE, MISSED = Outcome.ATTENDED_COMPLIED, Outcome.ABSENT_UNACCEPTABLE


def make(
    world: World, who: str = "olsen", *, case: Case | None = None, token: Any = None, **values: Any
) -> Appointment:
    """Lets somebody make an appointment on the joint case, or another."""
    made: Appointment = act(
        world,
        who,
        lambda actor: services.make_appointment(
            actor=actor,
            case_uuid=(case or world.joint).uuid,
            values={"starts_at": SOON, **values},
            appointment_uuid=token,
        ),
    )
    return made


def record(
    world: World, who: str = "olsen", number: int = 0, *, outcome: str = DONE, seen: int = 1, note: str = ""
) -> Any:
    """Lets somebody say how an appointment of the world went."""
    return act(
        world,
        who,
        lambda actor: services.record_outcome(
            actor=actor,
            appointment_uuid=world.appointments[number].uuid,
            outcome=outcome,
            note=note,
            seen_version=seen,
        ),
    )


def move(world: World, who: str = "olsen", *, token: Any = None, note: str = "Shift changed", at: Any = SOON) -> Any:
    """Lets somebody move the first appointment of the world."""
    return act(
        world,
        who,
        lambda actor: services.move_appointment(
            actor=actor,
            appointment_uuid=world.appointments[0].uuid,
            starts_at=at,
            note=note,
            seen_version=1,
            new_uuid=token,
        ),
    )


def change(world: World, who: str = "olsen", number: int = 0, *, seen: int = 1, **changes: Any) -> Any:
    """Lets somebody change an appointment of the world."""
    return act(
        world,
        who,
        lambda actor: services.change_appointment(
            actor=actor, appointment_uuid=world.appointments[number].uuid, changes=changes, seen_version=seen
        ),
    )


def last_event() -> str:
    """The kind of the newest event in the outbox."""
    return str(owner("SELECT kind FROM sharing_outboxevent ORDER BY id DESC LIMIT 1")[0][0])


def version_of(case: Case) -> Any:
    """The case's version and moment of last change."""
    return owner("SELECT version, updated_at FROM cases_case WHERE id = %s", case.pk)[0]


# --- Making ----------------------------------------------------------------------------------------------------------


def test_one_made_leaves_one_change_and_one_event_and_moves_the_case_up(world: World) -> None:
    before = version_of(world.joint)
    with leaves(changes=1, events=1):
        made = make(world, place="Room 3")
    assert (made.officer_id, made.agency_id, made.version) == (
        world.users["olsen"].pk,
        world.agencies["probation"].pk,
        1,
    )
    assert version_of(world.joint) > before
    assert last_event() == "appointment.made"


def test_the_same_form_twice_makes_one(world: World) -> None:
    token = uuid.uuid4()
    with leaves(changes=1, events=1):
        first, second = make(world, token=token), make(world, token=token)
        with pytest.raises(Refused, match="used already"):  # back in the browser, and another time typed
            make(world, token=token, starts_at=SOON + datetime.timedelta(hours=1))
    assert first.pk == second.pk


def test_whoever_may_not_add_here_is_told_so_or_finds_nothing(world: World) -> None:
    with leaves():
        for who in ("patel", "dispatch"):  # a status card: they know of the case, not of its contacts
            with pytest.raises(NotAllowed, match="does not let you make appointments"):
                make(world, who)
        for who in ("quist", "carter", "admin"):
            with pytest.raises(NotVisible):
                make(world, who)
        owner("UPDATE agencies_membership SET role = 'liaison' WHERE user_id = %s", world.users["reyes"].pk)
        with pytest.raises(NotAllowed):  # reads contacts, adds none
            make(world, "reyes")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": SOON - datetime.timedelta(days=8)}, "starts_at"),
        ({"starts_at": SOON + datetime.timedelta(days=1200)}, "starts_at"),
        ({"kind": "dinner"}, "kind"),
        ({"minutes": 0}, "minutes"),
        ({"audience": Audience.POLICE}, "audience"),
        ({"outcome": DONE}, "outcome"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_name(world: World, values: dict[str, Any], field: str) -> None:
    with leaves(), pytest.raises(Refused) as refusal:
        make(world, **values)
    assert refusal.value.field == field


def test_an_appointment_stands_in_the_calendar_of_a_colleague_and_of_nobody_else(world: World) -> None:
    assert make(world, "mills", officer=world.users["pratt"]).officer_id == world.users["pratt"].pk
    for who, officer in (("olsen", "reyes"), ("olsen", "quist"), ("olsen", "nobody"), ("system", "system")):
        with leaves(), pytest.raises(Refused, match="works in your unit"):
            make(world, who, officer=world.users[officer])


# --- Changing --------------------------------------------------------------------------------------------------------


def test_the_agency_that_made_it_alone_changes_it(world: World) -> None:
    with leaves(changes=1, events=1):
        changed = change(world, "reyes", 2, place="At the gate")
    assert (changed.place, changed.version) == ("At the gate", 2)
    with leaves():
        for who in ("olsen", "mills"):
            with pytest.raises(NotAllowed, match="made this one"):
                change(world, who, 2, seen=2, place="Elsewhere")
        with pytest.raises(NotAllowed):
            record(world, "reyes", 0)
        with pytest.raises(NotVisible):
            change(world, "reyes", 1, place="The other side's own")


def test_what_differs_in_nothing_writes_nothing(world: World) -> None:
    with leaves():
        assert change(world, place="Room 3").version == 1


def test_a_stale_change_comes_back_with_what_is_there_now(world: World) -> None:
    change(world, place="Room 4")
    with leaves(), pytest.raises(Stale) as stale:
        change(world, place="Room 5")
    assert stale.value.current.place == "Room 4"  # type: ignore[attr-defined]


def test_what_one_side_keeps_to_itself_moves_nothing_that_the_other_sees(world: World) -> None:
    before = version_of(world.joint)
    change(world, number=1, purpose="Review of bail")
    assert version_of(world.joint) == before
    change(world, number=1, seen=2, audience=Audience.BOTH)
    assert version_of(world.joint) > before


# --- Outcomes --------------------------------------------------------------------------------------------------------


def test_an_outcome_is_recorded_corrected_and_told(world: World) -> None:
    with leaves(changes=1, events=1):
        done = record(world, note="On time.")
    assert (done.outcome, done.note, done.outcome_by_id, done.version) == (
        DONE,
        "On time.",
        world.users["olsen"].pk,
        2,
    )
    assert last_event() == "appointment.outcome_recorded"
    with leaves():
        record(world, note="On time.", seen=2)
    with leaves(changes=1, events=1):
        assert record(world, "mills", outcome=MISSED, seen=2).outcome == MISSED
    assert last_event() == "appointment.missed"
    before, after = owner("SELECT before, after FROM agencies_change ORDER BY id DESC LIMIT 1")[0]
    assert (before["outcome"], after["outcome"]) == (DONE, MISSED)


def test_what_is_to_come_was_moved_or_is_no_attendance_has_no_outcome(world: World) -> None:
    with leaves():
        with pytest.raises(Refused, match="still to come"):
            record(world, "reyes", 2)
        for code in ("", Outcome.CANCELED, Outcome.RESCHEDULED):
            with pytest.raises(Refused, match="from the list"):
                record(world, outcome=code)
        with pytest.raises(Refused) as long:
            record(world, note="x" * 4001)
        assert long.value.field == "note"
    move(world)
    with leaves(), pytest.raises(Refused, match="was rescheduled"):
        record(world, seen=2)


def test_two_people_say_how_it_went_and_one_is_asked_again(world: World) -> None:
    results = together(lambda: record(world), lambda: record(world, "mills", outcome=MISSED))
    assert sorted(type(result).__name__ for result in results) == ["Appointment", "Stale"]


# --- Moving and canceling --------------------------------------------------------------------------------------------


def test_moving_closes_one_and_makes_another_alike(world: World) -> None:
    token = uuid.uuid4()
    with leaves(changes=1, events=1):
        new, again = move(world, token=token), move(world, token=token)
        with pytest.raises(Refused, match="used already"):
            move(world, token=token, at=SOON + datetime.timedelta(hours=1))
    assert new.pk == again.pk
    old_outcome, old_note = owner("SELECT outcome, note FROM cases_appointment WHERE id = %s", new.replaces_id)[0]
    assert (old_outcome, old_note) == ("rescheduled", "Shift changed")
    assert (new.place, new.purpose, new.starts_at) == ("Room 3", "Plan review", SOON)
    assert last_event() == "appointment.moved"


def test_moving_and_canceling_need_a_reason_and_an_open_appointment(world: World) -> None:
    def cancel(actor: Actor, note: str = "Office closed") -> Appointment:
        return services.cancel_appointment(
            actor=actor, appointment_uuid=world.appointments[0].uuid, note=note, seen_version=1
        )

    with leaves():
        with pytest.raises(Refused, match="Say why"):
            move(world, note=" ")
        with pytest.raises(Refused, match="when it is now"):
            move(world, at=world.appointments[0].starts_at)
        with pytest.raises(Refused, match="Say why"):
            act(world, "olsen", lambda actor: cancel(actor, ""))
    with leaves(changes=1, events=1):
        assert act(world, "olsen", cancel).outcome == Outcome.CANCELED
    assert last_event() == "appointment.canceled"
    with leaves(), pytest.raises(Refused, match="can no longer be changed"):
        change(world, seen=2, place="Room 5")


# --- Telling ---------------------------------------------------------------------------------------------------------


def told() -> set[str]:
    """Who is told of the newest event."""
    with as_job(), transaction.atomic():
        return {user.email.split("@")[0] for user, *_ in recipients(OutboxEvent.objects.latest("pk"))}


def test_those_who_may_see_it_are_told_and_no_others(world: World) -> None:
    make(world)
    assert told() == {"mills", "reyes", "stone", "system"}
    make(world, audience=Audience.SUPERVISION)
    assert told() == {"mills"}
    make(world, "pratt", case=world.suspect)
    assert told() == {"mills", "deputy"}


# --- The second wall -------------------------------------------------------------------------------------------------


def test_the_database_refuses_what_our_code_might_forget(world: World) -> None:
    first, theirs = world.appointments[0], world.appointments[2]
    copied = (
        "INSERT INTO cases_appointment (uuid, case_id, agency_id, made_by_id, officer_id, kind, starts_at, minutes,"
        " place, purpose, others, audience, outcome, note, created_at, updated_at, version) SELECT gen_random_uuid(),"
        " case_id, {agency}, {made_by}, officer_id, kind, starts_at, minutes, place, purpose, others, {audience}, '',"
        f" '', now(), now(), 1 FROM cases_appointment WHERE id = {first.pk}"
    )
    own = {"agency": "agency_id", "made_by": "made_by_id", "audience": "audience"}

    def refused(statement: str) -> None:
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    with acting(world.users["olsen"], world.agencies["probation"]), connection.cursor() as cursor:
        cursor.execute(copied.format(**own))
        assert cursor.rowcount == 1
        refused(copied.format(**own | {"agency": str(world.agencies["police"].pk)}))
        refused(copied.format(**own | {"made_by": str(world.users["mills"].pk)}))
        refused(copied.format(**own | {"audience": "2"}))
        for name, value in (("starts_at", "now()"), ("agency_id", "1"), ("made_by_id", "1"), ("case_id", "1")):
            refused(f"UPDATE cases_appointment SET {name} = {value} WHERE id = {first.pk}")
        refused(f"UPDATE cases_appointment SET audience = 2 WHERE id = {first.pk}")
        refused("DELETE FROM cases_appointment")
        cursor.execute(f"UPDATE cases_appointment SET place = 'x' WHERE id = {theirs.pk}")
        assert cursor.rowcount == 0
    with acting(world.users["patel"], world.agencies["police"]):
        assert not Appointment.objects.exists()
    with acting(world.users["reyes"], world.agencies["police"]):
        seen = set(Appointment.objects.values_list("pk", flat=True))
        assert {first.pk, theirs.pk} <= seen
        assert not seen & {world.appointments[1].pk, world.appointments[3].pk}
