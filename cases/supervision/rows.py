"""Cases as rows of a list: what the reader may see of each, its cautions, and the one read event of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agencies.directory.categories import Category, union
from agencies.trail.services import record_read
from cases.supervision.codes import CASE
from cases.supervision.frame import names_for_templates
from cases.supervision.querysets import cautions_of
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case
    from sharing.access.pages import Blocks

ON_A_LIST = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS


def knows_status(actor: Actor) -> bool:
    """Whether the actor's roles open status, level and cautions at all; when a case last changed goes with them."""
    return Category.SUPERVISION in actor.role_mask


def dressed(actor: Actor, cases: list[Case], blocks: Blocks) -> list[Case]:
    """The cases of a list with `sees` and `shown_cautions`, as templates/cases/lists/list.html takes them."""
    cautions = blocks.read(lambda: cautions_of(actor, cases))
    for case in cases:
        case.sees = names_for_templates(case.opened)  # type: ignore[attr-defined]
        case.shown_cautions = None if cautions is None else cautions.get(case.pk, [])  # type: ignore[attr-defined]
    return cases


def record_shown(actor: Actor, action: str, cases: list[Case]) -> None:
    """The read event of a list."""
    record_read(
        actor=actor,
        action=action,
        record_type=CASE,
        record_ids=[case.uuid for case in cases],
        categories=union(case.opened for case in cases) & ON_A_LIST,
    )
