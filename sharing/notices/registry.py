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

    ADMINISTRATORS = "administrators of the agency whose connection it is about"
    HOLDERS = "units whose key opens the category, and of the owner the officer of record and those who sign"
    NAMED = "members of the units that the event names, and the officer of record"


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event.

    `category` is what a recipient must be permitted on the record, at the moment of telling and again at sending.
    `group` is the heading under which the inbox files it. `title` ("Plan changed") and `wording`, where `{agency}`
    stands for the short name of the agency that acted, are what people read. Neither names the supervisee: the page
    adds the name from the record, which it reads through the door. `farewell` marks an event that ends the access of
    the units it names: their members are told the bare fact, for the door no longer knows them. `closing` marks an
    event that hides a part of the record: told to those who see the record and no longer the part. `required` says why
    nobody may choose not to be told, in a sentence; empty where they may.
    """

    kind: str
    category: Category
    group: str
    title: str
    wording: str
    audience: Audience = Audience.HOLDERS
    mail: bool = True
    farewell: bool = False
    closing: bool = False
    required: str = ""

    @property
    def is_about_records(self) -> bool:
        """Whether it is about a shared record, and not about a connection."""
        return self.audience is not Audience.ADMINISTRATORS

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


@dataclass(frozen=True, slots=True)
class Topic:
    """Kinds of event that people know by one title, and choose about together."""

    group: str
    title: str
    kinds: tuple[EventKind, ...]

    @property
    def code(self) -> str:
        """What a form or the API calls it: its first kind."""
        return self.kinds[0].kind

    @property
    def is_about_records(self) -> bool:
        """Whether anybody but administrators is told."""
        return any(kind.is_about_records for kind in self.kinds)

    @property
    def mail(self) -> bool:
        """Whether there is e-mail about it at all."""
        return any(kind.mail for kind in self.kinds)

    @property
    def required(self) -> str:
        """Why nobody may choose not to be told, or nothing."""
        return next((kind.required for kind in self.kinds if kind.required), "")


def topics() -> list[Topic]:
    """Every topic, in the order in which its first kind was declared."""
    found: dict[tuple[str, str], list[EventKind]] = {}
    for kind in _kinds.values():
        found.setdefault((kind.group, kind.title), []).append(kind)
    return [Topic(group, title, tuple(kinds)) for (group, title), kinds in found.items()]


def register_view(object_type: str, describe: Describe) -> None:
    """Say how an inbox item about a part of this type is told. Called from AppConfig.ready()."""
    _views[object_type] = describe


def view_of(object_type: str) -> Describe | None:
    """How an item about this type is told, or None where the line alone says it."""
    return _views.get(object_type)
