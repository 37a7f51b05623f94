"""What stands around every page of one case: its cautions, who answers, and by which grant it is seen."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Q
from django.utils import timezone

from agencies.directory.categories import Category
from sharing.access import explain
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case, Caution
    from sharing.access.pages import Blocks


class CaseFrame:
    """One case as pages show it. Raises NotVisible where the actor may not know of it."""

    def __init__(self, actor: Actor, case_uuid: uuid.UUID) -> None:
        self.actor = actor
        self.record: Case = apps.get_model("cases", "Case").objects.open_one(actor, case_uuid)
        self.opened: Category = self.record.opened

    def context(self, blocks: Blocks) -> dict[str, Any]:
        """What templates/cases/case_base.html takes."""
        case, actor = self.record, self.actor
        seen = Category.CAUTIONS in self.opened
        cautions = blocks.read(lambda: cautions_of(actor, [case]).get(case.pk, [])) if seen else None
        by_grant = case.agency_id != actor.agency_id
        return {
            "case": case,
            "sees": names_of(self.opened),
            "cautions": cautions,
            "cautions_at": timezone.now(),
            "cautions_late": sum(1 for c in cautions or [] if c.review_on and c.review_on < timezone.localdate()),
            "via": blocks.read(lambda: next(iter(explain.ways(actor, case)), None)) if by_grant else None,
            "section": "cases",
        }


def cautions_of(actor: Actor, cases: list[Case]) -> dict[int, list[Caution]]:
    """The cautions in force that the actor may see on these cases, worst first: case number → cautions. One query."""
    rows = apps.get_model("cases", "Caution").objects.permitted(actor).filter(case_id__in=[c.pk for c in cases])
    found: dict[int, list[Caution]] = {}
    for caution in rows.filter(Q(ended_on=None) | Q(ended_on__gt=timezone.localdate())).order_by(
        "case_id", "rank", "-set_on", "pk"
    ):
        found.setdefault(caution.case_id, []).append(caution)
    return found


def names_of(opened: Category) -> set[str]:
    """The categories in a mask, as templates name them: {"existence", "cautions"}."""
    return {str(category.name).lower() for category in Category if category in opened}
