"""Every policy of the database, taken alone: a stranger gets no further than it says, and would without it.

Three strangers try to read, add, change and delete the rows of every table that stands behind a policy: the
application's role without a context, the job's role without one, and somebody with every role at an agency that has
nothing to do with the rows. Then each policy is opened to everybody, alone, and one of them must get further.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg2
import pytest
from psycopg2.sql import SQL, Composed, Identifier, Literal

from agencies.directory.models import AgencyKind
from agencies.directory.roles import ROLE_CODES, ROLE_MASKS
from tests import services
from tests.worlds import World

APP, JOB = "concord_app", "concord_job"
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")
# Rows that are everybody's, of tables that keep others back.
EVERYBODYS = {"sharing_grant": "kind = 'standing'"}
# What a stranger may do at home: change the one unit that is theirs, and make groups for further ones.
AT_HOME = {("agencies_unit", "stranger", "UPDATE", 1), ("auth_group", "stranger", "INSERT", 1)}

# Tables of which the job's role, or everybody, may do what the role holds at all: there is nothing in them to ask for.
# The job prepares and sends what these keep; who works where is no secret between agencies.
FREE = {
    *((table, "by_job") for table in (
        "account_emailaddress", "agencies_accountletter", "agencies_change", "agencies_cover", "agencies_membership",
        "agencies_read", "agencies_unit", "auth_group", "sharing_claim", "sharing_noticepreference",
        "sharing_noticetimes", "sharing_webhook", "sharing_webhooksecret", "sharing_agreement",
        "sharing_agreementparty", "sharing_agreementversion", "sharing_allowance", "sharing_signature",
    )),
    *((table, "seen") for table in ("account_emailaddress", "agencies_membership", "agencies_unit", "auth_group")),
    *((table, "own_number") for table in ("agencies_change", "agencies_read")),
    ("agencies_apitoken", "by_job"),
    ("agencies_apitoken", "by_digest"),
    ("sharing_delivery", "relay_deliveries"),
    ("sharing_inboxitem", "relay_inbox"),
    ("sharing_outboxevent", "relay"),
}  # fmt: skip
# Whose second half says nothing, since the columns that may be changed are none that it could ask about.
UNCHECKED = {("sharing_grant", "take_back")}
# Behind no policy: who the agencies are and what they agreed on, who has an account, and what rows keep nobody from.
OPEN_TABLES = {
    "agencies_accountsession", "agencies_agency", "agencies_denial", "agencies_signin", "agencies_user",
    "auth_permission", "django_content_type", "django_session",
    "sharing_circle", "sharing_circleunit",
}  # fmt: skip


class Policy(NamedTuple):
    """A row of pg_policies."""

    table: str
    name: str
    verb: str
    roles: list[str]
    using: str | None
    check: str | None

    @property
    def says_nothing(self) -> bool:
        """Whether it lets its role do all that the role may do with the table."""
        return {self.using, self.check} <= {"true", None}


class Try(NamedTuple):
    """Who tries what."""

    who: str
    verb: str


class Database:
    """The cluster's superuser in one transaction, who takes on other roles."""

    def __init__(self, raw: Any, strangers: dict[str, tuple[str, list[Any]]]) -> None:
        self.cursor = raw.cursor()
        self.strangers = strangers

    def ask(self, statement: str | Composed, *arguments: Any) -> list[Any]:
        """The rows of a statement."""
        self.cursor.execute(statement, arguments or None)
        return list(self.cursor.fetchall()) if self.cursor.description else []

    @contextmanager
    def then_back(self) -> Iterator[None]:
        """Nothing done inside stays, nor the role taken on."""
        self.ask("SAVEPOINT here")
        try:
            yield
        finally:
            self.ask("ROLLBACK TO SAVEPOINT here; RELEASE SAVEPOINT here")

    def policies(self) -> list[Policy]:
        """All of them."""
        found = "SELECT tablename, policyname, cmd, roles::text[], qual, with_check FROM pg_policies"
        return [Policy(*row) for row in self.ask(f"{found} WHERE schemaname = 'public' ORDER BY 1, 2")]

    def open(self, policy: Policy, *halves: str) -> None:
        """What these halves of the policy asked is asked no more."""
        name, table = Identifier(policy.name), Identifier(policy.table)
        for half in halves:
            self.ask(SQL("ALTER POLICY {} ON {} {} (true)").format(name, table, SQL(half)))

    def gets_through(self, table: str) -> Counter[Try]:
        """How many rows each stranger reads, adds, changes or deletes; what is refused is left out."""
        done: Counter[Try] = Counter()
        for who, (role, enter) in self.strangers.items():
            for verb, statement in self.attempts(table, role).items():
                with self.then_back():
                    self.ask(SQL("SET LOCAL ROLE {}").format(Identifier(role)))
                    for said in enter:
                        self.ask(*said)
                    try:
                        self.cursor.execute(statement)
                        done[Try(who, verb)] += self.cursor.fetchone()[0] if verb == "SELECT" else self.cursor.rowcount
                    except psycopg2.errors.InsufficientPrivilege:  # a policy refuses what is added by it as well
                        pass
                    except psycopg2.IntegrityError:  # the row was let through, and met a constraint
                        done[Try(who, verb)] += 1
        return +done

    def attempts(self, table: str, role: str) -> dict[str, Composed]:
        """Statements that nothing but a policy can stop, for the verbs that the role holds."""
        may, name = self.may(table, role), Identifier(table)
        made = {}
        if may["SELECT"]:
            others = SQL(f"NOT coalesce({EVERYBODYS.get(table, 'false')}, false)")
            made["SELECT"] = SQL("SELECT count(*) FROM {} WHERE {}").format(name, others)
        if may["INSERT"]:
            row = self.ask(SQL("SELECT to_json(t)::text FROM {} t ORDER BY 1 LIMIT 1").format(name))[0][0]
            made["INSERT"] = SQL("INSERT INTO {0} ({1}) SELECT {1} FROM json_populate_record(NULL::{0}, {2})").format(
                name, SQL(", ").join(map(Identifier, may["INSERT"])), Literal(row)
            )
        if may["UPDATE"]:
            # Without a look at the row, for which a policy on reading would be asked as well; and of a column that no
            # trigger guards besides.
            column = "version" if "version" in may["UPDATE"] else may["UPDATE"][0]
            made["UPDATE"] = SQL("UPDATE {} SET {} = DEFAULT").format(name, Identifier(column))
        if may["DELETE"]:
            made["DELETE"] = SQL("DELETE FROM {}").format(name)
        return made

    def may(self, table: str, role: str) -> dict[str, list[str]]:
        """Verb → the columns for which the role holds it; for DELETE all or none."""
        rows = self.ask(
            "SELECT a.attname, has_column_privilege(%s, a.attrelid, a.attnum, 'SELECT'),"
            " has_column_privilege(%s, a.attrelid, a.attnum, 'INSERT') AND a.attidentity <> 'a',"
            " has_column_privilege(%s, a.attrelid, a.attnum, 'UPDATE') AND a.attidentity <> 'a',"
            " has_table_privilege(%s, a.attrelid, 'DELETE') FROM pg_attribute a"
            " WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''"
            " ORDER BY a.attnum",
            *[role] * 4,
            table,
        )
        return {verb: [row[0] for row in rows if row[place]] for place, verb in enumerate(VERBS, start=1)}

    def fill(self, table: str, world: World) -> None:
        """Sees to it that the table holds a row, of olsen's where it is anybody's."""
        if self.ask(SQL("SELECT 1 FROM {} LIMIT 1").format(Identifier(table))):
            return
        columns = self.ask(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass"
            " AND attnum > 0 AND NOT attisdropped AND attidentity <> 'a' AND attgenerated = ''",
            table,
        )
        row = {name: _something(name, kind, world) for name, kind in columns}
        self.ask("SET LOCAL session_replication_role = replica")  # what it points at need not be there
        self.ask(
            SQL("INSERT INTO {} ({}) VALUES ({})").format(
                Identifier(table),
                SQL(", ").join(map(Identifier, row)),
                SQL(", ").join(SQL(value) if isinstance(value, str) else Literal(value) for value in row.values()),
            )
        )
        self.ask("SET LOCAL session_replication_role = origin")


