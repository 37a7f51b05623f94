"""Why a search found a case: the name, alias, number or birth date that fits, with what fits marked.

Said from what the reader may see of the case and nothing else. Aliases and numbers that another system gave are told to
whoever knows more than name and contact; where nothing may be said, nothing is.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.db.models import QuerySet

from agencies.directory.categories import Category
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.people.models import Alias, Identifier
    from cases.supervision.models import Case

_WORD = re.compile(r"\w+")
_CLOSE = 0.6  # of difflib: below it two words no longer look alike


class Piece(NamedTuple):
    """Some text of a reason, and whether it is what fits."""

    text: str
    fits: bool


class Reason(NamedTuple):
    """What fits: "Alias", and its text in pieces."""

    label: str
    pieces: list[Piece]

    @property
    def text(self) -> str:
        """All of it, without marks."""
        return "".join(piece.text for piece in self.pieces)


def to_read(actor: Actor, cases: list[Case]) -> dict[str, QuerySet[Any]]:
    """The aliases and numbers of these people that the actor may be told, to be read together with the rows."""
    people = [case.person_id for case in cases if Category.SUPERVISION in case.opened]
    return {
        name: apps.get_model("cases", model).objects.permitted(actor, Category.SUPERVISION).filter(person_id__in=people)
        for name, model in (("aliases", "Alias"), ("identifiers", "Identifier"))
    }


def reasons_of(
    cases: list[Case],
    words: list[str],
    birth_date: datetime.date | None,
    aliases: Iterable[Alias],
    identifiers: Iterable[Identifier],
) -> dict[int, list[Reason]]:
    """Why each case was found: its number → reasons, the strongest first."""
    by_person: dict[int, tuple[list[Alias], list[Identifier]]] = defaultdict(lambda: ([], []))
    for alias in aliases:
        by_person[alias.person_id][0].append(alias)
    for identifier in identifiers:
        by_person[identifier.person_id][1].append(identifier)
    found = {}
    for case in cases:
        told = Category.SUPERVISION in case.opened
        known = by_person[case.person_id] if told else ([], [])
        found[case.pk] = [
            *(_numbers(case, words, known[1]) if told else []),
            *_names(case, [word for word in words if not _has_digit(word)], known[0]),
            *(_born(case, birth_date) if told and birth_date else []),
        ]
    return found


def _numbers(case: Case, words: list[str], identifiers: list[Identifier]) -> list[Reason]:
    asked = {word.casefold() for word in words if _has_digit(word)}
    known = [
        ("Case number", case.number),
        ("The agency’s number for the person", case.person.local_id),
        *((identifier.get_kind_display(), identifier.value) for identifier in identifiers),
    ]
    return [Reason(label, [Piece(value, True)]) for label, value in known if value.casefold() in asked]


def _names(case: Case, words: list[str], aliases: list[Alias]) -> list[Reason]:
    if not words:
        return []
    name = case.person.display
    if all(_begins(name, word) for word in words):
        return [Reason("Name", _marked(name, words))]
    said = []
    for alias in aliases:
        other = " ".join(part for part in (alias.given_name, alias.middle_name, alias.family_name) if part)
        if any(_begins(other, word) and not _begins(name, word) for word in words):
            said.append(Reason("Alias", _marked(other, words)))
    if said:
        return said
    close = [near for word in words for near in [_nearest(name, word)] if near]
    return [Reason("Close to the name", _marked(name, close))] if close else []


def _born(case: Case, asked: datetime.date) -> list[Reason]:
    born = case.person.birth_date
    if born is None or abs((born - asked).days) > 1:
        return []
    label = "Birth date" if born == asked else "Birth date, a day off"
    return [Reason(label, [Piece(f"{born:%b} {born.day}, {born.year}", True)])]


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _begins(name: str, word: str) -> bool:
    """Whether some word of the name begins with the word asked for."""
    return any(part.casefold().startswith(word.casefold()) for part in _WORD.findall(name))


def _nearest(name: str, word: str) -> str | None:
    """The word of the name that looks most like the one asked for, if any looks like it."""
    parts = {part.casefold(): part for part in _WORD.findall(name)}
    near = difflib.get_close_matches(word.casefold(), parts, n=1, cutoff=_CLOSE)
    return parts[near[0]] if near else None


def _marked(name: str, words: list[str]) -> list[Piece]:
    """The name in pieces, those words of it marked that begin with a word asked for."""
    asked = tuple(word.casefold() for word in words)
    pieces = re.split(r"(\w+)", name)
    return [Piece(piece, bool(piece) and piece.casefold().startswith(asked)) for piece in pieces if piece]
