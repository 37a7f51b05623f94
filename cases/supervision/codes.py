"""Code lists of supervision. Member names of the N-DEx lists are the exchanged codes; the numbers are ours to store."""

from django.db import models

from agencies.directory.models import Side

CASE = "cases.case"
"""How grants, events and the trail name the type of record that a supervision case is."""


class SupervisionType(models.IntegerChoices):
    """N-DEx supervised release category (ndex:SupervisedReleaseCategoryCodeType)."""

    UNSPECIFIED = 0, "Supervision, type not given"
    PROBATION = 1, "Probation"
    PROBATION_IN_STATE = 2, "Probation, in state"
    PROBATION_OUT_OF_STATE = 3, "Probation, out of state"
    PROBATION_JUVENILE_DELINQUENT = 4, "Juvenile probation"
    PAROLE = 5, "Parole"
    PAROLE_IN_STATE = 6, "Parole, in state"
    PAROLE_OUT_OF_STATE = 7, "Parole, out of state"
    PAROLE_SPECIAL_TERM = 8, "Parole, special term"
    PAROLE_COMPASSIONATE_RELEASE = 9, "Parole, compassionate release"
    PRETRIAL = 10, "Pretrial"
    PRETRIAL_DIVERSION = 11, "Pretrial diversion"
    PRESENTENCE = 12, "Presentence"
    MANDATORY_RELEASE = 13, "Mandatory release"
    HOME_CONFINEMENT = 14, "Home confinement"
    WORK_RELEASE = 15, "Work release"
    COURTESY_SUPERVISION = 16, "Courtesy supervision"
    MILITARY_SUPERVISED_RELEASE = 17, "Military supervised release"


class SupervisionStatus(models.IntegerChoices):
    """N-DEx supervised release status (ndex:SupervisedReleaseStatusCodeType)."""

    ACTIVE = 1, "Active"
    ABSCONDER = 2, "Absconder"
    CANCELED = 3, "Canceled"
    CANCELED_DECEASED = 4, "Canceled, deceased"
    CANCELED_REVOKED = 5, "Canceled, revoked"
    CANCELED_TRANSFERRED = 6, "Canceled, transferred"
    CANCELED_UNSUCCESSFUL = 7, "Canceled, unsuccessful"
    COMPLETED = 8, "Completed"
    COMPLETED_EARLY = 9, "Completed early"


OPEN_STATUSES = (SupervisionStatus.ACTIVE, SupervisionStatus.ABSCONDER)
CLOSED_STATUSES = tuple(status for status in SupervisionStatus if status not in OPEN_STATUSES)


class RiskLevel(models.IntegerChoices):
    """Assessed risk of reoffending, in words."""

    NOT_APPLICABLE = 0, "Not assessed"
    LOW = 1, "Low"
    MEDIUM = 2, "Medium"
    HIGH = 3, "High"
    VERY_HIGH = 4, "Very high"


class SupervisionLevel(models.IntegerChoices):
    """How closely the person is supervised (Recidiviz list)."""

    INTAKE = 0, "Intake"
    UNSUPERVISED = 1, "Unsupervised"
    LIMITED = 2, "Limited"
    MINIMUM = 3, "Minimum"
    LOW_MEDIUM = 4, "Low-medium"
    MEDIUM = 5, "Medium"
    HIGH = 6, "High"
    MAXIMUM = 7, "Maximum"
    IN_CUSTODY = 8, "In custody"
    DIVERSION = 9, "Diversion"
    ELECTRONIC_MONITORING_ONLY = 10, "Electronic monitoring only"
    INTERSTATE_COMPACT = 11, "Interstate compact"
    RESIDENTIAL_PROGRAM = 12, "Residential program"
    WARRANT = 13, "Warrant"
    ABSCONSION = 14, "Absconsion"


class ConditionKind(models.TextChoices):
    """Types of condition (field list 1.9.3, those in use)."""

    OBEY_LAWS = "obey_laws", "Obey all laws"
    REPORT = "report", "Reporting"
    RESIDENCE = "residence", "Residence"
    HOME_VISIT = "home_visit", "Home visits"
    EMPLOYMENT = "employment", "Work or school"
    TRAVEL = "travel", "Travel"
    NOTIFY_POLICE_CONTACT = "notify_police_contact", "Tell of police contact"
    SEARCH = "search", "Search"
    DRUG_TEST = "drug_test", "Drug testing"
    DRUG_TREATMENT = "drug_treatment", "Drug treatment"
    ALCOHOL_BAN = "alcohol_ban", "Alcohol"
    NO_CONTACT = "no_contact", "No contact"
    EXCLUSION_ZONE = "exclusion_zone", "Stay away"
    CURFEW = "curfew", "Curfew"
    ELECTRONIC_MONITORING = "electronic_monitoring", "Electronic monitoring"
    WEAPONS_BAN = "weapons_ban", "Weapons"
    DRIVING = "driving", "Driving"
    RESTITUTION = "restitution", "Restitution"
    COMMUNITY_SERVICE = "community_service", "Community service"
    PROGRAM = "program", "Program"
    REGISTRATION = "registration", "Registration"


class Enforcer(models.TextChoices):
    """Who may act on a condition."""

    SUPERVISION = "supervision", "Supervision only"
    POLICE_ENFORCE = "police_enforce", "Police may enforce"
    POLICE_ARREST = "police_arrest", "Police may arrest"
    POLICE_SEARCH = "police_search", "Police may search"


class Audience(models.IntegerChoices):
    """Which side of the partnership may see a part, besides needing the category. Numbers match Side."""

    BOTH = 0, "Both agencies"
    SUPERVISION = Side.SUPERVISION, "Supervision only"
    POLICE = Side.POLICE, "Police only"