def _something(column: str, kind: str, world: World) -> int | str:
    """A value for a column: a number, or an expression."""
    if column == "agreement_id":
        return world.agreement.pk
    if column in ("agency_id", "actor_agency_id", "made_by_id"):
        return world.agencies["probation"].pk
    if column in ("group_id", "unit_id"):
        return world.units["probation/north"].pk
    if column.endswith("_id") and kind == "bigint":
        return world.users["pratt" if column == "colleague_id" else "olsen"].pk
    if column in ("until", "expires_at"):
        return "'9999-12-31'"
    return {
        "uuid": "gen_random_uuid()",
        "timestamp with time zone": "now()",
        "date": "current_date",
        "time without time zone": "'07:00'",
        "boolean": "true",
        "jsonb": "'{}'",
        "character varying[]": "'{}'",
        "uuid[]": "'{}'",
        "character varying": "'webhook'" if column == "channel" else "'x'",
        "text": "'x'",
    }.get(kind, 1)


@pytest.fixture
def database(world: World) -> Iterator[Database]:
    """The small world, uncommitted: a row in every table behind a policy, and a stranger from elsewhere."""
    raw = services.connect("admin")
    raw.autocommit = False
    made = Database(raw, {})
    for table in sorted({policy.table for policy in made.policies()}):
        made.fill(table, world)
    stranger = _stranger(made)
    codes = [ROLE_CODES, ROLE_MASKS, [kind.value for kind in AgencyKind], [int(kind.side) for kind in AgencyKind]]
    opened = ("SELECT access_open(%s, NULL, %s, %s, %s, %s)", stranger, *codes)
    made.strangers = {"nobody": (APP, []), "stranger": (APP, [opened]), "job": (JOB, [])}
    yield made
    raw.rollback()
    raw.close()


