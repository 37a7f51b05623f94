"""What every form says that asks for whom something is written."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.pages import Visitor, text
from tests.worlds import World

_UNDER = '{} <span class="second">Will be read by {}'
_OWNER, _POLICE = "Pine County Community Corrections", "Riverton Police Department"
READERS = {
    "olsen": (
        _UNDER.format("Both agencies", f"{_OWNER}; and Gang, {_POLICE}."),
        _UNDER.format("Supervision only", f"{_OWNER}. No police agency will."),
    ),
    "reyes": (
        _UNDER.format("Both agencies", f"{_OWNER}, {_POLICE} and whoever else {_OWNER} lets read it."),
        _UNDER.format(
            "Police only", f"{_POLICE} and other police units {_OWNER} lets read it. No supervision agency will."
        ),
    ),
}
"""What stands under each audience that somebody may choose."""


def names_readers_under_each_audience(world: World, address: str) -> None:
    """Hold that a form says under each choice who will read, and nowhere else, where it would not follow the choice."""
    for who, choices in READERS.items():
        visitor = Visitor(world.users[who])
        visitor.get(address)
        with CaptureQueriesContext(connection) as caught:
            page = text(visitor.get(address))
        assert [choice for choice in choices if choice not in page] == []
        assert page.count("ill be read by") == len(choices)
        assert len(caught) <= 16, [query["sql"][:80] for query in caught.captured_queries]
