"""Cases as rows of a list: what the reader may see of each, its cautions, and the one read event of the answer."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.urls import reverse

from agencies.directory.categories import Category, union
from agencies.trail.services import record_read
from cases.supervision.card import starts_from_card
from cases.supervision.codes import CASE
from cases.supervision.frame import names_for_templates
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case, Caution

ON_A_LIST = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS


def knows_status(actor: Actor) -> bool:
    """Whether the actor's roles open status, level and cautions at all; when a case last changed goes with them."""
    return Category.SUPERVISION in actor.role_mask


def dress(cases: list[Case], cautions: list[Caution] | None) -> list[Case]:
    """The cases of a list with `url`, `sees` and `shown_cautions`, as templates/cases/lists/list.html takes them.

    `cautions` are those in force of all of them, or None where they could not be loaded.
    """
    by_case: dict[int, list[Caution]] = defaultdict(list)
    for caution in cautions or []:
        by_case[caution.case_id].append(caution)
    for case in cases:
        case.url = page_of(case)  # type: ignore[attr-defined]
        case.sees = names_for_templates(case.opened)  # type: ignore[attr-defined]
        case.shown_cautions = None if cautions is None else by_case[case.pk]  # type: ignore[attr-defined]
    return cases


def page_of(case: Case) -> str:
    """Where the reader of a case, opened as far as `case.opened` says, starts: the overview, or the status card."""
    return reverse("case_card" if starts_from_card(case.opened) else "case_overview", args=[case.uuid])


def record_shown(actor: Actor, action: str, cases: list[Case], shown: Category = ON_A_LIST) -> None:
    """The read event of a list that shows so much of each case as the actor may use."""
    record_read(
        actor=actor,
        action=action,
        record_type=CASE,
        record_ids=[case.uuid for case in cases],
        categories=union(case.opened for case in cases) & shown,
    )
