"""What this floor declares to the floors below at start-up."""

from django.urls import reverse

from agencies.directory.categories import Category
from cases.people.models import Address, Alias, Identifier, Person
from cases.plans import events as plan_events
from cases.plans.models import Action, ActionVersion, Goal, GoalVersion, Plan
from cases.plans.news import describe
from cases.plans.overview import plan_summary
from cases.supervision.bundles import BUNDLES
from cases.supervision.frame import CaseFrame
from cases.supervision.models import (
    Case,
    CaseExclusion,
    CaseKey,
    CaseNamedPrincipal,
    Caution,
    Condition,
    RiskAssessment,
)
from cases.supervision.overview import add_part
from sharing.access.registry import Part, Shareable, register, register_part
from sharing.notices.registry import register_view

SHAREABLE_CASE = Shareable(
    model=Case,
    key_model=CaseKey,
    exclusion_model=CaseExclusion,
    named_model=CaseNamedPrincipal,
    bundles=BUNDLES,
    function_prefix="case",
    frame=CaseFrame,
    naming=lambda case: case.person.display,
    address=lambda case: reverse("case_overview", args=[case.uuid]),
    related=("person",),
)


def declare() -> None:
    """Register the shareable record, its parts and its events."""
    register(SHAREABLE_CASE)
    register_part(Part(Person, SHAREABLE_CASE, own_field="pk", record_field="person_id", category=Category.EXISTENCE))
    for model in (Alias, Identifier, Address):
        register_part(
            Part(model, SHAREABLE_CASE, own_field="person_id", record_field="person_id", category=model.access_category)
        )
    for model in (Condition, Caution, RiskAssessment, Plan):
        register_part(Part(model, SHAREABLE_CASE, own_field="case_id", category=model.access_category))
    for model in (Goal, Action, GoalVersion, ActionVersion):
        register_part(
            Part(
                model,
                SHAREABLE_CASE,
                own_field="case_id",
                category=model.access_category,
                audience_field=model.access_audience,
            )
        )
    plan_events.declare()
    add_part(plan_summary)
    for model in (Goal, Action):
        register_view(model._meta.label_lower, describe)
