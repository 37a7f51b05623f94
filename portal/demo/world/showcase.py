"""The case that shows everything, and the news that waits in the inboxes."""

from __future__ import annotations

import datetime
from typing import Any

from cases.imports.staging import insert
from cases.plans.codes import Need
from cases.plans.models import Action, Audience, Goal
from cases.plans.services import update_action, update_goal
from cases.supervision.codes import ConditionKind as K
from cases.supervision.codes import Enforcer as E
from cases.supervision.codes import RiskLevel, SupervisionLevel, SupervisionStatus
from cases.supervision.models import Caution, Condition
from portal.demo.world.directory import Directory
from portal.demo.world.goals import ENFORCE, OFFICER, PERSON, POLICE, SUPERVISE, SUPPORT, ActionPlan, GoalPlan
from portal.demo.world.offenses import hours_of
from portal.demo.world.parts import CAUTION_COLUMNS, CONDITION_COLUMNS
from portal.demo.world.plans import Plans
from portal.demo.world.sharing import PARTNERSHIP, Paper, Shares
from portal.demo.world.terms import Term
from sharing.access.context import job_context, open_context

_CONDITIONS = (
    (K.CURFEW, "At home 9:00pm to 6:00am. Except Wednesday and Friday with a shift letter", E.POLICE_ENFORCE),
    (K.WEAPONS_BAN, "No firearm, ammunition, or knife over 4 inches", E.POLICE_ARREST),
    (K.NO_CONTACT, "No contact with the co-defendant, in person, by phone or through others", E.POLICE_ENFORCE),
    (K.SEARCH, "Person and vehicle on reasonable suspicion. Home only with Probation", E.POLICE_SEARCH),
    (K.REPORT, "Report to the field office every Monday at 8:00am", E.SUPERVISION),
    (K.DRUG_TEST, "Drug test when asked, at least every two weeks", E.SUPERVISION),
    (K.EMPLOYMENT, "Work full time; bring the pay slip each month", E.SUPERVISION),
)
_CAUTIONS = (
    (1, "Firearm", "carried concealed", 550, 30),
    (2, "Resists officers", "two officers hurt", 400, -4),
    (3, "Dog", "loose in the yard", 90, 120),
)
_JOB = GoalPlan(
    "Keep the warehouse job six months", Need.EMPLOYMENT,
    "Six months with the same employer, hours confirmed", "0 in the summer", 6, "months",
    (),
    (
        ActionPlan("Shift letter renewed each month", SUPPORT, OFFICER, "Monthly"),
        ActionPlan("Ride home on late shifts, when asked", SUPPORT, POLICE, "Wed, Fri"),
        ActionPlan("Employer confirms hours", SUPERVISE, OFFICER, "Monthly"),
    ),
)  # fmt: skip
_FAMILY = GoalPlan(
    "Sundays with the daughter, on time", Need.FAMILY,
    "Eleven Sundays in a row", "3 of 8", 11, "Sundays",
    (),
    (
        ActionPlan("Parenting hour at the library", SUPPORT, PERSON, "Thursdays"),
        ActionPlan("Notice and thank: one positive contact a week", SUPPORT, POLICE, "Weekly"),
    ),
)  # fmt: skip
_GUN = GoalPlan(
    "No gun, and no one around who carries", Need.ASSOCIATES,
    "Six months without a weapon found", "one arrest", 6, "months",
    (),
    (
        ActionPlan("Curfew checks three nights a week, never on shift nights", ENFORCE, POLICE, "Three nights a week"),
        ActionPlan("Joint home visit", SUPERVISE, OFFICER, "Monthly"),
    ),
)  # fmt: skip


_NEWS: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "Seen at work on Friday, on time."),
    ({"progress_note": "Brought the papers on Monday; the next step is agreed."}, "Office visit, kept."),
    ({"rhythm": "Every two weeks"}, "Weekly was more than needed."),
)


def choose(terms: list[Term], directory: Directory) -> Term:
    """The officer's own case that gets everything: a man of high risk after a firearms charge, in a running term.

    Where a colleague has the one that fits best, the two change one case for another.
    """
    officer = directory.personas["officer"]

    def misfit(term: Term) -> tuple[bool, bool, bool, bool, int]:
        grown = 1985 <= term.birth_date.year <= 2001
        return (
            not (term.active and term.sex == "M"),
            "Firearm" not in term.offense,
            term.risk < RiskLevel.HIGH,
            not grown,
            term.id,
        )

    shown = min(terms, key=misfit)
    if shown.officer != officer:
        other = next(term for term in terms if term.officer == officer)
        for name in ("officer", "unit", "district"):
            mine, theirs = getattr(other, name), getattr(shown, name)
            setattr(shown, name, mine)
            setattr(other, name, theirs)
    shown.tags |= {"shown", "plan"}
    return shown


