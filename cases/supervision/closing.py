"""What is still open in a case, for whoever is about to close it. Later features add theirs at start-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from django.urls import reverse

from cases.supervision.querysets import conditions_in_force
from sharing.access import explain
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case


class OpenWork(NamedTuple):
    """One thing that goes on after the case is closed, unless somebody ends it: what, and where that is done."""

    text: str
    url: str


Part = Callable[[Actor, "Case"], list[OpenWork]]
_parts: list[Part] = []


def add_open_work(part: Part) -> None:
    """Let a later feature say what of it is open in a case. Called from AppConfig.ready()."""
    _parts.append(part)


def open_work(actor: Actor, case: Case) -> list[OpenWork]:
    """What is open: shares, then what each feature says."""
    shares = sum(1 for grant in explain.holding_grants(case) if grant.kind == "share")
    found = []
    if shares:
        text = f"{shares} share{'' if shares == 1 else 's'} with other agencies or units, each until its own end"
        found.append(OpenWork(text, reverse("case_access", args=[case.uuid])))
    binding = conditions_in_force(actor, case).count()
    if binding:
        text = (
            f"{binding} condition{'' if binding == 1 else 's'} in force, and none of them binds once the case is closed"
        )
        found.append(OpenWork(text, reverse("case_conditions", args=[case.uuid])))
    for part in _parts:
        found += part(actor, case)
    return found