def _stranger(database: Database) -> int:
    """Somebody with every role at an agency of their own. Returns the number of the account."""
    ((group,),) = database.ask("INSERT INTO auth_group (name) VALUES ('elsewhere/root') RETURNING id")
    ((agency,),) = database.ask(
        "INSERT INTO agencies_agency (uuid, name, short_name, kind, ori, phone, time_zone, is_active)"
        " VALUES (gen_random_uuid(), 'Elsewhere', 'Elsewhere', 'probation_adult', '', '', 'UTC', true) RETURNING id"
    )
    ((user,),) = database.ask(
        "INSERT INTO agencies_user (password, kind, email, name, title, badge, phone, is_active, date_joined,"
        " preferences) VALUES ('', 'person', 'stranger@example.org', 'Stranger', '', '', '', true, now(), '{}')"
        " RETURNING id"
    )
    database.ask(
        "INSERT INTO agencies_unit (group_id, name, phone, is_root, agency_id) VALUES (%s, 'Root', '', true, %s)",
        group,
        agency,
    )
    database.ask(
        "INSERT INTO agencies_membership (role, starts_at, until, group_id, user_id)"
        " SELECT code, now() - interval '1 day', '9999-12-31', %s, %s FROM unnest(%s) code",
        group,
        user,
        ROLE_CODES,
    )
    return int(user)


def allowed(policies: list[Policy]) -> set[tuple[str, str, str]]:
    """Table, role and verb for which some policy says plainly that the role may."""
    return {
        (policy.table, role, verb)
        for policy in policies
        for role in policy.roles
        for verb in VERBS
        if policy.says_nothing and policy.verb in ("ALL", verb)
    }


def test_nothing_is_free_that_is_not_meant_to_be(database: Database) -> None:
    """What says `true` stands in FREE, and what is behind no policy at all in OPEN_TABLES."""
    policies = database.policies()
    assert {(policy.table, policy.name) for policy in policies if policy.says_nothing} == FREE
    without = database.ask(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND NOT c.relispartition AND NOT c.relrowsecurity AND (has_table_privilege(%s, c.oid, 'SELECT')"
        " OR has_any_column_privilege(%s, c.oid, 'SELECT, INSERT, UPDATE'))",
        APP,
        APP,
    )
    assert {table for (table,) in without} == OPEN_TABLES


def test_no_stranger_gets_through(database: Database) -> None:
    policies = database.policies()
    free = allowed(policies)
    through = {
        (table, *tried, rows)
        for table in {policy.table for policy in policies}
        for tried, rows in database.gets_through(table).items()
        if (table, database.strangers[tried.who][0], tried.verb) not in free
    }
    assert through == AT_HOME


def test_without_any_one_policy_a_stranger_gets_further(database: Database) -> None:
    policies = [policy for policy in database.policies() if not policy.says_nothing]
    before = {table: database.gets_through(table) for table in {policy.table for policy in policies}}
    unnoticed, unchecked = [], []
    for policy in policies:
        halves = ["USING"] * bool(policy.using) + ["WITH CHECK"] * bool(policy.check)
        with database.then_back():
            database.open(policy, halves[0])
            further = database.gets_through(policy.table) - before[policy.table]
            # What was let in by its first half is held by the second, which says what a row may become.
            if len(halves) == 2 and {"INSERT", "UPDATE"} & {tried.verb for tried in further}:
                unchecked.append((policy.table, policy.name))
            database.open(policy, *halves)
            if not database.gets_through(policy.table) - before[policy.table]:
                unnoticed.append((policy.table, policy.name))
    assert not unnoticed
    assert set(unchecked) == UNCHECKED
