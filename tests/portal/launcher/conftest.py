"""What the launcher's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.portal.launcher.copies import Copy


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    """A copy of the project, gone afterwards."""
    made = Copy(tmp_path)
    yield made
    made.remove()


@pytest.fixture
def bare_copy(tmp_path: Path) -> Iterator[Copy]:
    """A copy of the project in which nothing is installed, gone afterwards."""
    made = Copy(tmp_path, packages=False)
    yield made
    made.remove()
