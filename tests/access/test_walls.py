"""The second wall, taken alone: what the database refuses whatever our code forgets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, InternalError, ProgrammingError, connection, models, transaction

from agencies.directory.categories import Category
from agencies.directory.models import Agency
from agencies.trail.services import record_change, record_read
from cases.people.models import Address, Person
from cases.plans.models import Goal, GoalVersion
from cases.supervision.models import Case, CaseExclusion, CaseKey, CaseNamedPrincipal
from cases.supervision.querysets import CaseFilter
from sharing.access.actors import NoContext
from sharing.access.context import acting, open_context
from sharing.access.models import Grant, Purpose
from sharing.access.querysets import PartQuerySet
from sharing.access.registry import NotShareable, part_of
from sharing.notices.models import OutboxEvent
from tests import services
from tests.worlds import World

REFUSED = (ProgrammingError, InternalError)
TRAIL = ("agencies_change", "agencies_read", "agencies_denial", "agencies_signin")
RECORDS = [
    model._meta.db_table
    for model in apps.get_app_config("cases").get_models()
    if {"case_id", "person_id", "record_id", "content_object_id"} & {f.column for f in model._meta.concrete_fields}
    or model in (Case, Person)
]
"""Every table of the floor that holds a record, a part of one, or says who may see it."""


@pytest.fixture
def app(world: World) -> Iterator[Any]:
    """A bare connection of the application's role, as a pooled one: many transactions, no code of ours."""
    raw = services.connect("app")
    yield raw
    raw.close()


def rows(raw: Any, table: str) -> int:
    """How many rows of the table the connection sees; none where it may not even ask."""
    import psycopg2

    with raw.cursor() as cursor:
        try:
            cursor.execute(f"SELECT count(*) FROM {table}")
        except psycopg2.errors.InsufficientPrivilege:
            return 0
        return int(cursor.fetchone()[0])


@contextmanager
def refused() -> Iterator[None]:
    """The database refuses what happens inside; the transaction around it goes on."""
    with pytest.raises(REFUSED), transaction.atomic():
        yield


def sql(statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """Runs a statement on Django's connection, as the application's role."""
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments or None)
        return list(cursor.fetchall()) if cursor.description else []


# --- Without a context ------------------------------------------------------------------------------------------------


def test_our_code_raises_without_a_context(world: World) -> None:
    with pytest.raises(NoContext):
        open_context(world.users["olsen"], None)
    with pytest.raises(NoContext):
        Case.objects.permitted(None, Category.EXISTENCE)  # type: ignore[arg-type]
    with pytest.raises(NoContext):
        Goal.objects.visible_to(None)  # type: ignore[arg-type]
    with pytest.raises(NoContext), acting(world.users["reyes"], world.agencies["probation"]):
        pass
    with (
        acting(world.users["olsen"], world.agencies["probation"]) as actor,
        pytest.raises(ValueError, match="category"),
    ):
        Case.objects.permitted(actor, 0)


@pytest.mark.parametrize("table", RECORDS)
def test_without_a_context_the_database_shows_nothing(app: Any, world: World, table: str) -> None:
    """Also in the second transaction of a connection, when the settings are empty rather than unknown."""
    assert rows(app, table) == 0
    with app.cursor() as cursor:
        cursor.execute("BEGIN")
        _open(cursor, world, "mills")
        cursor.execute("SELECT count(*) FROM cases_case")
        assert cursor.fetchone()[0] > 0
        cursor.execute("COMMIT")
    assert rows(app, table) == 0


def test_without_a_context_nothing_can_be_counted_or_found(app: Any, world: World) -> None:
    """The functions that work as the owner do not take a caller's word for who is asking."""
    with app.cursor() as cursor:
        for ask in (
            "SELECT number FROM case_count(%s, 1, 0, NULL, '{}', '{}', 1000)",
            "SELECT count(*) FROM case_search(%s, 1, ARRAY['hallett'], NULL, 25)",
            "SELECT count(*) FROM case_page(%s, 1, 0, NULL, '{}', '{}', 25, 'latest', 'infinity', NULL, 0)",
        ):
            cursor.execute(ask, [world.users["mills"].pk])
            assert cursor.fetchone()[0] == 0, ask


