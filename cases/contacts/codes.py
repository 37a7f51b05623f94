"""Code lists of contacts. Member names are what systems exchange; the numbers are ours to store.

There is no N-DEx or NIEM list of contacts. Supervision's kinds and the places follow Recidiviz (method, location),
those of police the report of a police contact (field list 1.9.4, exchange 3.4).
"""

from django.db import models

from agencies.directory.models import AgencyKind, Side


class ContactKind(models.IntegerChoices):
    """What kind of contact it was."""

    HOME_VISIT = 1, "Home visit"
    OFFICE_VISIT = 2, "Office visit"
    EMPLOYMENT_VISIT = 3, "Visit at work"
    FIELD_VISIT = 4, "Field visit"
    TELEPHONE = 5, "Phone call"
    VIRTUAL = 6, "Video call"
    WRITTEN_MESSAGE = 7, "Message or letter"
    COLLATERAL = 8, "Talk with others"
    JOINT_VISIT = 9, "Joint visit"
    FIELD_INTERVIEW = 20, "Field interview"
    PEDESTRIAN_STOP = 21, "Pedestrian stop"
    TRAFFIC_STOP = 22, "Traffic stop"
    CALL_FOR_SERVICE = 23, "Call for service"
    WELFARE_CHECK = 24, "Welfare check"
    CRISIS = 25, "Mental health crisis"
    POSITIVE_CONTACT = 26, "Positive contact"
    REGISTRATION_CHECK = 27, "Registration check"
    CITATION = 28, "Citation"
    ARREST = 29, "Arrest"
    WARRANT_SERVICE = 30, "Warrant service"
    SESSION = 40, "Session"
    OTHER = 99, "Other"


class ContactOutcome(models.IntegerChoices):
    """How it went. The contact's status (Recidiviz) and the outcomes of Manage People on Probation that fit."""

    NOT_STATED = 0, "Not stated"
    COMPLETED = 1, "Took place"
    ATTEMPTED = 2, "Not reached"
    COMPLIED = 3, "Complied"
    FAILED_TO_COMPLY = 4, "Did not comply"
    FAILED_TO_ATTEND = 5, "Did not come"
    NO_ACTION = 6, "No action needed"
    CONCERN = 7, "Concern noted"


class ContactLocation(models.IntegerChoices):
    """Where it was (Recidiviz)."""

    NOT_STATED = 0, "Not stated"
    RESIDENCE = 1, "At home"
    FIELD = 2, "In the field"
    SUPERVISION_OFFICE = 3, "Supervision office"
    PLACE_OF_EMPLOYMENT = 4, "At work"
    COURT = 5, "Court"
    JAIL = 6, "Jail"
    TREATMENT_PROVIDER = 7, "Treatment provider"
    LAW_ENFORCEMENT_AGENCY = 8, "Police station"


class ContactAudience(models.IntegerChoices):
    """Who may read it, besides needing the category. The first three match the sides of the partnership.

    That somebody is in treatment is itself confidential (42 CFR Part 2), so what a provider writes is never wider than
    the last: whoever may read treatment, and its author.
    """

    BOTH = 0, "Both agencies"
    SUPERVISION = Side.SUPERVISION, "Supervision only"
    POLICE = Side.POLICE, "Police only"
    TREATMENT = 3, "Treatment staff only"


K = ContactKind
KINDS_OF_SIDE = {
    Side.SUPERVISION: (
        K.HOME_VISIT, K.OFFICE_VISIT, K.EMPLOYMENT_VISIT, K.FIELD_VISIT, K.TELEPHONE, K.VIRTUAL, K.WRITTEN_MESSAGE,
        K.COLLATERAL, K.JOINT_VISIT, K.OTHER,
    ),
    Side.POLICE: (
        K.FIELD_INTERVIEW, K.PEDESTRIAN_STOP, K.TRAFFIC_STOP, K.CALL_FOR_SERVICE, K.POSITIVE_CONTACT, K.WELFARE_CHECK,
        K.CRISIS, K.REGISTRATION_CHECK, K.CITATION, K.ARREST, K.WARRANT_SERVICE, K.JOINT_VISIT, K.OTHER,
    ),
    Side.OTHER: (K.SESSION, K.OFFICE_VISIT, K.TELEPHONE, K.VIRTUAL, K.WRITTEN_MESSAGE, K.COLLATERAL, K.OTHER),
}  # fmt: skip
"""What the form of each side offers, in its order; a system may send any kind."""


def writes_for_treatment(kind: str) -> bool:
    """Whether what an agency of this kind writes is for treatment staff alone."""
    return AgencyKind(kind) == AgencyKind.TREATMENT_PROVIDER
