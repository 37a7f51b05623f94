"""Code lists of appointments."""

from django.db import models


class AppointmentKind(models.TextChoices):
    """Where and how the person is met. Treatment has no code here: see docs/decisions on appointments."""

    OFFICE = "office", "Office visit"
    HOME = "home", "Home visit"
    FIELD = "field", "Field visit"
    WORK = "work", "Visit at work"
    COURT = "court", "Court date"
    PROGRAM = "program", "Program session"
    SERVICE = "community_service", "Community service"
    TEST = "drug_test", "Drug test"
    PHONE = "phone", "Phone call"
    VIDEO = "video", "Video call"


class Outcome(models.TextChoices):
    """How an appointment ended; empty while it has not.

    The first four follow the contact outcomes of Manage People on Probation (field list 1.9.4): ATTC, AFTC, the
    acceptable absences (AACL, AAEM, AAFC, AAHO, AAME, AARE, AARC) and UAAB with AFTA.
    """

    ATTENDED_COMPLIED = "attended_complied", "Attended and complied"
    ATTENDED_NOT_COMPLIED = "attended_not_complied", "Attended, did not comply"
    ABSENT_ACCEPTABLE = "absent_acceptable", "Absent, acceptable reason"
    ABSENT_UNACCEPTABLE = "absent_unacceptable", "Absent, no acceptable reason"
    RESCHEDULED = "rescheduled", "Rescheduled"
    CANCELED = "canceled", "Canceled"


ATTENDANCE = (
    Outcome.ATTENDED_COMPLIED,
    Outcome.ATTENDED_NOT_COMPLIED,
    Outcome.ABSENT_ACCEPTABLE,
    Outcome.ABSENT_UNACCEPTABLE,
)
"""What somebody may record of an appointment that took place; the other two come of moving and canceling it."""

NOT_A_COLLEAGUE = "Choose somebody who works in your unit."
"""Said of whom nobody knows as of whom one may not name, so that an address is not told apart by it."""

NOT_A_READER = "Whoever comes along must be one of those who may read this appointment, with the audience you chose."
"""Said of whom nobody knows as of whom one may not name, likewise."""
