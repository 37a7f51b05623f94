"""What answers of the API may carry of a case beside their own: the case itself, its cautions, its conditions."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers

from agencies.directory.categories import Category, union
from cases.supervision.models import Case, Caution, Condition
from cases.supervision.serializers import CaseRow, CautionBlock, ConditionBlock
from sharing.access.rest import DoorView
from sharing.access.shape import Expansion, register_expansion


def declare() -> None:
    """Register this feature's expansions."""
    register_expansion("case", Expansion(CaseRow, cases))
    for name, model, block, order in (
        ("cautions", Caution, CautionBlock, ("rank", "-set_on", "pk")),
        ("conditions", Condition, ConditionBlock, ("pk",)),
    ):
        register_expansion(name, Expansion(block, parts(model, block, order)))


def cases(view: DoorView, case_uuids: list[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """Cases as lists show them. One query."""
    found: list[Any] = Case.objects.listed(view.actor, case_uuids)
    shown = union(case.opened for case in found) & (Category.EXISTENCE | Category.SUPERVISION)
    view.note_read("expand", found, shown)
    return {case.uuid: CaseRow(case).data for case in found}


def parts(model: type[Caution] | type[Condition], block: type[serializers.Serializer], order: tuple[str, ...]) -> Any:
    """A loader of one kind of part, by its case: a list, or nothing where the kind is not shared. Two queries."""

    def load(view: DoorView, case_uuids: list[uuid.UUID]) -> dict[uuid.UUID, Any]:
        cases = Case.objects.listed(view.actor, case_uuids)
        found = [case for case in cases if model.access_category in case.opened]
        by_case: dict[int, list[Any]] = {case.pk: [] for case in found}
        for part in model.objects.permitted(view.actor).filter(case_id__in=by_case).order_by(*order):
            by_case[part.case_id].append(part)
        view.note_read("expand", found, model.access_category)
        return {case.uuid: block(by_case[case.pk], many=True).data for case in found}

    return load
