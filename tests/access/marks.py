"""Marks: a number and a word by which each record of a random world is known again, wherever it is shown."""

from __future__ import annotations

import re
import uuid

# What carries a mark. "number" is the case's own number, which tells more than that there is a case.
KINDS = (
    "person", "case", "number", "grant", "alias", "identifier", "address", "condition", "caution", "riskassessment",
    "flag", "plan", "goal", "action", "goalversion", "actionversion", "document", "appointment", "contact",
    "contactversion",
)  # fmt: skip
_WORD = re.compile("zq(" + "|".join(KINDS) + r")(\d+)z", re.IGNORECASE)
_UUID = re.compile(r"5eed00([0-9a-f]{2})-0000-4000-8000-([0-9a-f]{12})")

Mark = tuple[str, int]
"""Kind and number, as the world's description numbers it."""


def word(kind: str, number: int) -> str:
    """What stands in a text of this record."""
    return f"zq{kind}{number}z"


def uuid_of(kind: str, number: int) -> uuid.UUID:
    """The UUID that this record gets."""
    return uuid.UUID(f"5eed00{KINDS.index(kind):02x}-0000-4000-8000-{number:012x}")


def told(text: str) -> set[Mark]:
    """Every record of which the text says anything: its word or its UUID."""
    words = {(kind.lower(), int(number)) for kind, number in _WORD.findall(text)}
    return words | {(KINDS[int(kind, 16)], int(number, 16)) for kind, number in _UUID.findall(text)}
