"""What a case has, as one caller may see it: each kind of part in one query, and none for what is not open."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from agencies.directory.categories import Category
from sharing.access.actors import Actor

# Key in the answer → model, the field that leads to the case or person, category, order.
_PARTS: tuple[tuple[str, str, str, Category, tuple[str, ...]], ...] = (
    ("aliases", "Alias", "person_id", Category.SUPERVISION, ("pk",)),
    ("identifiers", "Identifier", "person_id", Category.SUPERVISION, ("kind",)),
    ("addresses", "Address", "person_id", Category.LOCATION, ("pk",)),
    ("cautions", "Caution", "case_id", Category.CAUTIONS, ("rank", "-set_on", "pk")),
    ("conditions", "Condition", "case_id", Category.CONDITIONS, ("pk",)),
    ("assessments", "RiskAssessment", "case_id", Category.ASSESSMENT, ("-assessed_on", "pk")),
)


def parts_of(actor: Actor, case: Any) -> dict[str, Any]:
    """The parts of a case that was opened by `open_one()`: name → rows, and `plan` → the open plan or None.

    What the case's mask does not open is not asked for and left out.
    """
    found: dict[str, Any] = {}
    for name, model, link, category, order in _PARTS:
        if category in case.opened:
            rows = apps.get_model("cases", model).objects.permitted(actor)
            found[name] = list(
                rows.filter(**{link: getattr(case, "pk" if link == "case_id" else link)}).order_by(*order)
            )
    if Category.PLAN_VIEW in case.opened:
        plan = case.plans.permitted(actor).exclude(status="closed").first()
        if plan is not None:
            plan.case = case
        found["plan"] = plan
    return found
