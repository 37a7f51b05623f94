"""An agreement from the first draft to its end: who may write, sign and stop it, and what it refuses and closes."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import ProgrammingError, connection
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.models import FOREVER
from cases.supervision.models import Case
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.access.services import extend_access, share
from sharing.agreements import services
from sharing.agreements.codes import State
from sharing.agreements.models import Agreement, AgreementVersion
from sharing.agreements.querysets import agreement_for, live_of, state_of, terms_of, versions_for
from sharing.agreements.terms import digest_of
from tests.access.acts import act, leaves
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

TODAY = timezone.localdate()
DAY = datetime.timedelta(days=1)
TERMS: dict[str, Any] = {
    "purposes": ["supervision", "officer_safety"],
    "legal_authority": "State Code 944.01",
    "text": "We tell one another what keeps officers safe.",
    "max_days": 90,
    "starts_on": TODAY,
    "ends_on": TODAY + 200 * DAY,
    "review_on": TODAY + 100 * DAY,
}
ALLOWED = [("municipal_police", "status_card"), ("municipal_police", "joint_plan")]


@pytest.fixture
def chiefs(world: World) -> World:
    """The small world with an administrator at the police (stone) and the sheriff's (deputy) as well."""
    for who, unit in (("stone", "police/root"), ("deputy", "sheriff/root")):
        owner(
            "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
            " VALUES (%s, %s, 'administrator', now() - interval '1 day', %s)",
            world.users[who].pk, world.units[unit].pk, FOREVER,
        )  # fmt: skip
    return world


def draft(world: World, who: str = "admin", partner: str = "police", **changed: Any) -> Agreement:
    """Lets an administrator draft an agreement with another agency."""
    asked: dict[str, Any] = {"title": "Safer visits", "kind": "joint_visits", "terms": TERMS, "allowances": ALLOWED}
    asked |= changed
    made: Agreement = act(
        world, who, lambda a: services.draft_agreement(actor=a, partners=[world.agencies[partner]], **asked)
    )
    return made


def propose(world: World, agreement: Agreement, who: str = "admin", revision: int = 1) -> AgreementVersion:
    made: AgreementVersion = act(
        world, who, lambda a: services.propose(actor=a, agreement_uuid=agreement.uuid, seen_revision=revision)
    )
    return made


def sign(world: World, agreement: Agreement, who: str, number: int = 1, digest: str = "") -> bool:
    def signing(actor: Any) -> bool:
        found = agreement_for(actor.agency_id, agreement.uuid)
        if found is None:
            raise NotVisible
        (newest, *_) = versions_for(actor.agency_id, found)
        read = digest or digest_of(found, newest)
        return services.sign(actor=actor, agreement_uuid=agreement.uuid, number=number, capacity="Chief", digest=read)

    signed: bool = act(world, who, signing)
    return signed


def in_force(world: World, **changed: Any) -> Agreement:
    """An agreement of probation and police that both have signed."""
    agreement = draft(world, **changed)
    propose(world, agreement)
    assert sign(world, agreement, "admin") is False
    assert sign(world, agreement, "stone") is True
    return agreement


def state(world: World, agreement: Agreement, who: str = "admin") -> State | None:
    def asked(actor: Any) -> State | None:
        found = agreement_for(actor.agency_id, agreement.uuid)
        return state_of(found, versions_for(actor.agency_id, found), timezone.now()) if found else None

    where: State | None = act(world, who, asked)
    return where


def give(world: World, agreement: Agreement, **changed: Any) -> Any:
    """Lets olsen share a case with the gang unit under the agreement."""
    asked: dict[str, Any] = {
        "record": world.cases[6], "group_id": world.units["police/gang"].pk, "bundle": "joint_plan",
        "purpose": "supervision", "until": timezone.now() + 30 * DAY, "agreement_id": agreement.pk, **changed,
    }  # fmt: skip
    return act(world, "olsen", lambda actor: share(actor=actor, **asked))


def opens(world: World, who: str = "reyes") -> bool:
    seen: bool = act(
        world, who, lambda a: Case.objects.permitted(a, Category.PLAN_VIEW).filter(pk=world.cases[6].pk).exists()
    )
    return seen


# --- From draft to signature -----------------------------------------------------------------------------------------


