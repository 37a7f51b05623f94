"""Giving access, moving its end, taking it back: what each leaves behind, and what each refuses."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.models import FOREVER
from cases.supervision.bundles import BUNDLES
from cases.supervision.models import Case, CaseKey
from sharing.access.errors import NotAllowed, NotVisible, Refused
from sharing.access.models import Grant
from sharing.access.services import end_access, extend_access, share
from tests import services
from tests.access.acts import act, leaves, ledger, together
from tests.services import owner
from tests.worlds import World

DAY = datetime.timedelta(days=1)


def soon(days: float = 30) -> datetime.datetime:
    return timezone.now() + days * DAY


def give(world: World, who: str = "olsen", **changed: Any) -> Grant:
    """Shares a case's plan with the gang unit, or what the test says instead."""
    asked: dict[str, Any] = {
        "record": world.cases[6],
        "group_id": world.units["police/gang"].pk,
        "bundle": "joint_plan",
        "purpose": "supervision",
        "until": soon(),
        "agreement_id": world.agreement.pk,
        **changed,
    }
    granted: Grant = act(world, who, lambda actor: share(actor=actor, **asked))
    return granted


def sees(world: World, who: str, case: Case, category: Category = Category.PLAN_VIEW) -> bool:
    seen: bool = act(world, who, lambda actor: Case.objects.permitted(actor, category).filter(pk=case.pk).exists())
    return seen


# --- What each leaves -------------------------------------------------------------------------------------------------


def test_a_share_opens_at_once_and_leaves_one_change_and_one_event(world: World) -> None:
    assert not sees(world, "reyes", world.cases[6])
    with leaves(grants=1, keys=1, changes=1, events=1):
        grant = give(world)
    assert sees(world, "reyes", world.cases[6])
    assert not sees(world, "patel", world.cases[6])
    verb, record, thing = owner("SELECT verb, record_id, object_id FROM agencies_change ORDER BY id DESC LIMIT 1")[0]
    assert (verb, str(record), thing) == ("access.given", str(world.cases[6].uuid), str(grant.uuid))
    kind, groups = owner("SELECT kind, group_ids FROM sharing_outboxevent ORDER BY id DESC LIMIT 1")[0]
    assert (kind, groups) == ("access.given", [grant.group_id])


def test_narrowing_takes_along_what_rests_on_it(world: World) -> None:
    grant = give(world, narrowed_by=Category.PLAN_VIEW)
    assert not grant.mask & (Category.PLAN_CHANGE | Category.PLAN_SIGN | Category.PLAN_VIEW)
    assert sees(world, "reyes", world.cases[6], Category.LOCATION)
    assert not sees(world, "reyes", world.cases[6], Category.PLAN_VIEW)


def test_extending_leaves_one_change_and_one_event(world: World) -> None:
    grant = give(world, until=soon(1))
    with leaves(changes=1, events=1):
        act(world, "olsen", lambda actor: extend_access(actor=actor, grant_uuid=grant.uuid, until=soon(9)))
    assert owner("SELECT until FROM cases_casekey WHERE grant_id = %s", grant.pk)[0][0] > soon(8)


def test_ending_is_seen_on_the_very_next_read(world: World) -> None:
    grant = give(world)
    assert sees(world, "reyes", world.cases[6])
    with leaves(keys=-1, changes=1, events=1):
        act(world, "olsen", lambda actor: end_access(actor=actor, grant_uuid=grant.uuid, reason="Moved away"))
    assert not sees(world, "reyes", world.cases[6])
    with leaves():  # once more changes nothing
        act(world, "olsen", lambda actor: end_access(actor=actor, grant_uuid=grant.uuid, reason="Moved away"))


