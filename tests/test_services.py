"""Between two tests the database holds again what it held, and Django's connection is as good as new."""

import pytest
from django.db import connection

from cases.people.models import Person
from tests import services
from tests.conftest import WORLD_TEMPLATE
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def _process() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _held() -> list[tuple[object, ...]]:
    return services.owner(
        "SELECT (SELECT count(*) FROM cases_case), (SELECT max(family_name) FROM cases_person),"
        " (SELECT last_value FROM cases_person_id_seq), (SELECT count(*) FROM agencies_change)"
    )


def test_what_a_test_did_is_gone_and_its_connection_stays_without_what_was_set_on_it(world: World) -> None:
    before, process = _held(), _process()
    services.owner("UPDATE cases_person SET family_name = 'Zyx'")
    services.owner("DELETE FROM cases_casekey")
    services.owner("SELECT setval('cases_person_id_seq', 999)")
    with connection.cursor() as cursor:
        cursor.execute("SET test.now = 'x'")
        cursor.execute("PREPARE kept AS SELECT 1")
        cursor.execute("SELECT pg_advisory_lock(7)")
    services.spoil()
    services.provide(WORLD_TEMPLATE)
    assert _held() == before
    assert services.owner("SELECT count(*) > 0 FROM cases_casekey") == [(True,)]
    assert _process() == process
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('test.now', true), '')")
        assert cursor.fetchone() == ("",)
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert cursor.fetchone() == (0,)


def test_a_connection_that_a_test_ended_is_made_anew(world: World) -> None:
    process = _process()
    with services.connect("admin") as admin, admin.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename <> 'concord_admin'"
        )
    admin.close()
    services.spoil()
    services.provide(WORLD_TEMPLATE)
    assert _process() != process
    assert services.owner("SELECT current_user") == [("concord_owner",)]


def test_what_a_test_defined_leads_to_a_fresh_copy(world: World) -> None:
    process = _process()
    services.owner("CREATE OR REPLACE FUNCTION access_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'")
    services.spoil()
    services.provide(WORLD_TEMPLATE)
    assert _process() != process
    (source,) = services.owner("SELECT prosrc FROM pg_proc WHERE proname = 'access_now'")[0]
    assert "statement_timestamp" in source


def test_from_the_world_to_the_empty_database_and_back(world: World) -> None:
    before = _held()
    services.provide()
    assert services.owner("SELECT count(*) FROM cases_case") == [(0,)]
    assert Person.objects.count() == 0
    services.provide(WORLD_TEMPLATE)
    assert _held() == before