def test_it_comes_into_force_by_the_last_signature_and_shares_from_then_on(chiefs: World) -> None:
    agreement = draft(chiefs)
    assert state(chiefs, agreement) == State.DRAFT
    assert state(chiefs, agreement, "stone") is None  # a draft is its writer's alone
    with pytest.raises(Refused, match="agreement in force"):
        give(chiefs, agreement)
    propose(chiefs, agreement)
    assert state(chiefs, agreement, "stone") == State.PROPOSED
    assert state(chiefs, agreement, "deputy") is None  # no party
    assert sign(chiefs, agreement, "admin") is False
    with pytest.raises(Refused, match="agreement in force"):
        give(chiefs, agreement)
    assert sign(chiefs, agreement, "stone") is True
    assert state(chiefs, agreement) == State.ACTIVE
    give(chiefs, agreement)
    assert opens(chiefs)
    verbs = [verb for (verb,) in owner("SELECT verb FROM agencies_change WHERE verb LIKE 'agreement.%%' ORDER BY id")]
    assert verbs == ["agreement.drafted", "agreement.proposed", "agreement.signed", "agreement.signed"]


@pytest.mark.parametrize("who", ["olsen", "mills"])
def test_only_an_administrator_writes_or_signs(chiefs: World, who: str) -> None:
    with leaves(), pytest.raises(NotAllowed, match="Only an administrator"):
        draft(chiefs, who)
    agreement = draft(chiefs)
    propose(chiefs, agreement)
    with leaves(), pytest.raises(NotAllowed):
        sign(chiefs, agreement, who)


def test_who_is_no_party_finds_nothing_to_sign_or_stop(chiefs: World) -> None:
    agreement = in_force(chiefs)
    for do in (services.suspend, services.end):
        with leaves(), pytest.raises(NotVisible):
            act(chiefs, "deputy", lambda a, do=do: do(actor=a, agreement_uuid=agreement.uuid, reason="No"))


def test_a_signature_is_under_the_terms_that_were_read(chiefs: World) -> None:
    agreement = draft(chiefs)
    propose(chiefs, agreement)
    with leaves(), pytest.raises(Stale):
        sign(chiefs, agreement, "stone", digest="0" * 64)
    sign(chiefs, agreement, "admin")
    act(chiefs, "stone", lambda a: services.send_back(actor=a, agreement_uuid=agreement.uuid, reason="Ninety is long"))
    assert owner("SELECT count(*) FROM sharing_signature") == [(0,)]
    changed = {"max_days": 60}
    act(chiefs, "admin", lambda a: services.change_draft(
        actor=a, agreement_uuid=agreement.uuid, terms=changed, seen_revision=2))  # fmt: skip
    propose(chiefs, agreement, revision=3)
    sign(chiefs, agreement, "stone")
    assert sign(chiefs, agreement, "admin") is True


def test_terms_change_only_in_a_draft_and_from_the_revision_that_was_read(chiefs: World) -> None:
    agreement = draft(chiefs)

    def change(seen: int, **terms: Any) -> Any:
        return act(chiefs, "admin", lambda a: services.change_draft(
            actor=a, agreement_uuid=agreement.uuid, terms=terms, seen_revision=seen))  # fmt: skip

    change(1, max_days=30)
    with leaves(), pytest.raises(Stale):
        change(1, max_days=40)
    with leaves():
        change(2, max_days=30)  # as it is
    propose(chiefs, agreement, revision=2)
    with leaves(), pytest.raises(Refused, match="proposed already"):
        change(2, max_days=40)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"ends_on": TODAY - DAY}, "ends_on"),
        ({"review_on": TODAY + 4 * 366 * DAY}, "review_on"),
        ({"max_days": 0}, "max_days"),
        ({"legal_authority": ""}, "legal_authority"),
        ({"purposes": []}, "purposes"),
        ({"purposes": ["curiosity"]}, "purposes"),
    ],
)
def test_terms_that_cannot_be_are_refused_at_their_field(chiefs: World, changed: dict[str, Any], field: str) -> None:
    with leaves(), pytest.raises(Refused) as refused:
        draft(chiefs, terms={**TERMS, **changed})
    assert refused.value.field == field


# --- What it refuses, and what it closes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "field", "named"),
    [
        ({"purpose": "investigation"}, "purpose", "does not cover this purpose"),
        ({"bundle": "coordination"}, "bundle", "does not let Riverton Police Department have the coordination"),
        ({"until": timezone.now() + 92 * DAY}, "until", "90 days at most"),
        ({"until": timezone.now() + 400 * DAY}, "until", "The agreement ends on"),
    ],
)
def test_beyond_its_terms_nothing_is_given_and_the_term_is_named(
    chiefs: World, asked: dict[str, Any], field: str, named: str
) -> None:
    agreement = in_force(chiefs)
    with leaves(), pytest.raises(Refused, match=named) as refused:
        give(chiefs, agreement, **asked)
    assert refused.value.field == field


