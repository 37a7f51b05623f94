"""The events of sharing itself: access given, moved and ended."""

from agencies.directory.categories import Category
from sharing.notices.registry import Audience, EventKind, register

GROUP = "Access"


def declare() -> None:
    """Register this floor's kinds of event."""
    for kind, title, wording, farewell in (
        ("access.given", "Access given", "{agency} gave access", False),
        ("access.extended", "Access changed", "{agency} moved the end of access", False),
        ("access.ended", "Access ended", "{agency} ended access", True),
    ):
        register(EventKind(kind, Category.EXISTENCE, GROUP, title, wording, Audience.NAMED, farewell=farewell))
