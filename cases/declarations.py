"""What this floor declares to the floors below at start-up."""

from django.urls import reverse

from agencies.directory.categories import Category
from cases.appointments import events as appointment_events
from cases.appointments import timeline as appointment_timeline
from cases.appointments.models import Appointment
from cases.contacts import events as contact_events
from cases.contacts import timeline as contact_timeline
from cases.contacts.codes import ContactAudience
from cases.contacts.models import Contact, ContactVersion
from cases.documents import events as document_events
from cases.documents import timeline as document_timeline
from cases.documents.models import Document
from cases.flags import events as flag_events
from cases.flags import timeline as flag_timeline
from cases.flags.models import Flag
from cases.flags.querysets import counted, standing_flags
from cases.people import events as people_events
from cases.people.models import Address, Alias, Identifier, Person
from cases.plans import events as plan_events
from cases.plans import expansions as plan_expansions
from cases.plans import timeline as plan_timeline
from cases.plans.models import Action, ActionVersion, Goal, GoalVersion, Plan
from cases.plans.overview import open_work, plan_summary
from cases.supervision import events as case_events
from cases.supervision import expansions as case_expansions
from cases.supervision.bundles import BUNDLES
from cases.supervision.closing import add_open_work
from cases.supervision.frame import Around, CaseFrame, add_around
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
from cases.timeline import grants as grant_timeline
from cases.timeline.overview import latest_entries
from sharing.access.registry import OwnRows, Part, Shareable, register, register_part

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
    register_part(Part(Person, SHAREABLE_CASE, own_field="pk", record_column="person_id", category=Category.EXISTENCE))
    for seen_with_person in (Alias, Identifier, Address):
        register_part(
            Part(
                seen_with_person,
                SHAREABLE_CASE,
                own_field="person_id",
                record_column="person_id",
                category=seen_with_person.access_category,
            )
        )
    for seen_with_case in (Condition, Caution, RiskAssessment, Plan, Document):
        register_part(
            Part(seen_with_case, SHAREABLE_CASE, own_field="case_id", category=seen_with_case.access_category)
        )
    for seen_by_audience in (Flag, Goal, Action, GoalVersion, ActionVersion, Appointment):
        register_part(
            Part(
                seen_by_audience,
                SHAREABLE_CASE,
                own_field="case_id",
                category=seen_by_audience.access_category,
                audience_field=seen_by_audience.access_audience,
            )
        )
    case_events.declare()
    flag_events.declare()
    people_events.declare()
    for contact_model in (Contact, ContactVersion):
        register_part(
            Part(
                contact_model,
                SHAREABLE_CASE,
                own_field="case_id",
                category=contact_model.access_category,
                audience_field=contact_model.access_audience,
                closed_audiences={ContactAudience.TREATMENT: Category.TREATMENT},
                own_rows=OwnRows("author_id", "author_agency_id", Category.CONTACT_ADD),
            )
        )
    plan_events.declare()
    add_around(Around("flags", Category.FLAGS, standing_flags, counted))
    case_expansions.declare()
    plan_expansions.declare()
    appointment_events.declare()
    appointment_timeline.declare()
    contact_events.declare()
    add_part(plan_summary)
    flag_timeline.declare()
    add_open_work(open_work)
    contact_timeline.declare()
    plan_timeline.declare()
    document_events.declare()
    document_timeline.declare()
    grant_timeline.declare()
    add_part(latest_entries)
