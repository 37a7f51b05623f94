"""An account belongs to whom its owner works for: another agency's role, or one that ended, gives no hold on it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from agencies.accounts import services as accounts
from agencies.directory import services as directory
from agencies.directory.errors import Refused
from agencies.directory.models import Membership
from sharing.access.context import acting
from tests import services
from tests.agencies.directory.test_members import attempt
from tests.calls import V1, send, signed_in
from tests.pages import Visitor, text, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

ACTS = ("link", "unlock", "suspend", "reinstate")


def hired_elsewhere(world: World) -> None:
    """Probation gives Reyes of the police a role, as it may without asking anybody."""
    services.owner("UPDATE agencies_user SET last_login = now() WHERE id = %s", world.users["reyes"].pk)
    south = world.units["probation/south"].pk
    with acting(world.users["admin"], world.agencies["probation"]) as actor:
        accounts.invite(actor=actor, email="reyes@example.org", name="X", group_id=south, role="analyst")


def role_ended(world: World) -> None:
    """The role that hired_elsewhere() gave ends."""
    with acting(world.users["admin"], world.agencies["probation"]) as actor:
        row = Membership.objects.get(user=world.users["reyes"], group_id=world.units["probation/south"].pk)
        directory.end_role(actor=actor, user_id=row.user_id, membership_id=row.pk)


def letters() -> int:
    """How many letters there are."""
    found: int = services.owner("SELECT count(*) FROM agencies_accountletter")[0][0]
    return found


def acts_by_api(world: World) -> dict[str, tuple[int, str]]:
    """What the API answers to each act of probation's administrator on Reyes's account: status and words."""
    admin, one = signed_in(world.users["admin"]), f"{V1}/members/{world.users['reyes'].pk}"
    found = {}
    for act in ACTS:
        answer = send(admin, "POST", f"{one}/{act}/", {"reason": "x"} if act == "suspend" else None)
        found[act] = (answer.status_code, str(answer.json().get("errors")))
    return found


def offered(world: World, who: str) -> set[str]:
    """Which acts probation's page of somebody offers."""
    person = world.users[who].pk
    page = text(Visitor(world.users["admin"]).get(reverse("member", args=[person])))
    return {act for act in ACTS if reverse(f"member_{act}", args=[person]) in page}


def test_an_account_of_two_agencies_is_left_alone_by_either(world: World) -> None:
    hired_elsewhere(world)
    before = trail("change")
    answers = acts_by_api(world)
    assert {status for status, _ in answers.values()} == {400}, answers
    assert all("works for another agency too" in words for _, words in answers.values()), answers
    assert offered(world, "reyes") == set()
    assert letters() == 0
    assert trail("change") == before


def test_a_role_that_ended_leaves_its_history_and_no_hold(world: World) -> None:
    hired_elsewhere(world)
    role_ended(world)
    before = trail("change")
    answers = acts_by_api(world)
    assert {status for status, _ in answers.values()} == {400}, answers
    assert offered(world, "reyes") == set()
    assert letters() == 0
    assert trail("change") == before


def test_when_somebody_signs_in_is_no_matter_of_an_agency_they_left(world: World) -> None:
    today = f"{timezone.localdate():%Y}"
    admin, one = signed_in(world.users["admin"]), f"{V1}/members/{world.users['reyes'].pk}/"
    page = reverse("member", args=[world.users["reyes"].pk])

    def told() -> tuple[Any, ...]:
        in_list = [row for row in admin.get(f"{V1}/members/", {"state": state}).json()["results"] if row["id"] == reyes]
        return (
            admin.get(one).json()["last_login"],
            in_list[0]["last_login"],
            "Last signed in" in text(admin.get(page)),
            "Signed in</span><span></span>" not in text(admin.get(reverse("agency") + f"?state={state}")),
        )

    reyes, state = world.users["reyes"].pk, "here"
    hired_elsewhere(world)
    assert [bool(seen) for seen in told()] == [True, True, True, True]
    assert today in told()[0]
    role_ended(world)
    state = "left"
    assert told() == (None, None, False, False)
    assert "Reyes" in text(admin.get(page))


def test_an_agency_acts_on_the_accounts_that_are_its_own(world: World) -> None:
    assert offered(world, "olsen") == {"link", "suspend"}  # and a lock-out is ended while there is one
    admin, one = signed_in(world.users["admin"]), f"{V1}/members/{world.users['olsen'].pk}"
    answers = [send(admin, "POST", f"{one}/{act}/").status_code for act in ("link", "unlock")]
    assert answers == [202, 200]
    assert letters() == 1


def test_somebody_without_a_password_is_invited_again_by_either(world: World) -> None:
    services.owner("UPDATE agencies_user SET password = '!x' WHERE id = %s", world.users["reyes"].pk)
    hired_elsewhere(world)
    assert letters() == 1
    assert offered(world, "reyes") == {"link"}
    link = f"{V1}/members/{world.users['reyes'].pk}/link/"
    assert send(signed_in(world.users["admin"]), "POST", link).status_code == 202
    role_ended(world)
    with acting(world.users["admin"], world.agencies["probation"]) as actor, pytest.raises(Refused, match="no role"):
        accounts.send_link(actor=actor, user_id=world.users["reyes"].pk)
    assert letters() == 2


def test_the_database_takes_no_letter_for_an_account_that_is_another_s_too(world: World) -> None:
    letter = (
        "INSERT INTO agencies_accountletter (uuid, user_id, kind, created_at, attempts, next_attempt_at, created_by_id)"
        " VALUES (gen_random_uuid(), {reyes}, '%s', now(), 0, now(), {me})"
    )
    hired_elsewhere(world)
    assert attempt(world, "admin", letter % "password") is None
    assert attempt(world, "admin", letter % "invitation") == 1
    role_ended(world)
    assert attempt(world, "admin", letter % "invitation") is None
