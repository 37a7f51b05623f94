"""Which events exist, whom they may concern, and the sentence that tells of them. Filled by each floor at start-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from agencies.directory.categories import Category

SOMEBODY = "Somebody"


class Audience(Enum):
    """To whom an event may be told; each of them is asked about at the door before they are."""

    HOLDERS = "units whose key opens the category, and of the owner the officer of record and those who sign"
    NAMED = "members of the units that the event names, and the officer of record"


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event.

    `category` is what a recipient must be permitted on the record, at the moment of telling and again at sending.
    `group` is the heading under which the inbox files it. `title` ("Plan changed") and `wording`, where `{agency}`
    stands for the short name of the agency that acted, are what people read. Neither names the supervisee: the page
    adds the name from the record, which it reads through the door. `farewell` marks an event that ends the access of
    the units it names: their members are told the bare fact, for the door no longer knows them.
    """

    kind: str
    category: Category
    group: str
    title: str
    wording: str
    audience: Audience = Audience.HOLDERS
    mail: bool = True
    farewell: bool = False

    def line(self, agency: str = "") -> str:
        """The second line in the inbox, for an event in which this agency acted."""
        return self.wording.format(agency=agency or SOMEBODY)


class UnknownKind(LookupError):
    """The kind of event was never registered: nobody could say who may be told."""


Describe = Callable[[Any, Any, Any], dict[str, Any]]
"""(actor, event, record) → what the opened item adds: changes, reason, open_url, open_label. Reads through the door."""

_kinds: dict[str, EventKind] = {}
_views: dict[str, Describe] = {}


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


def register_view(object_type: str, describe: Describe) -> None:
    """Say how an inbox item about a part of this type is told. Called from AppConfig.ready()."""
    _views[object_type] = describe


def view_of(object_type: str) -> Describe | None:
    """How an item about this type is told, or None where the line alone says it."""
    return _views.get(object_type)