def test_access_is_extended_within_the_terms_alone(chiefs: World) -> None:
    grant = give(chiefs, in_force(chiefs))

    def extend(days: int) -> Any:
        until = timezone.now() + days * DAY
        return act(chiefs, "olsen", lambda a: extend_access(actor=a, grant_uuid=grant.uuid, until=until))

    with pytest.raises(Refused, match="90 days at most"):
        extend(95)
    extend(80)


def test_suspended_it_closes_everything_under_it_at_once_and_resumed_opens_it(chiefs: World) -> None:
    agreement = in_force(chiefs)
    give(chiefs, agreement)
    act(chiefs, "stone", lambda a: services.suspend(actor=a, agreement_uuid=agreement.uuid, reason="A leak"))
    assert (opens(chiefs), state(chiefs, agreement)) == (False, State.SUSPENDED)
    with leaves(), pytest.raises(NotAllowed, match="alone takes that back"):
        act(chiefs, "admin", lambda a: services.resume(actor=a, agreement_uuid=agreement.uuid))
    act(chiefs, "stone", lambda a: services.resume(actor=a, agreement_uuid=agreement.uuid))
    assert (opens(chiefs), state(chiefs, agreement)) == (True, State.ACTIVE)
    act(chiefs, "admin", lambda a: services.end(actor=a, agreement_uuid=agreement.uuid, reason="Done"))
    assert (opens(chiefs), state(chiefs, agreement)) == (False, State.ENDED)
    with leaves():
        act(chiefs, "stone", lambda a: services.end(actor=a, agreement_uuid=agreement.uuid, reason="Again"))


def test_it_ends_by_the_clock(chiefs: World) -> None:
    agreement = in_force(chiefs)
    give(chiefs, agreement)
    owner("UPDATE sharing_agreement SET ends_at = now() - interval '1 second' WHERE id = %s", agreement.pk)
    assert (opens(chiefs), state(chiefs, agreement)) == (False, State.ENDED)


# --- Amendments ------------------------------------------------------------------------------------------------------


def test_an_amendment_changes_nothing_before_the_last_signature(chiefs: World) -> None:
    agreement = in_force(chiefs)
    act(chiefs, "stone", lambda a: services.amend(actor=a, agreement_uuid=agreement.uuid))
    with pytest.raises(Refused, match="changes nothing"):
        propose(chiefs, agreement, "stone")
    wider = {"purposes": [*TERMS["purposes"], "investigation"]}
    act(chiefs, "stone", lambda a: services.change_draft(
        actor=a, agreement_uuid=agreement.uuid, terms=wider, seen_revision=1))  # fmt: skip
    assert [v.number for v in act(chiefs, "admin", lambda a: versions_for(a.agency_id, agreement))] == [1]
    with pytest.raises(Refused, match="writes no draft"):
        act(chiefs, "admin", lambda a: services.change_draft(
            actor=a, agreement_uuid=agreement.uuid, terms=wider, seen_revision=1))  # fmt: skip
    propose(chiefs, agreement, "stone", 2)
    sign(chiefs, agreement, "stone", 2)
    with pytest.raises(Refused, match="does not cover"):
        give(chiefs, agreement, purpose="investigation")
    assert sign(chiefs, agreement, "admin", 2) is True
    give(chiefs, agreement, purpose="investigation")
    assert act(chiefs, "admin", lambda a: terms_of(agreement)).number == 2


# --- The second wall -------------------------------------------------------------------------------------------------


def test_the_database_lets_nobody_put_an_agreement_in_force_by_themselves(chiefs: World) -> None:
    agreement = draft(chiefs)
    for statement in (
        f"UPDATE sharing_agreement SET signed_at = now() WHERE id = {agreement.pk}",
        f"UPDATE sharing_agreement SET ends_at = now() WHERE id = {agreement.pk}",
        f"INSERT INTO sharing_signature (version_id, agency_id, user_id, capacity, signed_at, digest)"
        f" VALUES (1, {chiefs.agencies['police'].pk}, 1, '', now(), '')",
        "SELECT agreement_sign((SELECT max(id) FROM sharing_agreementversion), 'x', 'y')",
    ):
        with pytest.raises(ProgrammingError):
            act(chiefs, "admin", lambda a, statement=statement: run(statement))
    assert act(chiefs, "reyes", lambda a: live_of(a.agency_id).filter(pk=agreement.pk).exists()) is False
    assert act(chiefs, "stone", lambda a: Agreement.objects.filter(pk=agreement.pk).exists()) is False
    assert act(chiefs, "deputy", lambda a: Agreement.objects.filter(pk=in_force_pk(chiefs)).exists()) is False


def in_force_pk(world: World) -> int:
    return int(owner("SELECT max(id) FROM sharing_agreement")[0][0])


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
