"""Over HTTP: the case list as a browser and as a partner system get it."""

from tests.bench.database import World
from tests.bench.pages import Viewer
from tests.bench.report import Report


def measure(report: Report, world: World, viewers: list[Viewer], rounds: int) -> None:
    """Not yet."""
