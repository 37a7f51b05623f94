"""One page of a list, and the address of the next one."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import models

from sharing.access.rest.base import DoorView


def page_of(
    view: DoorView, rows: models.QuerySet[Any], *, name: str, order: tuple[str, ...] = ("pk",)
) -> tuple[list[Any], str | None]:
    """One page of rows, and the address of the next page or None.

    `order` names fields that are never null, "-" before one that falls; together they must tell every two rows apart.
    """
    belongs_to = (name, order, _filters(view.asked))
    position = view.position(*belongs_to)
    columns = [column.removeprefix("-") for column in order]
    if position is not None:
        beyond = models.Q()
        level: dict[str, Any] = {}
        for column, sign, value in zip(columns, order, position, strict=True):
            beyond |= models.Q(**level, **{f"{column}__{'lt' if sign.startswith('-') else 'gt'}": value})
            level[column] = value
        rows = rows.filter(beyond)
    limit = view.asked["limit"]
    found = list(rows.order_by(*order)[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    ended_at = [_as_position(getattr(last, column)) for column in columns] if last is not None else None
    return found[:limit], view.next_address(ended_at, *belongs_to)


def page_by_number(
    view: DoorView, rows: models.QuerySet[Any], *, name: str, newest_first: bool = False
) -> tuple[list[Any], str | None]:
    """page_of() in the order in which the rows were made."""
    return page_of(view, rows, name=name, order=("-pk",) if newest_first else ("pk",))


def page_of_list(view: DoorView, things: list[Any], *, name: str) -> tuple[list[Any], str | None]:
    """page_of() for a few things that were put together in Python: each has a `uuid`."""
    belongs_to = (name, _filters(view.asked))
    position = view.position(*belongs_to)
    start = 0
    if position is not None:  # after the last one shown; where that is gone, after as many as were shown
        shown, last = position
        start = next((number + 1 for number, thing in enumerate(things) if str(thing.uuid) == last), shown)
    end = start + view.asked["limit"]
    ended_at = [end, str(things[end - 1].uuid)] if len(things) > end else None
    return things[start:end], view.next_address(ended_at, *belongs_to)


def _as_position(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


def _filters(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in asked.items() if name not in ("cursor", "limit"))
