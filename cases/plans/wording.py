"""Goals and actions in words: what each field is called, and how a kept value reads."""

from __future__ import annotations

import contextlib
import datetime
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from agencies.directory.dates import day_text
from agencies.directory.models import Agency
from cases.plans.codes import ActionKind, ActionStatus, GoalStatus, Need
from cases.plans.models import Audience

LABELS = {
    "title": "What",
    "need": "Need it serves",
    "target": "How we know it is reached",
    "baseline": "Where it starts",
    "status": "Status",
    "progress_now": "Progress so far",
    "progress_target": "Progress to reach",
    "progress_unit": "Counted in",
    "progress_note": "Note on progress",
    "audience": "Who may read it",
    "kind": "Kind",
    "owner_agency": "Agency that does it",
    "owner_text": "Who does it",
    "due_on": "Due",
    "rhythm": "How often",
}
# By the code as text: a form that comes back has no numbers.
_CODES: dict[str, dict[str, str]] = {
    "need": dict(Need.choices),
    "status": {**dict(GoalStatus.choices), **dict(ActionStatus.choices)},
    "audience": {str(code): label for code, label in Audience.choices},
    "kind": dict(ActionKind.choices),
}


class FieldChange(NamedTuple):
    """One field before and after, in words."""

    label: str
    before: str
    after: str


def words(name: str, value: Any, agencies: Mapping[str, str] | None = None) -> str:
    """A kept value as people read it; `agencies` names agencies by their UUID."""
    if value is None or value == "":
        return ""
    if name in _CODES:
        return _CODES[name].get(str(value), str(value))
    if name == "owner_agency":
        return (agencies or {}).get(str(value), "An agency")
    if name == "due_on":
        with contextlib.suppress(ValueError):  # what somebody typed into a form is shown as typed
            return day_text(datetime.date.fromisoformat(value))
    return str(value)


def agency_names(*sides: Mapping[str, Any]) -> dict[str, str]:
    """Names of the agencies that these kept values speak of, by UUID. One query, or none where none is named."""
    wanted = {str(side["owner_agency"]) for side in sides if side.get("owner_agency")}
    known = [value for value in wanted if _is_uuid(value)]
    found = Agency.objects.filter(uuid__in=known).values_list("uuid", "name") if known else []
    return {str(key): name for key, name in found}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str]) -> list[FieldChange]:
    """The named fields in words, before and after, those that read the same left out."""
    agencies = agency_names(before, after)
    found = [
        FieldChange(LABELS[name], words(name, before.get(name), agencies), words(name, after.get(name), agencies))
        for name in names
    ]
    return [change for change in found if change.before != change.after]


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
