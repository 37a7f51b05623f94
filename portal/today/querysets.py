"""What stands on somebody's Today: appointments, work with a day, news, and the next days. Each is read by itself."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.dates import day_text, local_day
from agencies.directory.models import Agency, Side
from agencies.directory.times import clock_text
from cases.appointments.codes import AppointmentKind
from cases.appointments.models import Appointment
from cases.appointments.querysets import own_between, own_waiting
from cases.plans.models import Action, Plan
from cases.supervision.codes import OPEN_STATUSES
from cases.supervision.models import Case
from cases.supervision.querysets import CappedCount
from portal.agency.querysets import DUE_WITHIN
from sharing.access.actors import Actor
from sharing.notices.querysets import inbox_page

AHEAD = datetime.timedelta(days=7)
ROWS, EVERY = 12, 100
"""How many rows of work the page shows, and how many where all are asked for."""
NEWS = 5


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that waits: by when, what and about whom, from whom or why, and the one way on."""

    due: datetime.date
    title: str
    second: str
    url: str
    label: str
    case: Case
    agency: Agency | None = None

    @property
    def late(self) -> bool:
        """Whether its day has passed."""
        return self.due < timezone.localdate()


@dataclass(frozen=True, slots=True)
class Soon:
    """A date of the next days: when, of what, and of whom."""

    on: datetime.date
    text: str
    url: str
    case: Case
    says: Category


def appointments(actor: Actor) -> list[Appointment]:
    """The actor's own appointments of today and of the next days. One query; none for a role without contacts."""
    if Category.CONTACT_VIEW not in actor.role_mask:
        return []
    today = timezone.localdate()
    return own_between(actor, today, today + AHEAD)


def outcomes(actor: Actor) -> list[Work]:
    """The actor's own appointments of earlier days of which nobody has said how they went. One query."""
    if Category.CONTACT_VIEW not in actor.role_mask:
        return []
    today = timezone.localdate()
    return [
        Work(
            due=local_day(one.starts_at),
            title=f"Outcome not recorded: {one.case.person.display}",
            second=f"{one.get_kind_display()}, {_lately(one.starts_at)}",
            url=f"{reverse('appointment_outcome', args=[one.case.uuid, one.uuid])}?from=today",
            label="Record outcome",
            case=one.case,
        )
        for one in own_waiting(actor, EVERY)
        if local_day(one.starts_at) < today
    ]


def own_cases(actor: Actor) -> list[Case]:
    """The actor's open cases whose review is due or whose term ends, up to the next days. One query."""
    if Category.SUPERVISION not in actor.role_mask:
        return []
    last = timezone.localdate() + AHEAD
    cases = Case.objects.permitted(actor, Category.EXISTENCE | Category.SUPERVISION)
    cases = cases.filter(
        Q(next_review__lte=last) | Q(term_end__lte=last),
        officer_id=actor.user_id,
        status__in=OPEN_STATUSES,
    )
    return list(cases.select_related("person").order_by("next_review", "pk")[:EVERY])


@dataclass(frozen=True, slots=True)
class Reviews:
    """How many reviews of the units' cases are overdue and due soon; `due` counts no further than the list is read."""

    overdue: CappedCount
    due: CappedCount


def manages_reviews(actor: Actor) -> bool:
    """Whether the actor sees to it that the cases of their units are reviewed, as a supervisor does."""
    return actor.side == Side.SUPERVISION and not (Category.MANAGE | Category.SUPERVISION) & ~actor.role_mask


def reviews(actor: Actor) -> Reviews:
    """What the actor's units have to review. One query."""
    return Reviews(*Case.objects.reviews_until(actor, timezone.localdate() + DUE_WITHIN))


def actions(actor: Actor) -> list[Action]:
    """Open actions that are late or due within the next days: on the actor's cases, and those of the partner agency."""
    mine = Q(case__officer_id=actor.user_id)
    if actor.side != Side.SUPERVISION:
        mine |= Q(owner_agency=actor.agency)
    rows = Action.objects.permitted(actor).filter(mine, status="open", due_on__lte=timezone.localdate() + AHEAD)
    return list(rows.select_related("case__person", "goal", "owner_agency").order_by("due_on", "pk")[:EVERY])


