"""Which models are shareable, and which models are parts of them. Filled by the floor above at start-up."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import models

from agencies.directory.categories import Category
from sharing.access.bundles import Bundle

if TYPE_CHECKING:
    from sharing.access.actors import Actor


@dataclass(frozen=True, slots=True)
class Shareable:
    """A record model, the tables that open and shut it, and the database functions that keep its keys.

    The database functions are named `<function_prefix>_<verb>`: issue, issue_many, withdraw, reset_end, holders,
    readers and audience (see the app's migrations).
    """

    model: type[models.Model]
    key_model: type[models.Model]
    exclusion_model: type[models.Model]
    named_model: type[models.Model]
    bundles: dict[str, Bundle]
    function_prefix: str
    frame: Callable[[Actor, uuid.UUID], Any]  # opens one record for a page (see pages.Frame), or raises NotVisible
    naming: Callable[[Any], str] = str  # the person a record is about, as its pages name them
    address: Callable[[Any], str] = str  # where its page is
    related: tuple[str, ...] = ()  # what a line about the record needs besides the record itself

    @property
    def label(self) -> str:
        """How grants, events and the trail name the type: app.model."""
        return self.model._meta.label_lower

    @property
    def records(self) -> Any:
        """The door to the records of this type: a manager with `permitted()` and `visible_to()`."""
        return self.model._default_manager

    def function(self, verb: str) -> str:
        """The name of one of the record's database functions."""
        return f"{self.function_prefix}_{verb}"


class OwnRows(NamedTuple):
    """Whoever wrote a row reads it, for the agency for which it was written, by a category that opens no others."""

    user_field: str
    agency_field: str
    category: Category


@dataclass(frozen=True, slots=True)
class Part:
    """A model whose rows are seen through a record, whose number is in `own_field`.

    With `record_column` a row is seen through any record in which that column holds what the row has in `own_field`.
    Where it has an audience, a row is for both sides (0) or for the side of that number; `closed_audiences` are further
    numbers, of no side, each open to those alone who may use one more category.
    """

    model: type[models.Model]
    shareable: Shareable
    own_field: str
    record_column: str = ""
    category: Category = field(default=Category.EXISTENCE)
    audience_field: str | None = None
    closed_audiences: Mapping[int, Category] = field(default_factory=dict)
    own_rows: OwnRows | None = None


class NotShareable(LookupError):
    """The model was never registered: the door refuses rather than guesses."""


_shareables: dict[str, Shareable] = {}
_parts: dict[str, Part] = {}


def register(shareable: Shareable) -> None:
    """Declare a record model shareable. Called once per model, from AppConfig.ready()."""
    _shareables[shareable.label] = shareable


def register_part(part: Part) -> None:
    """Declare a model a part of a record. Called once per model, from AppConfig.ready()."""
    _parts[part.model._meta.label_lower] = part


def shareable_of(model: type[models.Model] | str) -> Shareable:
    """The declaration of a record model, or NotShareable."""
    label = model if isinstance(model, str) else model._meta.label_lower
    try:
        return _shareables[label]
    except KeyError:
        raise NotShareable(label) from None


def part_of(model: type[models.Model]) -> Part:
    """The declaration of a part, or NotShareable."""
    try:
        return _parts[model._meta.label_lower]
    except KeyError:
        raise NotShareable(model._meta.label_lower) from None


def record_types() -> list[Shareable]:
    """Every declared record model."""
    return list(_shareables.values())


def is_part(model: type[models.Model]) -> bool:
    """Whether the model is a registered part."""
    return model._meta.label_lower in _parts


def bundles_offered() -> dict[str, Bundle]:
    """What may be given of any record to another agency, by code: every bundle but the owners' own."""
    return {
        code: bundle
        for shareable in _shareables.values()
        for code, bundle in shareable.bundles.items()
        if bundle.receivers
    }
