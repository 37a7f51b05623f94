"""What stands around every page of one case: its cautions, who answers, and by which grant it is seen."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.db.models import QuerySet
from django.utils import timezone

from agencies.directory.categories import Category, codes_of
from agencies.directory.roles import ACTS
from cases.supervision.overview import overview_of
from cases.supervision.querysets import cautions_in_force
from sharing.access import explain
from sharing.access.actors import Actor, Principal

if TYPE_CHECKING:
    from agencies.directory.models import Agency
    from cases.supervision.models import Case
    from sharing.access.pages import Blocks


class Around(NamedTuple):
    """What a later feature lets stand around every page of a case, as `name`, for whoever its category is open to.

    `rows` are read together with the cautions, in one statement; the page gets `said(rows)`, or None where they could
    not be loaded.
    """

    name: str
    category: Category
    rows: Callable[[Actor, Case], QuerySet[Any]]
    said: Callable[[list[Any]], Any]


_around: list[Around] = []


def add_around(part: Around) -> None:
    """Let a later feature stand around every page of a case. Called from AppConfig.ready()."""
    _around.append(part)


class CaseFrame:
    """One case as pages show it. Raises NotVisible where the actor may not know of it."""

    preview_template = "cases/supervision/preview.html"

    def __init__(self, actor: Actor, case_uuid: uuid.UUID) -> None:
        self.actor = actor
        self.record: Case = apps.get_model("cases", "Case").objects.open_one(actor, case_uuid)
        self.opened: Category = self.record.opened

    def context(self, blocks: Blocks) -> dict[str, Any]:
        """What templates/cases/case_base.html takes."""
        case, actor = self.record, self.actor
        by_grant = case.agency_id != actor.agency_id
        return {
            **_stands_around(actor, case, blocks),
            "via": blocks.read(lambda: next(iter(explain.ways(actor, case)), None)) if by_grant else None,
            "section": "cases",
        }

    def preview(self, mask: int, agency: Agency, blocks: Blocks) -> dict[str, Any]:
        """What cases/supervision/preview.html takes: the case as `agency` would see it with no more than `mask`.

        The door is asked for the narrower actor, and the row security behind it still for the real one: nothing shows
        that is not open to both.
        """
        sights = Category(mask) & ~ACTS
        actor = replace(
            self.actor,
            agency=agency,
            principals=tuple(Principal(one.group_id, one.mask & sights) for one in self.actor.principals),
        )
        case = copy(self.record)
        case.opened = self.opened & sights
        return {
            **_stands_around(actor, case, blocks),
            **overview_of(actor, case, blocks),
            "asked_at": timezone.now(),
            "viewer": agency.name,
        }


def _stands_around(actor: Actor, case: Case, blocks: Blocks) -> dict[str, Any]:
    asked = {part.name: part.rows(actor, case) for part in _around if part.category in case.opened}
    if Category.CAUTIONS in case.opened:
        asked["cautions"] = cautions_in_force(actor, [case])
    found = blocks.together(asked)
    cautions = found.get("cautions")
    context = {
        "case": case,
        "sees": names_for_templates(case.opened),
        "cautions": cautions,
        "cautions_at": timezone.now(),
        "cautions_late": sum(1 for c in cautions or [] if c.review_on and c.review_on < timezone.localdate()),
    }
    for part in _around:
        rows = found.get(part.name)
        context[part.name] = None if rows is None else part.said(rows)
    return context


def names_for_templates(opened: Category) -> set[str]:
    """The categories in a mask, as templates ask for them: {"existence", "cautions"}."""
    return {code.lower() for code in codes_of(opened)}