def describe(term: Term, now: datetime.datetime, today: datetime.date) -> None:
    """What the list says of it: high risk, closely supervised, changed a moment ago."""
    term.status, term.level, term.restricted = SupervisionStatus.ACTIVE, SupervisionLevel.HIGH, False
    term.term_end = max(term.term_end or today, today + datetime.timedelta(days=540))
    term.next_review, term.updated_at = today + datetime.timedelta(days=7), now - datetime.timedelta(minutes=12)


def furnish(term: Term, plans: Plans, shares: Shares) -> None:
    """Conditions, cautions, a plan with three goals, and every kind of share."""
    today = plans.today
    insert(
        Condition,
        CONDITION_COLUMNS,
        [
            (term.id, kind, text, enforcer, term.term_start, term.term_end, *hours_of(text))
            for kind, text, enforcer in _CONDITIONS
        ],
    )
    insert(
        Caution,
        CAUTION_COLUMNS,
        [
            (
                term.id,
                rank,
                text,
                detail,
                today - datetime.timedelta(days=ago),
                today + datetime.timedelta(days=review),
                term.officer and term.officer.pk,
                plans.now - datetime.timedelta(days=ago),
            )
            for rank, text, detail, ago, review in _CAUTIONS
        ],
    )
    plan = plans.begin(
        term,
        "Finish the term without a new weapons arrest.",
        "Steady employer, a sister nearby, keeps appointments (11 of 12).",
    )
    plan.review_on = today + datetime.timedelta(days=21)
    for suggestion, progress, due in ((_JOB, 4, (7, None, -3)), (_FAMILY, 9, (None, None)), (_GUN, 3, (None, 6))):
        goal = plans.add_goal(plan, term, suggestion, progress=progress)
        for step, days in zip(suggestion.actions, due, strict=True):
            action = plans.add_action(goal, term, step, due_in=days)
            action.status = "open"
            action.due_on = None if days is None else today + datetime.timedelta(days=days)
    plans.add_approach(plan, term)
    partnership = shares.agreements[PARTNERSHIP]
    parole = shares.agreements["Probation and parole file agreement"]
    referral = shares.agreements["Harbor House referral agreement"]
    shares.papers += [
        Paper(term, "alder/north", "joint_plan", partnership, "supervision", 40, 127),
        Paper(term, "sheriff/patrol", "coordination", partnership, "officer_safety", 60, 2.6),
        Paper(term, "parole/pine", "full_file", parole, "supervision", 90, 200),
        Paper(term, "provider/outpatient", "referral", referral, "service_referral", 30, 150),
        Paper(term, "alder/south", "coordination", partnership, "officer_safety", 150, 60, revoked=True),
    ]


@job_context()
def make_news(directory: Directory, terms: list[Term]) -> None:
    """Changes of a morning, made as anybody makes them: the outbox then tells whoever may know."""
    # The case that shows everything comes last, and so stands first in everybody's list.
    shared = sorted((term for term in terms if "news" in term.tags), key=lambda term: "shown" in term.tags)
    for place, term in enumerate(shared):
        open_goals = Goal.objects.filter(case=term.id, audience=Audience.BOTH, status="active", progress_target__gt=0)
        goal = open_goals.order_by("position").first()
        action = Action.objects.filter(case=term.id, audience=Audience.BOTH, status="open").order_by("id").last()
        by_police = place % 2 == 0
        user = directory.personas["sergeant"] if by_police else term.officer
        agency = directory.agencies["alder" if by_police else "probation"]
        actor = open_context(user, agency.pk, channel="command") if user else None
        if actor is None:
            continue
        if place % 4 < 2 and goal:
            changes, reason = _NEWS[place % 4]
            if place % 4 == 0:
                changes = {"progress_now": min(goal.progress_now + 1, goal.progress_target)}
            update_goal(actor=actor, goal_uuid=goal.uuid, changes=changes, seen_version=goal.version, reason=reason)
        elif action:
            changes, reason = _NEWS[2]
            update_action(
                actor=actor, action_uuid=action.uuid, changes=changes, seen_version=action.version, reason=reason
            )