def test_a_failure_after_the_change_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outbox is the last step: when it fails, grant, key and trail go with it."""
    grant = give(world)

    def fail(**_: Any) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr("sharing.access.services.publish", fail)
    with leaves():
        for attempt in (
            lambda: give(world, record=world.cases[7]),
            lambda: act(world, "olsen", lambda a: end_access(actor=a, grant_uuid=grant.uuid, reason="x")),
            lambda: act(world, "olsen", lambda a: extend_access(actor=a, grant_uuid=grant.uuid, until=soon(40))),
        ):
            with pytest.raises(RuntimeError, match="no room"):
                attempt()
    assert sees(world, "reyes", world.cases[6])


# --- What each refuses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reyes", "stone", "patel", "dispatch", "system"])
def test_whoever_sees_but_does_not_own_may_not_decide(world: World, who: str) -> None:
    """Seen and forbidden: NotAllowed. None of it leaves a trace."""
    grant = world.grants["circle" if who != "reyes" else "joint"]
    with leaves():
        with pytest.raises(NotAllowed):
            give(world, who, record=world.joint)
        if grant.record_id:
            for ask in (
                lambda actor: end_access(actor=actor, grant_uuid=grant.uuid, reason="x"),
                lambda actor: extend_access(actor=actor, grant_uuid=grant.uuid, until=soon()),
            ):
                with pytest.raises(NotAllowed):
                    act(world, who, ask)


def test_what_is_not_seen_cannot_be_told_from_what_is_not_there(world: World) -> None:
    hidden = world.grants["restricted"]
    with leaves():
        for who, case in (("quist", world.joint), ("pratt", world.conflicted), ("carter", world.joint)):
            with pytest.raises(NotVisible):
                give(world, who, record=case)
        for who, grant_uuid in (("reyes", hidden.uuid), ("patel", hidden.uuid), ("olsen", uuid.uuid4())):
            with pytest.raises(NotVisible):
                act(world, who, lambda actor, u=grant_uuid: end_access(actor=actor, grant_uuid=u, reason="x"))


def test_a_standing_grant_does_not_end_by_hand(world: World) -> None:
    with leaves(), pytest.raises((NotVisible, NotAllowed)):
        act(world, "mills", lambda a: end_access(actor=a, grant_uuid=world.grants["circle"].uuid, reason="x"))


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"bundle": "full_file"}, "bundle", "Full file may not be given to Riverton Police Department"),
        ({"bundle": "referral"}, "bundle", "Referral may not be given to Riverton Police Department"),
        ({"bundle": "own_case"}, "bundle", "Choose what to share"),
        ({"bundle": "everything"}, "bundle", "Choose what to share"),
        ({"until": timezone.now() - DAY}, "until", "still to come"),
        ({"purpose": "curiosity"}, "purpose", "Choose a purpose"),
        ({"group_id": 999_999}, "group", "Choose a unit or circle"),
        ({"narrowed_by": Category.EXISTENCE}, "narrowed_by", "at least name and contact"),
        ({"agreement_id": 999_999}, "agreement", "in force"),
    ],
)
def test_what_the_rules_forbid_is_refused_by_name(
    world: World, changed: dict[str, Any], field: str, words: str
) -> None:
    with leaves(), pytest.raises(Refused) as refused:
        give(world, **changed)
    assert refused.value.field == field
    assert words in str(refused.value)


def test_a_provider_gets_a_referral_and_nothing_more(world: World) -> None:
    clinic = world.units["provider/clinic"].pk
    with leaves(), pytest.raises(Refused, match="Status card may not be given to Harbor"):
        give(world, group_id=clinic, bundle="status_card")
    give(world, group_id=clinic, bundle="referral")
    assert sees(world, "carter", world.cases[6], Category.EXISTENCE)
    assert not sees(world, "carter", world.cases[6], Category.SUPERVISION)


_TO_POLICE = {"status_card", "coordination", "joint_plan"}
_TO_JUSTICE = {"status_card", "coordination"}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("municipal_police", _TO_POLICE),
        ("sheriff", _TO_POLICE),
        ("probation_juvenile", {*_TO_POLICE, "full_file"}),
        ("parole", {*_TO_POLICE, "full_file"}),
        ("prosecutor", _TO_JUSTICE),
        ("court", _TO_JUSTICE),
        ("fusion_center", _TO_JUSTICE),
        ("treatment_provider", {"referral"}),
        ("community_organization", {"referral"}),
        ("federal", set()),
    ],
)
def test_a_kind_of_agency_is_given_its_bundles_and_only_under_an_agreement(
    world: World, kind: str, given: set[str]
) -> None:
    receiver = world.units["provider/clinic"].pk
    owner("UPDATE agencies_agency SET kind = %s WHERE id = %s", kind, world.agencies["provider"].pk)
    for bundle in BUNDLES.keys() - given - {"own_case"}:
        with leaves(), pytest.raises(Refused, match="may not be given to Harbor"):
            give(world, group_id=receiver, bundle=bundle)
    for bundle in given:
        give(world, group_id=receiver, bundle=bundle)
    owner("UPDATE sharing_agreement SET ended_at = now() - interval '1 second'")
    for bundle in given:
        with leaves(), pytest.raises(Refused, match="unit or circle from the list"):
            give(world, record=world.cases[7], group_id=receiver, bundle=bundle)


def test_access_does_not_outlast_its_agreement(world: World) -> None:
    owner("UPDATE sharing_agreement SET ends_at = %s", soon(10))
    with leaves(), pytest.raises(Refused, match="The agreement ends on"):
        give(world, until=soon(11))
    grant = give(world, until=soon(9))
    with leaves(), pytest.raises(Refused, match="The agreement ends on"):
        act(world, "olsen", lambda actor: extend_access(actor=actor, grant_uuid=grant.uuid, until=soon(11)))


def test_an_end_that_is_moved_back_within_a_day_is_an_end_with_a_reason(world: World) -> None:
    grant = give(world)

    def move(days: float) -> Grant:
        moved: Grant = act(
            world, "olsen", lambda actor: extend_access(actor=actor, grant_uuid=grant.uuid, until=soon(days))
        )
        return moved

    with leaves(), pytest.raises(Refused, match="end it now and say why"):
        move(0.5)
    move(2)  # shorter, and nobody is taken by surprise
    owner("UPDATE sharing_grant SET until = now() + interval '1 hour' WHERE id = %s", grant.pk)
    move(0.5)  # longer than it had


@pytest.mark.parametrize("how", ["suspended_at", "ended_at", "ends_at"])
def test_under_an_agreement_out_of_force_nothing_is_given_or_extended(world: World, how: str) -> None:
    grant = give(world)
    owner(f"UPDATE sharing_agreement SET {how} = now() - interval '1 second'")
    with leaves():
        with pytest.raises(Refused, match="unit or circle from the list"):
            give(world, record=world.cases[7])
        with pytest.raises(Refused, match="agreement"):
            act(world, "olsen", lambda actor: extend_access(actor=actor, grant_uuid=grant.uuid, until=soon(60)))


@pytest.mark.parametrize("how", ["suspended_at", "ended_at", "ends_at"])
def test_an_agreement_is_in_force_until_the_day_that_is_planned_for_its_end(world: World, how: str) -> None:
    """Giving and opening go by the same moment."""
    owner(f"UPDATE sharing_agreement SET {how} = now() + interval '1 day'")
    grant = give(world, until=soon(0.5))
    assert sees(world, "reyes", world.cases[6])
    later = soon(0.9 if how == "ends_at" else 60)
    act(world, "olsen", lambda actor: extend_access(actor=actor, grant_uuid=grant.uuid, until=later))
    owner(f"UPDATE sharing_agreement SET {how} = now() - interval '1 second'")
    assert not sees(world, "reyes", world.cases[6])


def test_only_parties_share_under_an_agreement(world: World) -> None:
    owner(
        "DELETE FROM sharing_agreementparty WHERE agency_id = %s", world.agencies["police"].pk
    )  # as if it had never signed
    with leaves(), pytest.raises(Refused, match="unit or circle from the list"):
        give(world)
    with leaves(), pytest.raises(Refused, match="both agencies have signed"):
        give(world, group_id=world.circle.pk, bundle="status_card")  # one of the circle's agencies has not


def test_within_the_agency_no_agreement_is_needed(world: World) -> None:
    south = world.units["probation/south"].pk
    give(world, group_id=south, bundle="full_file", agreement_id=None)
    assert sees(world, "quist", world.cases[6])


def test_the_same_share_twice_is_refused_while_it_opens_something(world: World) -> None:
    give(world)
    with leaves(), pytest.raises(Refused, match="already has this"):
        give(world)
    owner("UPDATE sharing_agreement SET ended_at = now() - interval '1 second'")
    with services.connect("owner") as raw, raw.cursor() as cursor:  # a new agreement takes the old one's place
        cursor.execute(
            "INSERT INTO sharing_agreement (uuid, title, kind, joinable, stop_reason, starts_at, ends_at, signed_at)"
            " VALUES (gen_random_uuid(), 'Renewed', 'information', false, '', now() - interval '1 day', %s, now())"
            " RETURNING id",
            [FOREVER],
        )
        renewed = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO sharing_agreementparty (agreement_id, agency_id) SELECT %s, id FROM agencies_agency", [renewed]
        )
    assert not sees(world, "reyes", world.cases[6])
    give(world, agreement_id=renewed)
    assert sees(world, "reyes", world.cases[6])


# --- Ends without anybody's act ---------------------------------------------------------------------------------------


def test_ending_an_agreement_is_one_row_that_closes_every_key_at_once(world: World) -> None:
    give(world)
    assert sees(world, "reyes", world.joint)
    assert sees(world, "deputy", world.cases[9], Category.EXISTENCE)
    before = ledger()
    owner("UPDATE sharing_agreement SET ended_at = now() WHERE id = %s", world.agreement.pk)
    assert ledger() == before
    for who in ("reyes", "stone", "patel", "deputy", "dispatch", "carter", "system"):
        assert act(world, who, lambda actor: Case.objects.count() + CaseKey.objects.count()) == 0
    assert sees(world, "olsen", world.joint)
    owner("UPDATE sharing_agreement SET ended_at = NULL, suspended_at = now()")
    assert not sees(world, "reyes", world.joint)
    owner("UPDATE sharing_agreement SET suspended_at = NULL")
    assert sees(world, "reyes", world.joint)


def test_the_clock_ends_a_share_with_no_worker_running(world: World) -> None:
    grant = give(world, until=soon(3))
    for seconds, open_ in ((-1, True), (0, False), (1, False)):
        moment = grant.until + datetime.timedelta(seconds=seconds)
        owner(
            "CREATE OR REPLACE FUNCTION access_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE"
            f" AS $$ SELECT '{moment.isoformat()}'::timestamptz $$"
        )
        assert sees(world, "reyes", world.cases[6]) is open_, seconds


def test_a_unit_that_joins_or_leaves_a_circle_rewrites_no_key(world: World) -> None:
    case, clinic = world.cases[9], world.units["provider/clinic"].pk
    assert not sees(world, "carter", case, Category.EXISTENCE)
    before = owner("SELECT count(*), max(grant_id), max(xmin::text::bigint) FROM cases_casekey")
    owner(
        "INSERT INTO sharing_circleunit (circle_id, unit_id, joined_at, until) VALUES (%s, %s, now(), %s)",
        world.circle.pk,
        clinic,
        FOREVER,
    )
    assert sees(world, "carter", case, Category.EXISTENCE)
    owner("UPDATE sharing_circleunit SET until = now() WHERE unit_id = %s", clinic)
    assert not sees(world, "carter", case, Category.EXISTENCE)
    assert owner("SELECT count(*), max(grant_id), max(xmin::text::bigint) FROM cases_casekey") == before


# --- Double clicks ----------------------------------------------------------------------------------------------------


def test_two_clicks_on_share_give_one_grant(world: World) -> None:
    with leaves(grants=1, keys=1, changes=1, events=1):
        results = together(lambda: give(world), lambda: give(world))
    assert sorted(type(result).__name__ for result in results) == ["Grant", "Refused"]


def test_two_clicks_on_one_form_give_the_same_grant(world: World) -> None:
    form = {"grant_uuid": uuid.uuid4(), "until": timezone.now() + datetime.timedelta(days=30)}
    with leaves(grants=1, keys=1, changes=1, events=1):
        first, second = together(lambda: give(world, **form), lambda: give(world, **form))
    assert first.pk == second.pk


def test_two_clicks_on_end_are_one_change(world: World) -> None:
    grant = give(world)

    def end() -> Grant:
        ended: Grant = act(world, "olsen", lambda a: end_access(actor=a, grant_uuid=grant.uuid, reason="Moved away"))
        return ended

    with leaves(keys=-1, changes=1, events=1):
        first, second = together(end, end)
    assert first.revoked_at == second.revoked_at


# --- Odd input --------------------------------------------------------------------------------------------------------


def test_an_end_after_the_calendars_last_day_is_refused(world: World) -> None:
    """The database would take it and the driver could never read it back: every page with the grant would fail."""
    eve = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.timezone(datetime.timedelta(hours=-5)))
    inside = {"group_id": world.units["probation/south"].pk, "agreement_id": None}
    with pytest.raises(Refused, match="year 10000"):
        give(world, **inside, until=eve)
    grant = give(world, **inside)
    with pytest.raises(Refused, match="year 10000"):
        act(world, "olsen", lambda actor: extend_access(actor=actor, grant_uuid=grant.uuid, until=eve))


def test_an_empty_circle_is_given_nothing(world: World) -> None:
    """Whoever joins it later may be of a kind that must never have the bundle."""
    owner("DELETE FROM sharing_circleunit")
    with pytest.raises(Refused) as refusal:
        give(world, group_id=world.circle.pk, bundle="full_file")
    assert refusal.value.field == "group"
