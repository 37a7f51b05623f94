"""Appointments of a case, and those in one officer's calendar, as one actor may see them."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.models import User
from agencies.directory.querysets import members_of
from cases.appointments.codes import Outcome
from cases.appointments.models import Appointment
from cases.supervision.models import Case
from sharing.access.actors import Actor

ADD = Category.CONTACT_VIEW | Category.CONTACT_ADD
"""What somebody needs, by one key, to make an appointment or to change one of their agency's."""

PAGE_SIZE = 25
AT_MOST = 100
"""Rows of a list that has no pages: what is to come on one case, what waits for one officer."""

GONE = (Outcome.RESCHEDULED, Outcome.CANCELED)


class PastPage(NamedTuple):
    """A page of appointments that are over, latest first; `after` is where the next page begins, if there is one."""

    appointments: list[Appointment]
    after: tuple[datetime.datetime, int] | None


def coming(actor: Actor, case: Case) -> list[Appointment]:
    """The case's appointments that are to come, soonest first. One query."""
    rows = _of_case(actor, case).filter(outcome="", starts_at__gt=timezone.now())
    return list(rows.order_by("starts_at", "pk")[:AT_MOST])


def waiting(actor: Actor, case: Case) -> list[Appointment]:
    """The case's appointments whose time has come and of which nobody has said how they went. One query."""
    rows = _of_case(actor, case).filter(outcome="", starts_at__lte=timezone.now())
    return list(rows.order_by("-starts_at", "-pk")[:AT_MOST])


def past(actor: Actor, case: Case, after: tuple[datetime.datetime, int] | None = None) -> PastPage:
    """A page of the case's appointments that have an outcome, latest first. One query."""
    rows = _of_case(actor, case).exclude(outcome="")
    if after:
        rows = rows.filter(Q(starts_at__lt=after[0]) | Q(starts_at=after[0], pk__lt=after[1]))
    found = list(rows.order_by("-starts_at", "-pk")[: PAGE_SIZE + 1])
    last = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    return PastPage(found[:PAGE_SIZE], (last.starts_at, last.pk) if last else None)


def next_of(actor: Actor, case: Case) -> Appointment | None:
    """The case's next appointment. One query."""
    return _of_case(actor, case).filter(outcome="", starts_at__gt=timezone.now()).order_by("starts_at", "pk").first()


def appointment_for(actor: Actor, appointment_uuid: uuid.UUID) -> Appointment | None:
    """One appointment with its case, if the actor may see it."""
    rows = Appointment.objects.permitted(actor).filter(uuid=appointment_uuid)
    return rows.select_related("case", "agency", "officer", "outcome_by").first()


class Around(NamedTuple):
    """What an appointment took the place of, and what took its own: each None where there is none, or none to see."""

    before: Appointment | None
    after: Appointment | None


def around(actor: Actor, appointments: list[Appointment]) -> dict[int, Around]:
    """What each of the appointments replaced and was replaced by: number → both. One query."""
    moved = Q(replaces__in=[one.pk for one in appointments])
    rows = Appointment.objects.permitted(actor).filter(moved | Q(pk__in=[one.replaces_id for one in appointments]))
    found = list(rows)
    by_number, by_replaced = {row.pk: row for row in found}, {row.replaces_id: row for row in found}
    return {one.pk: Around(by_number.get(one.replaces_id or 0), by_replaced.get(one.pk)) for one in appointments}


def own(actor: Actor) -> QuerySet[Appointment]:
    """What stands in the actor's own calendar: neither moved nor canceled; with case and person."""
    rows = Appointment.objects.permitted(actor).filter(officer_id=actor.user_id).exclude(outcome__in=GONE)
    return rows.select_related("case__person", "agency").order_by("starts_at", "pk")


def own_between(actor: Actor, first: datetime.date, last: datetime.date) -> list[Appointment]:
    """The actor's own appointments of these days, both included, where the actor's agency is. One query."""
    begin, end = _begin(first), _begin(last + datetime.timedelta(days=1))
    return list(own(actor).filter(starts_at__gte=begin, starts_at__lt=end))


def own_waiting(actor: Actor, limit: int = AT_MOST) -> list[Appointment]:
    """The actor's own appointments whose time has come and that have no outcome, oldest first. One query."""
    return list(own(actor).filter(outcome="", starts_at__lte=timezone.now())[:limit])


def colleagues(actor: Actor) -> QuerySet[User]:
    """The people in whose calendar the actor may put an appointment: those of the actor's units who may look."""
    return members_of([principal.group_id for principal in actor.principals], having=Category.CONTACT_VIEW)


def _of_case(actor: Actor, case: Case) -> Any:
    return Appointment.objects.permitted(actor).filter(case=case).select_related("officer", "agency")


def _begin(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))
