"""Which events exist, whom they may concern, and the sentence that tells of them. Filled by each floor at start-up."""

from __future__ import annotations

from dataclasses import dataclass

from agencies.directory.categories import Category

SOMEBODY = "Somebody"


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event.

    `category` is what a recipient must be permitted on the record, at the moment of telling and again at sending.
    `group` is the heading under which inbox and preferences file it. `wording` is the inbox line; `{agency}` stands for
    the short name of the agency that acted. It never names the supervisee: the page adds the name from the record,
    which it reads through the door. `farewell` marks an event that ends the access of the groups it carries: their
    members are told the bare fact, for the door no longer knows them.
    """

    kind: str
    category: Category
    group: str
    wording: str
    mail: bool = True
    farewell: bool = False

    def line(self, agency: str = "") -> str:
        """The inbox line for an event in which this agency acted."""
        return self.wording.format(agency=agency or SOMEBODY)


class UnknownKind(LookupError):
    """The kind of event was never registered: nobody could say who may be told."""


_kinds: dict[str, EventKind] = {}


def register(kind: EventKind) -> None:
    """Declare a kind of event. Called once per kind, from AppConfig.ready()."""
    _kinds[kind.kind] = kind


def kind_of(kind: str) -> EventKind:
    """The declaration of a kind of event, or UnknownKind."""
    try:
        return _kinds[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def kinds() -> list[EventKind]:
    """Every declared kind of event."""
    return list(_kinds.values())
