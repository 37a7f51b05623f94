"""Code lists of flags: special populations and registers, what a flag rests on, and how often each kind is looked at.

Two kinds of the field are left out on purpose. A list of gang members that agencies read together is a shared gang
database in some states, with duties of notice and contest that this product does not carry; juveniles need a partition
of their own.
"""

import datetime

from django.db import models


class FlagKind(models.TextChoices):
    """Why somebody is supervised in a special way (field list 1.9.5, those in use)."""

    SEX_OFFENSE = "sex_offense", "Sex offense"
    DOMESTIC_VIOLENCE = "domestic_violence", "Domestic violence"
    STALKING = "stalking", "Stalking"
    HIGH_RISK_VIOLENCE = "high_risk_violence", "High risk of violence"
    PROLIFIC = "prolific", "Prolific or persistent offending"
    CHILD_CONCERN = "child_concern", "Concern for a child"
    VULNERABLE_ADULT = "vulnerable_adult", "Vulnerable adult"
    MENTAL_ILLNESS = "mental_illness", "Serious mental illness or disability"
    SUBSTANCE_USE = "substance_use", "Substance use"
    PHYSICAL_ILLNESS = "physical_illness", "Physical illness or disability"
    HOMELESS = "homeless", "Homeless"
    VETERAN = "veteran", "Veteran"
    INTENSIVE = "intensive", "Intensive supervision"
    LIFETIME = "lifetime", "Lifetime supervision"
    ELECTRONIC_MONITORING = "electronic_monitoring", "Electronic monitoring"


class Basis(models.TextChoices):
    """What a flag rests on; none stands on a hunch."""

    COURT = "court", "Court order or conviction"
    ASSESSMENT = "assessment", "Assessment"
    REGISTRY = "registry", "Registry"
    AGENCY_REPORT = "agency_report", "Report of an agency"
    SELF_REPORT = "self_report", "Said by the person"


# Health data: police are told how to act by a caution, never of an illness.
FOR_SUPERVISION_ALONE = frozenset({FlagKind.MENTAL_ILLNESS, FlagKind.PHYSICAL_ILLNESS})

LONGEST_REVIEW = datetime.timedelta(days=366)
_USUAL_REVIEW = 180
_REVIEW_DAYS: dict[str, int] = {
    FlagKind.DOMESTIC_VIOLENCE: 90,
    FlagKind.STALKING: 90,
    FlagKind.HIGH_RISK_VIOLENCE: 90,
    FlagKind.CHILD_CONCERN: 90,
    FlagKind.HOMELESS: 60,
    FlagKind.VETERAN: 365,
    FlagKind.LIFETIME: 365,
}


def usual_review(kind: str, today: datetime.date) -> datetime.date:
    """The day by which a flag of this kind, set or reviewed today, is looked at again."""
    return today + datetime.timedelta(days=_REVIEW_DAYS.get(kind, _USUAL_REVIEW))
