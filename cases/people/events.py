"""The events of a person: details changed, address changed. Whoever may see them is told, and of no value."""

from agencies.directory.categories import Category
from sharing.notices.registry import EventKind, register

GROUP = "Cases"

CHANGED = "person.changed"
ADDRESS_CHANGED = "person.address_changed"


def declare() -> None:
    """Register both kinds of event."""
    for kind, category, title, wording in (
        (CHANGED, Category.SUPERVISION, "Person’s details changed", "{agency} changed the person’s details"),
        (ADDRESS_CHANGED, Category.LOCATION, "Address changed", "{agency} changed an address"),
    ):
        register(EventKind(kind, category, GROUP, title, wording, mail=False))
