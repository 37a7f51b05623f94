"""Setting, reviewing and ending: what each leaves behind, who may, and what one side never learns of the other's."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from psycopg2.errors import CheckViolation

from cases.flags import services
from cases.flags.codes import Basis, FlagKind
from cases.flags.models import Flag
from cases.supervision.codes import Audience
from cases.supervision.models import Case, Caution
from sharing.access.actors import Actor
from sharing.access.context import acting
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from tests.access.acts import act, leaves, together
from tests.pages import trail
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

VETERAN = {"kind": FlagKind.VETERAN, "basis": Basis.SELF_REPORT, "evidence": "Discharge papers, seen May 4"}
KNIFE = {"text": "Carries knife", "detail": "Right pocket", "rank": 2}


def soon(days: int = 30) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


def setting(world: World, **more: Any) -> Any:
    return lambda actor: services.set_flag(actor=actor, case_uuid=world.joint.uuid, values={**VETERAN, **more})


def adding(world: World, **more: Any) -> Any:
    values = {**KNIFE, "review_on": soon(), **more}
    return lambda actor: services.add_caution(actor=actor, case_uuid=world.joint.uuid, values=values)


def ending(flag: Flag, reason: str = "No longer so") -> Any:
    return lambda actor: services.end_flag(actor=actor, flag_uuid=flag.uuid, reason=reason)


def reviewing(flag: Flag, **more: Any) -> Any:
    asked = {"seen_version": flag.version, "note": "Looked at the file", **more}
    return lambda actor: services.review_flag(actor=actor, flag_uuid=flag.uuid, **asked)


# --- What each leaves behind ------------------------------------------------------------------------------------------


def test_a_flag_is_set_in_the_actors_name_with_the_usual_day_of_review(world: World) -> None:
    with leaves(changes=1, events=1):
        flag = act(world, "olsen", setting(world))
    assert (flag.set_by, flag.agency, flag.version) == (world.users["olsen"], world.agencies["probation"], 1)
    assert flag.review_on == soon(365)
    (change,) = trail("change", verb="flag.set")
    assert change["after"]["evidence"] == VETERAN["evidence"]


def test_review_moves_the_day_and_end_keeps_who_and_why(world: World) -> None:
    with leaves(changes=1, events=1):
        flag = act(world, "mills", reviewing(world.flags[0], review_on=soon(20)))
    assert (flag.review_on, flag.reviewed_by, flag.version) == (soon(20), world.users["mills"], 2)
    with leaves(changes=1, events=1):
        flag = act(world, "olsen", ending(flag))
    assert (flag.ended_on, flag.ended_by, flag.end_reason) == (soon(0), world.users["olsen"], "No longer so")
    with leaves():
        act(world, "olsen", ending(flag, "Again"))


def test_a_caution_leaves_every_page_when_it_ends_and_stays_with_its_reason(world: World) -> None:
    with leaves(changes=1, events=1):
        caution = act(world, "olsen", adding(world))
    with leaves(changes=1, events=1):
        act(
            world,
            "olsen",
            lambda actor: services.review_caution(
                actor=actor, caution_uuid=caution.uuid, seen_version=1, note="Still", review_on=soon(60)
            ),
        )
    with leaves(changes=1, events=1):
        act(
            world,
            "mills",
            lambda actor: services.end_caution(actor=actor, caution_uuid=caution.uuid, reason="Handed in"),
        )
    with acting(world.users["patel"], world.agencies["police"]) as actor:
        ended = Caution.objects.permitted(actor).get(uuid=caution.uuid)
        assert (ended.end_reason, ended.version) == ("Handed in", 3)


def test_sent_twice_a_form_sets_one_flag(world: World) -> None:
    token = world.actions[0].uuid

    def send(actor: Actor) -> Flag:
        return services.set_flag(actor=actor, case_uuid=world.joint.uuid, values=VETERAN, flag_uuid=token)

    with leaves(changes=1, events=1):
        assert act(world, "olsen", send) == act(world, "olsen", send)


# --- Who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "refusal"), [("patel", NotAllowed), ("dispatch", NotAllowed), ("quist", NotVisible), ("admin", NotVisible)]
)
def test_a_flag_is_set_by_whoever_reads_flags_and_adds_to_the_case(world: World, who: str, refusal: type) -> None:
    assert act(world, "reyes", setting(world)).agency == world.agencies["police"]
    with leaves(), pytest.raises(refusal):
        act(world, who, setting(world))


def test_a_flag_is_reviewed_and_ended_by_its_agency_and_by_the_owner(world: World) -> None:
    for change in (ending(world.flags[0]), reviewing(world.flags[0])):
        with leaves(), pytest.raises(NotAllowed):
            act(world, "reyes", change)
    theirs = act(world, "reyes", setting(world))
    assert act(world, "stone", reviewing(theirs)).version == 2
    assert act(world, "olsen", ending(theirs)).ended_by == world.users["olsen"]


@pytest.mark.parametrize("who", ["reyes", "patel", "dispatch"])
def test_cautions_are_the_owners_alone(world: World, who: str) -> None:
    uuid = world.caution.uuid
    for change in (
        adding(world),
        lambda actor: services.end_caution(actor=actor, caution_uuid=uuid, reason="Wrong"),
        lambda actor: services.review_caution(
            actor=actor, caution_uuid=uuid, seen_version=1, note="x", review_on=soon()
        ),
    ):
        with leaves(), pytest.raises(NotAllowed):
            act(world, who, change)


def test_what_is_for_the_other_side_is_as_if_it_were_not(world: World) -> None:
    _, supervisions, polices = world.flags
    with leaves(), pytest.raises(NotVisible):
        act(world, "reyes", ending(supervisions))
    with leaves(), pytest.raises(NotVisible):
        act(world, "olsen", ending(polices))
    # Nor does it stand in the way of setting the same kind.
    assert act(world, "olsen", setting(world, kind=FlagKind.STALKING)).pk


def test_what_one_side_keeps_to_itself_moves_nothing_for_the_other(world: World) -> None:
    def stamp() -> list[Any]:
        return owner("SELECT updated_at, version FROM cases_case WHERE id = %s", world.joint.pk)

    before = stamp()
    act(world, "olsen", setting(world, audience=Audience.SUPERVISION))
    assert stamp() == before
    act(world, "olsen", setting(world))
    assert stamp() != before


# --- What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": FlagKind.PROLIFIC}, "kind"),  # stands already
        ({"evidence": ""}, "evidence"),
        ({"basis": ""}, "basis"),
        ({"audience": Audience.POLICE}, "audience"),
        ({"kind": FlagKind.MENTAL_ILLNESS, "audience": Audience.BOTH}, "audience"),
        ({"review_on": datetime.date(2020, 1, 1)}, "review_on"),
        ({"review_on": datetime.date(2999, 1, 1)}, "review_on"),
        ({"ended_on": datetime.date(2020, 1, 1)}, "ended_on"),
    ],
)
def test_a_flag_that_may_not_be_says_which_field_is_wrong(world: World, wrong: dict[str, Any], field: str) -> None:
    with leaves(), pytest.raises(Refused) as refusal:
        act(world, "olsen", setting(world, **wrong))
    assert refusal.value.field == field


def test_an_illness_is_told_to_supervision_alone_by_itself_and_by_the_database(world: World) -> None:
    act(world, "olsen", ending(world.flags[1]))
    assert act(world, "olsen", setting(world, kind=FlagKind.MENTAL_ILLNESS)).audience == Audience.SUPERVISION
    with pytest.raises(CheckViolation, match="flag_of_health"):
        owner("UPDATE cases_flag SET kind = 'mental_illness' WHERE audience = 0")


def test_of_two_reviews_from_one_version_the_second_is_shown_the_first(world: World) -> None:
    flag = world.flags[0]
    found = together(
        *(lambda who=who: act(world, who, reviewing(flag)) for who in ("olsen", "mills"))  # type: ignore[misc]
    )
    assert sorted(type(one).__name__ for one in found) == ["Flag", "Stale"]
    (stale,) = [one for one in found if isinstance(one, Stale)]
    assert stale.current.version == 2  # type: ignore[attr-defined]


def test_nothing_ends_without_a_reason_and_nothing_ended_is_reviewed(world: World) -> None:
    with leaves(), pytest.raises(Refused):
        act(world, "olsen", ending(world.flags[0], " "))
    ended = act(world, "olsen", ending(world.flags[0]))
    with leaves(), pytest.raises(Refused):
        act(world, "olsen", reviewing(ended))


# --- The second wall alone --------------------------------------------------------------------------------------------


def forged(world: World, **more: Any) -> Flag:
    values = {**VETERAN, "case": world.joint, "set_on": soon(0), "agency": world.agencies["police"], **more}
    return Flag.objects.create(**{"set_by": world.users["reyes"], **values})


def test_the_database_lets_nobody_set_or_end_in_anothers_name(world: World) -> None:
    def refused(make: Any) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            make()

    with acting(world.users["reyes"], world.agencies["police"]):
        forged(world)
        refused(lambda: forged(world, agency=world.agencies["probation"]))
        refused(lambda: forged(world, set_by=world.users["olsen"]))
        refused(lambda: forged(world, audience=Audience.SUPERVISION))
        refused(lambda: forged(world, case=world.suspect))
        assert Flag.objects.filter(pk=world.flags[0].pk).update(ended_on=soon(0), end_reason="x") == 0
        refused(lambda: Flag.objects.filter(agency=world.agencies["police"]).update(evidence="Other"))
        refused(lambda: Caution.objects.create(case=world.joint, set_by=world.users["reyes"], set_on=soon(0), **KNIFE))
        assert Caution.objects.filter(case=world.joint).update(ended_on=soon(0)) == 0
    with acting(world.users["patel"], world.agencies["police"]):
        refused(lambda: forged(world, set_by=world.users["patel"]))
        assert not Flag.objects.exists()
    with acting(world.users["olsen"], world.agencies["probation"]):
        refused(lambda: Caution.objects.create(case=world.joint, set_by=world.users["mills"], set_on=soon(0), **KNIFE))
        refused(lambda: Caution.objects.filter(case=world.joint).update(text="Harmless"))
        assert Case.objects.filter(pk=world.joint.pk).exists()
