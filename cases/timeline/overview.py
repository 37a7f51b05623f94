"""The timeline's part of a case's overview: the latest entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cases.timeline.querysets import open_sources, timeline_page
from cases.timeline.sources import by_day
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case
    from cases.supervision.overview import Read

SHOWN = 5


def latest_entries(actor: Actor, case: Case, read: Read) -> dict[str, Any]:
    """The newest entries by day, None where they could not be loaded; {} where no source is open. One query."""
    if not open_sources(case):
        return {}
    page = read(lambda: timeline_page(actor, case, limit=SHOWN))
    return {"latest": by_day(page.lines) if page else None, "latest_asked": True}
