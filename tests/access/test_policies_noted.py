"""That README.md beside this file names every policy of the database, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from tests import services
from tests.worlds import World

README = Path(__file__).with_name("README.md")
ROW = re.compile(r"^[|-] polic(?:y|ies) (\w+(?:, \w+)*) of (\w+)", re.MULTILINE)


def test_every_policy_stands_in_the_readme(world: World) -> None:
    """With the test that noticed its absence, or under one of the headings that say why there is none."""
    named = {(table, name) for names, table in ROW.findall(README.read_text()) for name in names.split(", ")}
    there = set(services.owner("SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'"))
    assert not there - named, f"take these out, see which test turns red, and say so in {README.name}"
    assert not named - there, f"{README.name} names policies that are no more"