def plans(actor: Actor) -> list[Plan]:
    """Open joint plans of the actor's cases whose review is due, up to the next days. One query."""
    rows = Plan.objects.permitted(actor).filter(
        case__officer_id=actor.user_id, review_on__lte=timezone.localdate() + AHEAD
    )
    rows = rows.exclude(status="closed").select_related("case__person")
    return list(rows.order_by("review_on", "pk")[:EVERY])


def case_work(cases: list[Case]) -> list[Work]:
    """Reviews that are due today or late, and cases that are open though their term has ended."""
    today = timezone.localdate()
    reviews = [
        Work(
            due=case.next_review,
            title=f"Case review: {case.person.display}",
            second=f"{case.get_kind_display()}, {case.number}",
            url=_overview(case),
            label="Open case",
            case=case,
        )
        for case in cases
        if case.next_review and case.next_review <= today
    ]
    ended = [
        Work(
            due=case.term_end,
            title=f"Term has ended: {case.person.display}",
            second=f"{case.get_kind_display()}, {case.number}. The case is still open",
            url=_overview(case),
            label="Open case",
            case=case,
        )
        for case in cases
        if case.term_end and case.term_end < today
    ]
    return reviews + ended


def action_work(due: list[Action]) -> list[Work]:
    """Actions of joint plans, each with who does it."""
    return [
        Work(
            due=action.due_on or timezone.localdate(),
            title=f"{action.title}: {action.case.person.display}",
            second=action.owner_text or (action.owner_agency.name if action.owner_agency else "Joint plan"),
            url=f"{reverse('case_plan', args=[action.case.uuid])}#goal-{action.goal.uuid}",
            label="Open plan",
            case=action.case,
            agency=action.owner_agency,
        )
        for action in due
    ]


def plan_work(due: list[Plan]) -> list[Work]:
    """Reviews of joint plans that are due today or late."""
    return [
        Work(
            due=plan.review_on,
            title=f"Plan review: {plan.case.person.display}",
            second=f"Joint plan, version {plan.version}",
            url=reverse("case_plan", args=[plan.case.uuid]),
            label="Open plan",
            case=plan.case,
        )
        for plan in due
        if plan.review_on and plan.review_on <= timezone.localdate()
    ]


def soon(coming: list[Appointment], cases: list[Case], due_plans: list[Plan]) -> list[Soon]:
    """What falls on the next days: court dates, reviews and ends of terms, in order."""
    today = timezone.localdate()
    rows = [
        Soon(
            local_day(one.starts_at),
            f"Court at {clock_text(one.starts_at)}",
            reverse("appointment", args=[one.case.uuid, one.uuid]),
            one.case,
            Category.CONTACT_VIEW,
        )
        for one in coming
        if one.kind == AppointmentKind.COURT
    ]
    for text, field in (("Case review", "next_review"), ("Term ends", "term_end")):
        days = [(getattr(case, field), case) for case in cases]
        rows += [Soon(day, text, _overview(case), case, Category.SUPERVISION) for day, case in days if day]
    rows += [
        Soon(plan.review_on, "Plan review", reverse("case_plan", args=[plan.case.uuid]), plan.case, Category.PLAN_VIEW)
        for plan in due_plans
        if plan.review_on
    ]
    return sorted((row for row in rows if today < row.on <= today + AHEAD), key=lambda row: row.on)


def news_rows(actor: Actor) -> list[dict[str, Any]]:
    """The newest news in the inbox."""
    return [
        {
            "url": reverse("inbox_item", args=[news.item.uuid]),
            "person": news.record.person.display if isinstance(news.record, Case) else "",
            "text": news.title,
            "by": news.line,
            "agency": news.item.event.actor_agency,
            "at": news.item.created_at,
            "case": news.record if isinstance(news.record, Case) else None,
        }
        for news in inbox_page(actor, size=NEWS).news
    ]


def _overview(case: Case) -> str:
    return reverse("case_overview", args=[case.uuid])


def _lately(moment: datetime.datetime) -> str:
    """Yesterday at 3:00pm, or the day and the time."""
    day = local_day(moment)
    name = "yesterday" if day == timezone.localdate() - datetime.timedelta(days=1) else day_text(day)
    return f"{name} at {clock_text(moment)}"
