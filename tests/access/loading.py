"""Puts a described world into the committed test database: rows as the job role, keys by the product's functions."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import connection

from tests import services
from tests.access.describing import insert_world
from tests.access.oracle import World

# Children before parents. The trail and what a migration filled stay.
EMPTY = """
DELETE FROM cases_companion; DELETE FROM cases_appointment;
DELETE FROM sharing_delivery; DELETE FROM sharing_inboxitem; DELETE FROM sharing_outboxevent;
DELETE FROM sharing_webhooksecret; DELETE FROM sharing_webhook;
DELETE FROM cases_actionversion; DELETE FROM cases_goalversion; DELETE FROM cases_action; DELETE FROM cases_goal;
DELETE FROM cases_document; DELETE FROM cases_flag;
DELETE FROM cases_plan; DELETE FROM cases_contactversion; DELETE FROM cases_contact; DELETE FROM cases_draft;
DELETE FROM cases_riskassessment; DELETE FROM cases_caution; DELETE FROM cases_condition;
DELETE FROM cases_casekey; DELETE FROM cases_caseexclusion; DELETE FROM cases_casenamedprincipal;
DELETE FROM cases_case; DELETE FROM cases_juvenilehistory; DELETE FROM cases_alias; DELETE FROM cases_identifier;
DELETE FROM cases_address; DELETE FROM cases_personnametoken; DELETE FROM cases_nametoken;
DELETE FROM cases_person; DELETE FROM sharing_grant; DELETE FROM sharing_circleunit; DELETE FROM sharing_circle;
DELETE FROM sharing_agreementparty; DELETE FROM sharing_agreement; DELETE FROM agencies_membership;
DELETE FROM agencies_accountsession; DELETE FROM agencies_apitoken; DELETE FROM sharing_keptanswer;
DELETE FROM agencies_unit; DELETE FROM agencies_agency;
DELETE FROM account_emailaddress; DELETE FROM agencies_user; DELETE FROM auth_group;
"""
# A clock that a session may turn: it stands still where `test.now` says so, on every connection that says so.
TURNABLE_CLOCK = """
CREATE OR REPLACE FUNCTION access_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(nullif(current_setting('test.now', true), '')::timestamptz, statement_timestamp())
$$
"""
# The search has two ways, by the numbers of namesakes and of cases within reach; here one and three are already many.
FEW_ARE_MANY = """
DO $do$
DECLARE
  v_text text := pg_get_functiondef('case_search(bigint,int,text[],date,int)'::regprocedure);
BEGIN
  IF v_text ~ 'v_few constant int := 3;' THEN RETURN; END IF;
  ASSERT v_text ~ 'v_few constant int := 5000;' AND v_text ~ 'v_many constant int := 2000;';
  EXECUTE replace(replace(v_text, 'v_few constant int := 5000', 'v_few constant int := 3'),
                  'v_many constant int := 2000', 'v_many constant int := 1');
END $do$
"""
# The list of what others share has two ways too, by how much an owner was given; here one key is already much.
ONE_IS_MUCH = r"""
DO $do$
DECLARE
  v_text text := (SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'case_page');
BEGIN
  IF v_text ~ 'LIMIT 2\) s\) <= 1' THEN RETURN; END IF;
  ASSERT v_text ~ 'LIMIT 201\) s\) <= 200';
  EXECUTE replace(v_text, 'LIMIT 201) s) <= 200', 'LIMIT 2) s) <= 1');