def test_the_context_does_not_survive_its_transaction(app: Any, world: World) -> None:
    with app.cursor() as cursor:
        cursor.execute("BEGIN")
        _open(cursor, world, "olsen")
        cursor.execute("ROLLBACK")
        cursor.execute("SELECT access_user(), access_groups(0), access_side(), current_setting('access.agency', true)")
        assert cursor.fetchone() == (None, [], 0, "")
    with acting(world.users["olsen"], world.agencies["probation"]):
        assert Case.objects.exists()
    assert not Case.objects.exists()


def test_one_transaction_after_another_serves_different_people(world: World) -> None:
    with acting(world.users["olsen"], world.agencies["probation"]):
        assert Case.objects.filter(pk=world.restricted.pk).exists()
    with acting(world.users["reyes"], world.agencies["police"]):
        assert not Case.objects.filter(pk=world.restricted.pk).exists()


def _open(cursor: Any, world: World, who: str) -> None:
    from agencies.directory.models import AgencyKind
    from agencies.directory.roles import ROLE_CODES, ROLE_MASKS

    kinds, sides = [kind.value for kind in AgencyKind], [int(kind.side) for kind in AgencyKind]
    arguments = [world.users[who].pk, None, ROLE_CODES, ROLE_MASKS, kinds, sides]
    cursor.execute("SELECT group_ids FROM access_open(%s, %s, %s, %s, %s, %s)", arguments)


# --- A forgotten filter -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["olsen", "pratt", "mills", "tran", "reyes", "patel", "deputy", "dispatch", "carter"])
def test_a_forgotten_filter_leaks_no_part(world: World, who: str) -> None:
    """Every registered part, read whole, shows what the first wall would have shown."""
    with acting(world.users[who], world.agency_of(who)) as actor:
        for model in _parts():
            everything = set(model._default_manager.values_list("pk", flat=True))
            assert everything == set(model._default_manager.visible_to(actor).values_list("pk", flat=True)), model


def test_keys_are_no_way_around_a_role(world: World) -> None:
    """An administrator's units hold keys, but the role opens nothing: so not even the keys are to be seen."""
    with acting(world.users["admin"], world.agencies["probation"]):
        assert not CaseKey.objects.exists()
        assert not Case.objects.exists()
    with acting(world.users["reyes"], world.agencies["police"]):
        units = {world.units["police/gang"].pk, world.circle.pk}
        assert set(CaseKey.objects.values_list("group_id", flat=True)) <= units
        assert not CaseKey.objects.filter(grant=world.grants["ended"]).exists()


def test_who_is_excluded_or_named_is_not_everybodys(world: World) -> None:
    with acting(world.users["reyes"], world.agencies["police"]):
        assert not CaseExclusion.objects.exists()
        assert not CaseNamedPrincipal.objects.exists()
    with acting(world.users["pratt"], world.agencies["probation"]) as actor:
        assert {row.user_id for row in CaseExclusion.objects.all()} == {actor.user_id}


def test_news_is_seen_by_those_it_was_told_to(world: World) -> None:
    news = {"kind": "plan.goal_changed", "record_type": "cases.case", "record_id": world.restricted.uuid}
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        event = OutboxEvent.objects.create(**news, actor=actor.user, actor_agency=actor.agency)
        assert OutboxEvent.objects.filter(pk=event.pk).exists()
        with refused():  # in another's name
            sql(
                "INSERT INTO sharing_outboxevent (uuid, kind, record_type, record_id, object_type, object_id, versions,"
                " group_ids, user_ids, actor_id, actor_agency_id, created_at, failures, last_error, next_attempt_at)"
                " SELECT gen_random_uuid(), kind, record_type, record_id, object_type, object_id, versions, group_ids,"
                " user_ids, %s, actor_agency_id, created_at, failures, last_error, next_attempt_at"
                " FROM sharing_outboxevent",
                world.users["mills"].pk,
            )
    with acting(world.users["reyes"], world.agencies["police"]):
        assert not OutboxEvent.objects.exists()


