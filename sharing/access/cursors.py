"""Where a page of a list ended, as the link to the next one carries it: signed, and good for that list alone."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core import signing


class DamagedCursor(ValueError):
    """The text is no cursor of ours, or one of another list."""


def sign_cursor(position: list[Any], *belongs_to: Any) -> str:
    """An opaque cursor that is good for the list that it `belongs_to` and for no other; the same for the same place."""
    return signing.Signer(salt=_salt(belongs_to)).sign_object(position, compress=True)


def read_cursor(cursor: str, *belongs_to: Any) -> list[Any]:
    """The position in a cursor. Raises DamagedCursor."""
    try:
        position: list[Any] = signing.Signer(salt=_salt(belongs_to)).unsign_object(cursor)
    except signing.BadSignature:
        raise DamagedCursor(cursor) from None
    return position


def _salt(belongs_to: tuple[Any, ...]) -> str:
    return "cursor:" + hashlib.sha256(repr(belongs_to).encode()).hexdigest()[:16]
