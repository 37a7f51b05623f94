"""What all tests share: the databases of tests/services.py in place of the ones Django would make."""

from collections.abc import Iterator

import pytest
from django.test import TransactionTestCase

from tests import services


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is there and migrated: the app's role could not create one."""


@pytest.fixture(scope="session", autouse=True)
def _copy_instead_of_flush() -> Iterator[None]:
    """After a test that committed, the database is copied anew: the app's role holds no TRUNCATE."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: services.restore())
        yield