def _parts() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_app_config("cases").get_models()
        if isinstance(getattr(model, "objects", None), models.Manager) and hasattr(model.objects, "visible_to")
    ]


# --- What every table must have ---------------------------------------------------------------------------------------


def test_every_table_with_a_record_in_it_has_row_security(world: World) -> None:
    """So that a new part cannot be forgotten: whatever points at a case or a person stands behind the wall."""
    with services.connect("owner") as owner, owner.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity"
            " AND (a.attname IN ('case_id', 'person_id', 'content_object_id') OR c.relname IN ('cases_case',"
            " 'cases_person') OR (a.attname = 'record_id' AND c.relname NOT IN ('agencies_change')))"
        )
        open_tables = [row[0] for row in cursor.fetchall()]
    assert not open_tables, f"enable row security and write policies for: {open_tables}"


def test_every_such_table_has_a_policy_or_no_reader(world: World) -> None:
    with services.connect("owner") as owner, owner.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE 'concord_app' = ANY (roles)")
        guarded = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
            " AND has_table_privilege('concord_app', c.oid, 'SELECT') AND c.relrowsecurity"
        )
        readable = {row[0] for row in cursor.fetchall()}
    assert readable <= guarded


def test_every_model_with_a_case_or_person_is_registered(world: World) -> None:
    """What the wall guards the door must know as well; keys, exclusions and the word index are not parts."""
    apart = {"casekey", "caseexclusion", "casenamedprincipal", "case", "juvenilehistory", "personnametoken"}
    for model in apps.get_app_config("cases").get_models():
        columns = {field.column for field in model._meta.concrete_fields}
        if {"case_id", "person_id"} & columns and model._meta.model_name not in apart:
            assert part_of(model).model is model


def test_an_unregistered_model_is_refused(world: World) -> None:
    with (
        acting(world.users["olsen"], world.agencies["probation"]) as actor,
        pytest.raises(NotShareable),
    ):
        PartQuerySet(Agency).permitted(actor, Category.EXISTENCE)


def test_no_role_of_the_application_is_above_the_policies(world: World) -> None:
    with services.connect("owner") as owner, owner.cursor() as cursor:
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolname IN ('concord_app', 'concord_job')"
            " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)"
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) IN ('concord_app', 'concord_job')"
            " AND relnamespace = 'public'::regnamespace"
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
            " WHERE r.rolname IN ('concord_app', 'concord_job')"
        )
        assert cursor.fetchall() == []


