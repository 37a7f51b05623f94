"""What all tests share: the databases of tests/services.py in place of the ones Django would make."""

import gc
import os
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import TransactionTestCase
from xdist.scheduler import LoadScopeScheduling

from tests import services
from tests.worlds import World, small_world

# A browser's driver keeps a loop running in the thread of the tests, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

WORLD_TEMPLATE = "concord_world"

# What is dear to set up is set up once, not by each of the processes that share the tests: these stay together.
TOGETHER = ("tests/cases/supervision/test_plans.py", "tests/portal/demo/test_world.py", "tests/journeys/")


class InGroups(LoadScopeScheduling):
    """Gives each process test by test, but what stands in TOGETHER to one of them, and first."""

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InGroups:
    """How tests are shared out with -n."""
    return InGroups(config, log)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is there and migrated: the app's role could not create one."""


@pytest.fixture(scope="session", autouse=True)
def _no_flush() -> Iterator[None]:
    """A test that committed spoils the database, and nothing is flushed: the app's role holds no TRUNCATE.

    The connections stay, since a new one would have to learn tables, policies and functions again.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: services.spoil())
        patch.setattr(TransactionTestCase, "_should_reload_connections", lambda self: False)
        yield


@pytest.fixture(autouse=True)
def _database_contents(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> None:
    """Before a test that uses the database: an untouched copy, empty or with the world, as the test asks."""
    if "world" in request.fixturenames:
        request.getfixturevalue("_built_world")
        with django_db_blocker.unblock():
            services.provide(WORLD_TEMPLATE)
    elif request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(request.fixturenames):
        with django_db_blocker.unblock():
            services.provide()


@pytest.fixture(scope="session")
def _built_world(django_db_setup: None, django_db_blocker: Any) -> bytes:
    """The small world, built once into concord_test and kept as a template to copy; what each test gets a copy of."""
    with django_db_blocker.unblock():
        services.restore()
        with services.as_job():
            built = small_world()
        services.keep_as(WORLD_TEMPLATE)
    return pickle.dumps(built)


@pytest.fixture
def world(transactional_db: None, _built_world: bytes) -> World:
    """The committed world of tests/worlds.py, fresh for this test; whatever the test commits goes with it."""
    made: World = pickle.loads(_built_world)
    return made
