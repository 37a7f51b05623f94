"""The events of sharing itself: access given, moved and ended."""

from agencies.directory.categories import Category
from sharing.notices.registry import EventKind, register

GROUP = "Access"


def declare() -> None:
    """Register this floor's kinds of event."""
    register(EventKind("access.given", Category.EXISTENCE, GROUP, "{agency} gave access to a case"))
    register(EventKind("access.extended", Category.EXISTENCE, GROUP, "{agency} moved the end of access to a case"))
    register(EventKind("access.ended", Category.EXISTENCE, GROUP, "{agency} ended access to a case", farewell=True))