# --- What the application's role cannot do ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO cases_casekey (content_object_id, group_id, permission_id, grant_id, agreement_id, until, mask,"
        " restricted, updated_at, next_review, status, risk_level)"
        " SELECT content_object_id, group_id, permission_id, grant_id, 0, until, 262143, false, updated_at,"
        " next_review, status, risk_level FROM cases_casekey LIMIT 1",
        "UPDATE cases_casekey SET mask = 262143",
        "DELETE FROM cases_casekey",
        "TRUNCATE cases_casekey",
        "INSERT INTO cases_caseexclusion (record_id, user_id, reason, created_at) VALUES (1, 1, '', now())",
        "DELETE FROM cases_caseexclusion",
        "INSERT INTO cases_casenamedprincipal (record_id, group_id, reason, created_at) VALUES (1, 1, '', now())",
        "INSERT INTO sharing_circleunit (circle_id, unit_id, joined_at, until) VALUES (1, 1, now(), now())",
        "UPDATE cases_case SET restricted = false",
        "UPDATE cases_case SET unit_id = unit_id",
        "DELETE FROM cases_case",
        "UPDATE sharing_grant SET mask = 262143",
        "UPDATE sharing_grant SET group_id = group_id",
        "DELETE FROM sharing_grant",
        "SELECT * FROM cases_juvenilehistory",
        "SELECT * FROM cases_nametoken",
        "SELECT * FROM cases_personnametoken",
        "SELECT case_own(ARRAY[1]::bigint[], 262143)",
        "SELECT case_issue_many(1, ARRAY[1]::bigint[])",
        "SELECT case_make_keys(1, ARRAY[1]::bigint[])",
        "SELECT * FROM case_audience(gen_random_uuid(), 1, '{}', '{}', '{}')",
        "UPDATE cases_goalversion SET values = '{}'",
        "DELETE FROM cases_goalversion",
        "DELETE FROM cases_goal",
        "ALTER TABLE cases_case DISABLE TRIGGER ALL",
        "ALTER TABLE cases_case DISABLE ROW LEVEL SECURITY",
        "DROP POLICY door ON cases_case",
        "SET ROLE concord_owner",
        "SET session_replication_role = replica",
        "CREATE TABLE public.mine (x int)",
    ],
)
def test_the_application_may_not(world: World, statement: str) -> None:
    with acting(world.users["mills"], world.agencies["probation"]), refused():
        sql(statement)


@pytest.mark.parametrize("table", TRAIL)
def test_the_trail_only_grows(world: World, table: str) -> None:
    for who in ("app", "job"):
        with services.connect(who) as raw, raw.cursor() as cursor:
            for statement in (
                f"SELECT user_name FROM {table}",
                f"UPDATE {table} SET user_name = ''",
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
                f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            ):
                import psycopg2

                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(statement)
                raw.rollback()


def test_nobody_writes_the_trail_in_another_name(world: World) -> None:
    shown = {"action": "list", "record_type": "cases.case", "record_ids": [world.cases[0].uuid], "categories": 1}
    with acting(world.users["mills"], world.agencies["probation"]) as actor:
        record_read(actor=actor, **shown)
        forged = replace(actor, user=world.users["reyes"])
        with refused():
            record_read(actor=forged, **shown)
        with refused():
            record_change(actor=forged, verb="plan.goal_changed", obj=world.goals[0])


def test_calling_oneself_a_job_opens_nothing(world: World) -> None:
    with transaction.atomic():
        sql("SELECT set_config('access.job', 'on', true)")
        for table in RECORDS:
            if sql("SELECT has_table_privilege(%s, 'SELECT')", table)[0][0]:
                assert sql(f"SELECT count(*) FROM {table}") == [(0,)], table
        with refused():
            sql("SELECT case_issue(%s)", world.grants["joint"].pk)


def test_a_grant_for_somebody_elses_record_is_refused(world: World) -> None:
    forged = {
        "kind": Grant.Kind.SHARE,
        "record_type": "cases.case",
        "bundle": "full_file",
        "mask": 262143,
        "purpose": Purpose.INVESTIGATION,
        "agreement": world.agreement,
    }
    with acting(world.users["reyes"], world.agencies["police"]) as actor:
        mine = {**forged, "group": world.units["police/gang"].group, "issued_by": actor.user}
        for case in (world.joint, world.restricted):  # one that is seen but not one's own, one that is not seen
            with refused():
                Grant.objects.create(**mine, record_id=case.uuid)
        with refused():  # the paper exists, but was not given by this actor
            sql("SELECT case_issue(%s)", world.grants["joint"].pk)
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        theirs = {**forged, "group": world.units["police/gang"].group, "record_id": world.joint.uuid}
        with refused():  # in another's name
            Grant.objects.create(**theirs, issued_by=world.users["mills"])
        with refused():  # of a kind that needs no decision
            Grant.objects.create(**{**theirs, "kind": Grant.Kind.EMERGENCY}, issued_by=actor.user)
        with refused():  # an owner's paper
            Grant.objects.create(
                **{**theirs, "kind": Grant.Kind.OWNER, "record_id": None, "agreement": None}, issued_by=actor.user
            )


