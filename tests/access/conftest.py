"""What several tests of access begin with."""

from collections.abc import Iterator

import pytest

from tests.access.loading import Loader


@pytest.fixture
def loader(transactional_db: None) -> Iterator[Loader]:
    """A loader of described worlds, on connections of its own."""
    made = Loader()
    yield made
    made.close()
