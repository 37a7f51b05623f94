"""Two people changed one goal or action: what both changed, what only one did, and what the reader chose.

Values travel as text, as forms and kept versions have them: dates in ISO form, an agency as its UUID.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from cases.plans.wording import LABELS, agency_names, words

MINE, THEIRS, NEW = "mine", "theirs", "new"
LONG = {"target", "progress_note"}
CODED = {"need", "status", "audience", "kind", "owner_agency", "due_on", "progress_now", "progress_target"}


@dataclass(slots=True)
class Dispute:
    """A field that both changed, and differently."""

    name: str
    label: str
    mine: str
    theirs: str
    choice: str = ""
    written: str = ""
    error: str = ""
    choices: bool = False  # True where a new text cannot be written, since the field takes no free text
    long: bool = False


@dataclass(slots=True)
class Merge:
    """The comparison of one edit with what was saved meanwhile."""

    fields: list[Dispute] = field(default_factory=list)
    settled: list[dict[str, str]] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)


def compare(
    names: tuple[str, ...], base: Mapping[str, Any] | None, theirs: Mapping[str, Any], mine: Mapping[str, Any]
) -> Merge:
    """Set the edit beside the saved version; `base` is what both began from, or None where it was not kept."""
    agencies = agency_names(theirs, mine, base or {})
    merge = Merge()
    for name in names:
        old, saved, typed = (_text((side or {}).get(name)) for side in (base, theirs, mine))
        shown_mine, shown_theirs = words(name, mine.get(name), agencies), words(name, theirs.get(name), agencies)
        if typed == saved:
            merge.kept.append((name, typed))
        elif base is not None and saved == old:
            merge.kept.append((name, typed))
            merge.settled.append({"label": LABELS[name], "value": shown_mine or "Empty", "whose": "yours"})
        elif base is not None and typed == old:
            merge.kept.append((name, saved))
            merge.settled.append({"label": LABELS[name], "value": shown_theirs or "Empty", "whose": "theirs"})
        else:
            merge.kept.append((f"mine_{name}", typed))
            merge.fields.append(
                Dispute(name, LABELS[name], shown_mine, shown_theirs, choices=name in CODED, long=name in LONG)
            )
    return merge


def resolve(
    posted: QueryDict, names: tuple[str, ...], theirs: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """The form's values after the reader's choices, and a sentence for each field that still wants one."""
    values, missing = {}, {}
    for name in names:
        if f"mine_{name}" not in posted:
            values[name] = str(posted.get(name, ""))
            continue
        choice = posted.get(f"choice_{name}", "")
        mine, saved = str(posted[f"mine_{name}"]), _text(theirs.get(name))
        if choice == NEW and name not in CODED:
            values[name] = str(posted.get(f"text_{name}", ""))
        elif choice in (MINE, THEIRS):
            values[name] = mine if choice == MINE else saved
        else:
            values[name] = mine
            missing[name] = "Choose yours, theirs, or write a new text."
    return values, missing


def _text(value: Any) -> str:
    return "" if value is None else str(value)
