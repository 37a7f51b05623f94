"""`fields` and `expand`: an answer with less of what it holds, or with more of what it names.

`fields=id,person.name` leaves the rest away, of a thing or of each thing of a list. `expand=case` puts beside the link
to a case the case itself, as far as the caller may see it: an expansion reads through the door like any other answer,
for all rows of a page at once, and what is hidden is null. An unknown name is an error.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from rest_framework import serializers

if TYPE_CHECKING:
    from sharing.access.rest import DoorView

FIELDS, EXPAND = "fields", "expand"

_LAST_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=/?$)")

Tree = dict[str, Any]
"""Names asked for, each with the names asked for below it; an empty tree is all of it."""


class Expansion(NamedTuple):
    """Something that answers name and may carry: how it looks, and how to read many of them at once.

    `load` takes the view that answers and the UUIDs by which the rows name the things; it reads through the door,
    notes the read, and returns what is visible as JSON.
    """

    answer: type[serializers.Serializer]
    load: Callable[[DoorView, list[uuid.UUID]], Mapping[uuid.UUID, Any]]


_expansions: dict[str, Expansion] = {}


def register_expansion(name: str, expansion: Expansion) -> None:
    """Declare what `expand=name` means wherever a view takes it. Called from AppConfig.ready()."""
    _expansions[name] = expansion


def expansion_of(name: str) -> Expansion:
    """The declaration of an expansion."""
    return _expansions[name]


def names_in(values: list[str]) -> list[str]:
    """The names of comma-separated lists."""
    return [name.strip() for value in values for name in value.split(",")]


def mistakes(view: DoorView, fields: list[str], expand: list[str]) -> dict[str, list[str]]:
    """What is wrong with the names asked for: parameter → sentences. Empty where the view knows them all."""
    wrong: dict[str, list[str]] = {}
    unknown = [name for name in expand if name not in view.expands]
    if unknown:
        known = f"There is {', '.join(view.expands)}." if view.expands else "Nothing can be expanded here."
        wrong[EXPAND] = [f"There is no {name!r} to expand here. {known}" for name in unknown]
    more = {name: expansion_of(name).answer for name in expand if name in view.expands}
    missing = [name for name in fields if not _has(view.shows, name.split("."), more)]
    if missing:
        wrong[FIELDS] = [f"There is no field {name!r} here." for name in missing]
    return wrong


def shaped(view: DoorView, data: Any, fields: list[str], expand: list[str]) -> Any:
    """The answer's data with what `expand` adds to each thing and without what `fields` leaves away."""
    many = isinstance(data, Mapping) and isinstance(data.get("results"), list)
    rows = [dict(row) for row in (data["results"] if many else [data])]
    for name in expand:
        keys = [_uuid_in(row.get(view.expands[name])) for row in rows]
        found = expansion_of(name).load(view, list(dict.fromkeys(key for key in keys if key)))
        for row, key in zip(rows, keys, strict=True):
            row[name] = found.get(key) if key else None
    if fields:
        tree = _tree(fields)
        rows = [_pruned(row, tree) for row in rows]
    return {**data, "results": rows} if many else rows[0]


def _uuid_in(value: Any) -> uuid.UUID | None:
    """The UUID that a row names: the value itself, or the end of an address."""
    found = _LAST_UUID.search(str(value)) if value else None
    return uuid.UUID(found[0]) if found else None


def _tree(names: list[str]) -> Tree:
    tree: Tree = {}
    for name in sorted(names, key=len):  # a whole thing before its parts, so that the parts do not narrow it
        level, parts = tree, name.split(".")
        for number, part in enumerate(parts):
            if part in level and not level[part]:
                break
            level = level.setdefault(part, {})
            if number == len(parts) - 1:
                level.clear()
    return tree


def _pruned(data: Any, tree: Tree) -> Any:
    if not tree or data is None:
        return data
    if isinstance(data, list):
        return [_pruned(each, tree) for each in data]
    return {name: _pruned(value, tree[name]) for name, value in data.items() if name in tree}


def _has(answer: Any, path: list[str], more: Mapping[str, type[serializers.Serializer]]) -> bool:
    """Whether an answer has what a dotted name says; `more` is what was expanded beside its own fields."""
    head, rest = path[0], path[1:]
    if head in more:
        below: Any = more[head]
    elif answer is None or head not in answer().fields:
        return False
    else:
        below = _below(answer().fields[head])
    return not rest or _has(below, rest, {})


def _below(field: Any) -> type[serializers.Serializer] | None:
    """How the things in a field look, or None where it holds no things."""
    if isinstance(field, serializers.SerializerMethodField):
        method = getattr(type(field.parent), field.method_name, None)
        field = getattr(method, "_spectacular_annotation", {}).get("field")  # what extend_schema_field says it is
    if isinstance(field, serializers.ListSerializer):
        field = field.child
    return type(field) if isinstance(field, serializers.Serializer) else None
