"""The events of sharing itself: access given, moved and ended, and connections that stopped working."""

from agencies.directory.categories import NOTHING, Category
from sharing.notices.registry import Audience, EventKind, register

GROUP = "Access"
WEBHOOK_OFF = "webhook.off"

MUST_KNOW_ENDED = "What you may still use, and pass on, depends on it."
MUST_KNOW_OFF = "Until somebody acts, the system learns of nothing."


def declare() -> None:
    """Register this floor's kinds of event."""
    for kind, title, wording, farewell, required in (
        ("access.given", "Access given", "{agency} gave access", False, ""),
        ("access.extended", "Access changed", "{agency} moved the end of access", False, ""),
        ("access.ended", "Access ended", "{agency} ended access", True, MUST_KNOW_ENDED),
    ):
        register(
            EventKind(
                kind, Category.EXISTENCE, GROUP, title, wording, Audience.NAMED, farewell=farewell, required=required
            )
        )
    register(
        EventKind(
            WEBHOOK_OFF, NOTHING, GROUP, "Webhook switched off", "It took no more messages",
            Audience.ADMINISTRATORS, required=MUST_KNOW_OFF,
        )
    )  # fmt: skip