def test_somebody_elses_grant_is_not_ended(world: World) -> None:
    with acting(world.users["reyes"], world.agencies["police"]) as actor:
        grant = Grant.objects.get(pk=world.grants["joint"].pk)
        assert Grant.objects.filter(pk=grant.pk).update(revoked_at=grant.issued_at, revoked_by=actor.user) == 0
        assert Grant.objects.filter(pk=grant.pk).update(until=grant.issued_at) == 0


def test_a_part_cannot_be_written_into_anothers_record(world: World) -> None:
    goal = world.goals[0]
    with acting(world.users["patel"], world.agencies["police"]):  # a status card, and no plan
        assert Goal.objects.filter(pk=goal.pk).update(title="Mine") == 0
        with refused():
            Goal.objects.create(case=world.joint, plan=world.plan, title="Mine", need="housing", target="A flat")
    with acting(world.users["reyes"], world.agencies["police"]):
        with refused():  # into the other side's section
            Goal.objects.create(
                case=world.joint, plan=world.plan, title="Mine", need="housing", target="A flat", audience=1
            )
        with refused():  # without reading back what was written, which alone would be refused
            sql(_copied("cases_goal", case_id="%s", audience="0", uuid="gen_random_uuid()"), world.restricted.pk)
        with refused():
            sql(_copied("cases_goalversion", case_id="%s", version="9"), world.restricted.pk)
        with refused():
            GoalVersion.objects.create(
                case=world.restricted, plan=world.plan, goal=goal, version=9, audience=0, values={}
            )
        assert Goal.objects.filter(pk=world.goals[1].pk).update(title="Mine") == 0
        assert Case.objects.filter(pk=world.restricted.pk).update(version=99) == 0
    with acting(world.users["olsen"], world.agencies["probation"]), pytest.raises(IntegrityError), transaction.atomic():
        # both cases are olsen's to change, but a part and its case cannot disagree
        Goal.objects.create(case=world.cases[6], plan=world.plan, title="Mine", need="housing", target="A flat")
    with acting(world.users["carter"], world.agencies["provider"]):
        assert not Address.objects.exists()
        assert not Goal.objects.exists()


def _copied(table: str, **changed: str) -> str:
    """An INSERT that copies one row which the actor sees, with some columns changed."""
    fields = apps.get_model("cases", table.removeprefix("cases_"))._meta.concrete_fields
    columns = [f'"{field.column}"' for field in fields if field.column != "id"]
    values = [changed.get(column.strip('"'), column) for column in columns]
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table} LIMIT 1"


def test_page_and_count_take_nobodys_word_for_the_principals(world: World) -> None:
    """With the wrong principals in its hands our own code still shows, counts and finds no more."""
    from dataclasses import replace

    from sharing.access.actors import Principal

    with acting(world.users["carter"], world.agencies["provider"]) as actor:
        everywhere = tuple(Principal(unit.pk, Category(262143)) for unit in world.units.values())
        liar = replace(actor, principals=everywhere)
        theirs = Case.objects.page(actor, CaseFilter()).cases
        assert theirs
        for claimed in (liar, replace(liar, closed_agreements=())):
            assert Case.objects.page(claimed, CaseFilter()).cases == theirs
            assert Case.objects.capped_count(claimed, CaseFilter()).number == len(theirs)
            assert set(Case.objects.search(claimed, words=["Hallett"])) <= set(theirs)
        somebody = replace(liar, user=world.users["olsen"])
        assert not Case.objects.page(somebody, CaseFilter()).cases
        assert not Case.objects.search(somebody, words=["Hallett"])
        assert Case.objects.capped_count(somebody, CaseFilter()).number == 0
