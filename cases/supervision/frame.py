"""What stands around every page of one case: its cautions, who answers, and by which grant it is seen."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.utils import timezone

from agencies.directory.categories import Category, codes_of
from cases.supervision.querysets import cautions_of
from sharing.access import explain
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case
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
            "sees": names_for_templates(self.opened),
            "cautions": cautions,
            "cautions_at": timezone.now(),
            "cautions_late": sum(1 for c in cautions or [] if c.review_on and c.review_on < timezone.localdate()),
            "via": blocks.read(lambda: next(iter(explain.ways(actor, case)), None)) if by_grant else None,
            "section": "cases",
        }


def names_for_templates(opened: Category) -> set[str]:
    """The categories in a mask, as templates ask for them: {"existence", "cautions"}."""
    return {code.lower() for code in codes_of(opened)}