END $do$
"""


class Loader:
    """One owner's and one job's connection, kept over many worlds."""

    def __init__(self) -> None:
        self.owner = services.connect("owner")
        self.job = services.connect("job")
        self.past_the_wall = services.connection_of_job()
        with self.owner.cursor() as cursor:
            cursor.execute(TURNABLE_CLOCK)
        with self.job.cursor() as cursor:
            cursor.execute("SELECT set_config('access.job', 'on', false)")

    def close(self) -> None:
        self.owner.close()
        self.job.close()
        self.past_the_wall.close()

    def as_in_a_large_world(self) -> None:
        """Makes search and lists take, for all but the smallest viewers, the way that a large world takes."""
        with self.owner.cursor() as cursor:
            cursor.execute("SELECT show_limit()")  # loads pg_trgm, whose setting the function carries
            cursor.execute(FEW_ARE_MANY)
            cursor.execute(ONE_IS_MUCH)

    def turn_clock(self, now: datetime.datetime) -> None:
        """Sets the clock of both connections and of Django's."""
        for cursor in (self.job.cursor(), connection.cursor()):
            with cursor:
                cursor.execute("SELECT set_config('test.now', %s, false)", [now.isoformat()])

    def empty(self) -> None:
        """Removes everything that a world contains."""
        with self.owner.cursor() as cursor:
            cursor.execute(EMPTY)

    def load(self, world: World) -> None:
        """Replaces what is there by the world, with its keys."""
        self.empty()
        self.turn_clock(world.now)
        self.job.autocommit = False
        with self.job, self.job.cursor() as cursor:
            insert_world(cursor, world)
            cursor.execute("SELECT case_own(%s::bigint[], %s)", [list(world.cases), world.own_mask])
            for grant in world.grants:
                if grant.kind == "share":
                    cursor.execute("SELECT case_issue(%s)", [grant.id])
                else:
                    cursor.execute("SELECT case_issue_many(%s, %s::bigint[])", [grant.id, grant.cases])
        self.job.autocommit = True

    def act(self, what: str, number: int, value: Any) -> None:
        """One of the acts of random_worlds.shake()."""
        with self.job.cursor() as cursor:
            if what == "revoke":
                cursor.execute("UPDATE sharing_grant SET revoked_at = %s WHERE id = %s", [value, number])
                cursor.execute("SELECT case_withdraw(ARRAY[%s]::bigint[])", [number])
            elif what == "extend":
                cursor.execute("UPDATE sharing_grant SET until = %s WHERE id = %s", [value, number])
                cursor.execute("SELECT case_reset_end(%s)", [number])
            elif what == "restrict":
                cursor.execute("UPDATE cases_case SET restricted = %s WHERE id = %s", [value, number])
            elif what == "move end":
                cursor.execute("UPDATE sharing_agreement SET ends_at = %s WHERE id = %s", [value, number])
            elif what == "touch":
                cursor.execute("UPDATE cases_case SET updated_at = %s, status = 1 WHERE id = %s", [value, number])
            elif what == "move":
                cursor.execute("UPDATE cases_case SET unit_id = %s WHERE id = %s", [value, number])
                cursor.execute("SELECT case_own(ARRAY[%s]::bigint[], (SELECT max(mask) FROM sharing_grant))", [number])

    def keys(self) -> set[tuple[Any, ...]]:
        """Every key as (case, group, mask, until, agreement, grant or None for an owner's)."""
        with self.owner.cursor() as cursor:
            cursor.execute(
                "SELECT k.content_object_id, k.group_id, k.mask, k.until, nullif(k.agreement_id, 0),"
                " CASE WHEN g.kind <> 'owner' THEN g.id END, p.codename = g.bundle"
                " FROM cases_casekey k JOIN sharing_grant g ON g.id = k.grant_id"
                " JOIN auth_permission p ON p.id = k.permission_id"
            )
            return set(cursor.fetchall())

    def drifted(self) -> int:
        """Returns the number of keys whose copies differ from their case."""
        return drifted(self.owner)


def drifted(owner: Any) -> int:
    """Returns the number of keys whose copies differ from their case, by an owner's connection."""
    with owner.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM cases_casekey k JOIN cases_case c ON c.id = k.content_object_id"
            " WHERE (k.updated_at, k.next_review, k.status, k.risk_level, k.restricted) IS DISTINCT FROM"
            " (c.updated_at, coalesce(c.next_review, '9999-12-31'), c.status, c.risk_level, c.restricted)"
        )
        return int(cursor.fetchone()[0])
