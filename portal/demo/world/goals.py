"""Goals and actions of joint plans, by what they serve."""

from __future__ import annotations

from typing import NamedTuple

from cases.plans.codes import ActionKind, Need

SUPPORT, SUPERVISE, ENFORCE = ActionKind.SUPPORT, ActionKind.SUPERVISE, ActionKind.ENFORCE
# Who does an action: the officer of record, the police unit, or the person. A treatment provider's part in a case shows
# to nobody without the treatment category, so no plan names one.
OFFICER, POLICE, PERSON = "officer", "police", "person"


class ActionPlan(NamedTuple):
    """An action as a goal suggests it."""

    title: str
    kind: ActionKind
    who: str
    rhythm: str = ""


class GoalPlan(NamedTuple):
    """A goal: what it serves, whom it fits (families of charges; none means everybody), its measure and its steps."""

    title: str
    need: Need
    target: str
    baseline: str
    total: int
    unit: str
    families: tuple[str, ...]
    actions: tuple[ActionPlan, ...]


GOALS = (
    GoalPlan(
        "Keep a steady job for six months", Need.EMPLOYMENT, "Six months with one employer, hours confirmed each month",
        "Day labor, no fixed hours", 6, "months", (),
        (
            ActionPlan("Shift letter renewed each month", SUPPORT, OFFICER, "Monthly"),
            ActionPlan("Employer confirms hours", SUPERVISE, OFFICER, "Monthly"),
            ActionPlan("Interview at the job center", SUPPORT, PERSON),
            ActionPlan("Tell the beat of late shifts, so that stops are short", SUPPORT, POLICE, "When asked"),
        ),
    ),
    GoalPlan(
        "Finish the GED", Need.EMPLOYMENT,
        "All four tests passed", "None passed", 4, "tests",
        (),
        (
            ActionPlan("Class at the library", SUPPORT, PERSON, "Tuesdays"),
            ActionPlan("Ask the teacher for attendance", SUPERVISE, OFFICER, "Monthly"),
        ),
    ),
    GoalPlan(
        "A lease in own name", Need.HOUSING,
        "Twelve months at one address", "Three addresses in a year", 12, "months",
        (),
        (
            ActionPlan("Application for a rent deposit", SUPPORT, OFFICER),
            ActionPlan("Home visit, with the landlord if agreed", SUPERVISE, OFFICER, "Monthly"),
            ActionPlan("Say hello in passing and report a new address", SUPERVISE, POLICE, "When seen"),
        ),
    ),
    GoalPlan(
        "Time with the children, on time", Need.FAMILY,
        "Twelve visits kept in a row", "Missed two of three", 12, "visits",
        (),
        (
            ActionPlan("Parenting hour at the library", SUPPORT, PERSON, "Thursdays"),
            ActionPlan("Ask the other parent how it goes", SUPERVISE, OFFICER, "Monthly"),
        ),
    ),
    GoalPlan(
        "Ninety days without drugs", Need.SUBSTANCE_USE,
        "Thirteen clean tests in a row", "Two of five tests clean", 13, "tests",
        ("drugs", "burglary", "theft"),
        (
            ActionPlan("Outpatient group", SUPPORT, PERSON, "Mondays and Thursdays"),
            ActionPlan("Drug test", SUPERVISE, OFFICER, "Weekly"),
            ActionPlan("Carry naloxone; the beat does too", SUPPORT, POLICE),
            ActionPlan("A first positive test is answered with an extra session, not a jail night", ENFORCE, OFFICER),
        ),
    ),
    GoalPlan(
        "Sober, and home by car only when allowed", Need.SUBSTANCE_USE,
        "Six months without a failed lock test", "Three failed in the first month", 6, "months",
        ("dui",),
        (
            ActionPlan("Read the ignition lock", SUPERVISE, OFFICER, "Monthly"),
            ActionPlan("Group on alcohol", SUPPORT, PERSON, "Wednesdays"),
            ActionPlan("Stop the car if driven outside work hours", ENFORCE, POLICE, "When seen"),
        ),
    ),
    GoalPlan(
        "The license back", Need.COMPLIANCE,
        "All four steps of the motor vehicle office done", "Fines open, course not begun", 4, "steps",
        ("driving", "dui"),
        (
            ActionPlan("Pay plan for the fines", SUPPORT, OFFICER),
            ActionPlan("Driver course", SUPPORT, PERSON, "Saturdays"),
            ActionPlan("Bus pass until then", SUPPORT, OFFICER),
        ),
    ),
    GoalPlan(
        "Walk away from a fight", Need.THINKING,
        "Ten sessions of the anger course", "None", 10, "sessions",
        ("violence", "domestic", "police", "weapon"),
        (
            ActionPlan("Anger and decisions course", SUPPORT, PERSON, "Tuesdays"),
            ActionPlan("Talk the last conflict through", SUPPORT, OFFICER, "Every two weeks"),
            ActionPlan("On a call: separate, speak, call the officer of record", SUPERVISE, POLICE, "When called"),
        ),
    ),
    GoalPlan(
        "No contact with the protected person", Need.COMPLIANCE,
        "Six months without a report", "Two reports in the spring", 6, "months",
        ("domestic",),
        (
            ActionPlan("Check the street of the protected home", ENFORCE, POLICE, "Weekly"),
            ActionPlan("Course on violence at home", SUPPORT, PERSON, "Wednesdays"),
            ActionPlan("Read the phone bill together", SUPERVISE, OFFICER, "Monthly"),
        ),
    ),
    GoalPlan(
        "No gun, and no one around who carries", Need.ASSOCIATES,
        "Six months without a weapon found", "Arrested with one", 6, "months",
        ("weapon",),
        (
            ActionPlan("Evenings with the mentor", SUPPORT, PERSON, "Twice a week"),
            ActionPlan("Joint home visit", SUPERVISE, OFFICER, "Monthly"),
            ActionPlan("Curfew checks three nights a week", ENFORCE, POLICE, "Three nights a week"),
        ),
    ),
    GoalPlan(
        "Pay back what was taken", Need.MONEY,
        "Ten payments on time", "None paid", 10, "payments",
        ("theft", "fraud", "burglary"),
        (
            ActionPlan("Household budget", SUPPORT, OFFICER),
            ActionPlan("Payment to the clerk", SUPERVISE, PERSON, "Monthly"),
        ),
    ),
    GoalPlan(
        "Evenings away from the corner", Need.LEISURE,
        "Two evenings a week at the gym or the court", "Out every night", 16, "weeks",
        ("drugs", "weapon", "burglary", "other"),
        (
            ActionPlan("Gym card", SUPPORT, OFFICER),
            ActionPlan("Greet by name, no stop without reason", SUPPORT, POLICE, "When seen"),
            ActionPlan("Report who hangs around at the address", SUPERVISE, POLICE, "Monthly"),
        ),
    ),
    GoalPlan(
        "See the doctor, take the medicine", Need.HEALTH,
        "Six appointments kept", "None this year", 6, "visits",
        (),
        (
            ActionPlan("Ride to the clinic", SUPPORT, OFFICER, "Monthly"),
            ActionPlan("Refill the prescription", SUPPORT, PERSON, "Monthly"),
        ),
    ),
)  # fmt: skip

PURPOSES = (
    "Finish the term without a new arrest, and keep the job.",
    "Finish the term, and be a father the children see.",
    "A year without drugs and without a new charge.",
    "Stay out of fights, and pay back what is owed.",
    "Keep the home, keep the appointments, finish early.",
)
STRENGTHS = (
    "Steady employer, a sister nearby, keeps appointments.",
    "Good with tools; the grandmother's house is quiet.",
    "Speaks up early when things go wrong.",
    "Two years sober once before. Knows how it went.",
    "Plays in the church band; the pastor vouches.",
    "",
)
