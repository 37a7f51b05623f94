"""Re-exports for Django. Nothing imports this module."""

from cases.appointments.models import Appointment, Companion
from cases.contacts.models import Contact, ContactVersion, Draft
from cases.documents.models import Document
from cases.flags.models import Flag
from cases.imports.models import ImportRun
from cases.lists.models import SavedFilter
from cases.people.models import Address, Alias, Identifier, JuvenileHistory, NameToken, Person, PersonNameToken
from cases.plans.models import Action, ActionVersion, Goal, GoalVersion, Plan
from cases.supervision.models import (
    Case,
    CaseExclusion,
    CaseKey,
    CaseNamedPrincipal,
    Caution,
    Condition,
    RiskAssessment,
)

__all__ = [
    "Action",
    "ActionVersion",
    "Address",
    "Alias",
    "Appointment",
    "Case",
    "CaseExclusion",
    "CaseKey",
    "CaseNamedPrincipal",
    "Caution",
    "Companion",
    "Condition",
    "Contact",
    "ContactVersion",
    "Document",
    "Draft",
    "Flag",
    "Goal",
    "GoalVersion",
    "Identifier",
    "ImportRun",
    "JuvenileHistory",
    "NameToken",
    "Person",
    "PersonNameToken",
    "Plan",
    "RiskAssessment",
    "SavedFilter",
]
