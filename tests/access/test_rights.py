"""What the database lets each role do at all: who may call what works as the owner, and who may write whose account."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError, connection, transaction

from agencies.directory.models import Membership
from sharing.access.context import acting
from sharing.access.models import Grant, Purpose
from tests import services
from tests.calls import bearer
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

RULES = {
    "case_excluded",
    "case_opens",
    "case_row_opens",
    "person_opens",
    "grant_record_opens",
    "case_permits",
    "case_mask",
    "agreement_seen",
    "agreement_drafted",
    "companion_known",
}
ASKED = {"access_open", "case_page", "case_count", "case_search", "case_holders", "case_readers"} | {
    "case_may_open_in",
    "case_officers",
    "colleagues_busy",
    "person_duplicates",
}
GIVEN = {"case_issue", "case_withdraw", "case_reset_end", "case_reassign", "case_open"}
# What the signed-in person or client asks about themselves or their agency, so that a job has no use for it.
OWN = {
    "agreement_sign",
    "agreement_send_back",
    "own_preference",
    "case_recent",
    "case_changes",
    "case_expired",
    "client_register",
    "client_switch_off",
    "directory_add_account",
    "directory_administers",
    "directory_correct",
    "directory_may_place",
    "directory_set_active",
    "directory_vouches",
}
JOB_ALONE = {
    "case_gather_statistics",
    "case_own",
    "case_issue_many",
    "case_audience",
    "documents_waiting",
    "document_scanned",
    "documents_stored",
    "case_forget_changes",
}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("public", set()),
        ("concord_app", RULES | ASKED | GIVEN | OWN),
        ("concord_job", RULES | ASKED | GIVEN | JOB_ALONE),
    ],
)
def test_only_named_functions_of_the_owner_may_be_called(world: World, role: str, allowed: set[str]) -> None:
    """A new function that reads past row security is closed until somebody decides who needs it."""
    with services.connect("owner") as owner, owner.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"
            " AND has_function_privilege(%s, p.oid, 'EXECUTE')",
            [role],
        )
        assert {name for (name,) in cursor.fetchall()} == allowed


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
        " SELECT user_id, group_id, 'supervisor', now(), now() + interval '1 day' FROM agencies_membership LIMIT 1",
        "UPDATE agencies_membership SET role = 'supervisor'",
        "UPDATE agencies_user SET email = 'mine@example.org' WHERE id = 1",
        "UPDATE agencies_user SET is_active = true",
        "UPDATE agencies_user SET kind = 'person'",
        "INSERT INTO agencies_user (email) VALUES ('mine@example.org')",
        "INSERT INTO agencies_apitoken (label) VALUES ('mine')",
        "UPDATE agencies_apitoken SET digest = '0'",
        "UPDATE account_emailaddress SET email = 'mine@example.org'",
        'INSERT INTO account_emailaddress (user_id, email, verified, "primary")'
        " SELECT id, 'mine@example.org', true, false FROM agencies_user LIMIT 1",
        "SELECT * FROM account_emailconfirmation",
        "UPDATE sharing_agreement SET signed_at = now()",
        "UPDATE sharing_agreement SET starts_at = now()",
        "UPDATE sharing_agreementversion SET signed_at = now()",
        "INSERT INTO sharing_signature (capacity) VALUES ('mine')",
        "UPDATE sharing_agreement SET ends_at = 'infinity'",
        "CREATE TEMPORARY TABLE cases_case (id int)",
    ],
)
def test_the_web_gives_nobody_a_role_an_address_a_token_or_an_agreement(world: World, statement: str) -> None:
    import psycopg2

    with services.connect("app") as raw, raw.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)


def test_no_share_lets_others_share_on_or_goes_abroad_without_an_agreement(world: World) -> None:
    """Whatever a service forgets: what no bundle gives away is refused, and so is a foreign unit without a paper."""
    paper = {
        "kind": Grant.Kind.SHARE,
        "record_type": "cases.case",
        "record_id": world.joint.uuid,
        "bundle": "joint_plan",
        "purpose": Purpose.SUPERVISION,
        "until": world.grants["referred"].until,
    }
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        mine = paper | {"issued_by": actor.user}
        gang, south = world.units["police/gang"].pk, world.units["probation/south"].pk
        for mask in (1 | 65536, 1 | 131072, 1 | 8192, 1 | 16384):
            with pytest.raises(ProgrammingError), transaction.atomic():
                Grant.objects.create(**mine, mask=mask, group_id=gang, agreement=world.agreement)
        with pytest.raises(ProgrammingError), transaction.atomic():
            Grant.objects.create(**mine, mask=1, group_id=gang)
        Grant.objects.create(**mine, mask=1, group_id=gang, agreement=world.agreement)
        Grant.objects.create(**mine, mask=1, group_id=south)


def test_only_an_administrator_of_its_agency_moves_the_end_of_a_token(world: World) -> None:
    bearer(world.users["system"])
    with services.as_job():
        root = world.units["police/root"].group
        Membership.objects.create(user=world.users["stone"], group=root, role="administrator")
    moved = {}
    for who, agency in (("reyes", "police"), ("admin", "probation"), ("stone", "police")):
        with acting(world.users[who], world.agencies[agency]), connection.cursor() as cursor:
            cursor.execute("UPDATE agencies_apitoken SET expires_at = expires_at - interval '1 minute'")
            moved[who] = cursor.rowcount
    assert moved == {"reyes": 0, "admin": 0, "stone": 1}
