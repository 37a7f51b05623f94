"""Appointments of a case, and those in one officer's calendar, as one actor may see them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.models import User
from agencies.directory.querysets import members_of
from cases.appointments.codes import Outcome
from cases.appointments.models import Appointment, Companion
from cases.supervision.models import Case
from cases.supervision.readers import officers_to_name
from sharing.access.actors import Actor

ADD = Category.CONTACT_VIEW | Category.CONTACT_ADD
"""What somebody needs, by one key, to make an appointment or to change one of their agency's."""

PAGE_SIZE = 25
AT_MOST = 100
"""Rows of a list that has no pages: what is to come on one case, what waits for one officer."""

APART = datetime.timedelta(hours=1)
"""Two visits that begin closer to each other than this are one too many for one officer."""

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
    return rows.select_related("case", "agency", "officer", "outcome_by").prefetch_related("companions").first()


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
    rows = Appointment.objects.permitted(actor).filter(with_any([actor.user_id])).exclude(outcome__in=GONE)
    rows = rows.select_related("case__person", "agency", "officer").prefetch_related("companions")
    return rows.order_by("starts_at", "pk")


def with_any(officers: list[int]) -> Q:
    """Appointments at which one of these officers meets the person, or comes along. One query, run at once.

    Numbers, and not a subquery: row security asks of every row what an index has not left out before.
    """
    named = Companion.objects.filter(user__in=officers).exclude(appointment__outcome__in=GONE)
    return Q(officer__in=officers) | Q(pk__in=list(named.values_list("appointment_id", flat=True)))


def own_between(actor: Actor, first: datetime.date, last: datetime.date) -> list[Appointment]:
    """The actor's own appointments of these days, both included, where the actor's agency is. Three queries."""
    begin, end = _begin(first), _begin(last + datetime.timedelta(days=1))
    return list(own(actor).filter(starts_at__gte=begin, starts_at__lt=end))


def own_waiting(actor: Actor, limit: int = AT_MOST) -> list[Appointment]:
    """Appointments that the actor is to say the outcome of: met by the actor, come, without one; oldest first."""
    rows = Appointment.objects.permitted(actor).filter(officer_id=actor.user_id, outcome="")
    rows = rows.filter(starts_at__lte=timezone.now()).select_related("case__person", "agency")
    return list(rows.order_by("starts_at", "pk")[:limit])


def colleagues(actor: Actor) -> QuerySet[User]:
    """The people in whose calendar the actor may put an appointment: those of the actor's units who may look."""
    return members_of([principal.group_id for principal in actor.principals], having=Category.CONTACT_VIEW)


def companions(actor: Actor, case: Case, opened: Category, audience: int, named: Iterable[int] = ()) -> QuerySet[User]:
    """The officers whom the actor, to whom the case opens this, may name as coming along: see officers_to_name()."""
    return officers_to_name(actor, case, opened, Category.CONTACT_VIEW, audience, named)


def with_companions(*lists: list[Appointment] | None) -> None:
    """Put who comes along to each of the appointments at hand. One query for all the lists."""
    prefetch_related_objects([one for rows in lists for one in rows or []], "companions")


class Clash(NamedTuple):
    """A visit that an officer already has near a moment; `appointment` is None where the actor may not see it."""

    officer_id: int
    starts_at: datetime.datetime
    appointment: Appointment | None


def clashes(actor: Actor, officers: set[int], starts_at: datetime.datetime, besides: set[uuid.UUID]) -> list[Clash]:
    """Open visits of these officers that begin less than an hour from `starts_at`, other than those `besides`.

    Of colleagues every visit that the actor's agency made, whoever may read it; of anybody else what the door opens.
    """
    after, before = starts_at - APART, starts_at + APART
    near = Appointment.objects.permitted(actor).filter(outcome="", starts_at__gt=after, starts_at__lt=before)
    near = near.filter(with_any(list(officers)))
    seen = {one.pk: one for one in near.select_related("case__person").prefetch_related("companions")}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM colleagues_busy(%s, %s, %s)", [list(officers), after, before])
        found = {(user_id, number): at for number, user_id, at in cursor.fetchall()}
    for number, one in seen.items():
        found |= {(officer, number): one.starts_at for officer in officers & {one.officer_id, *one.companion_ids}}
    these = {number for number, one in seen.items() if one.uuid in besides}
    rows = [Clash(officer, at, seen.get(number)) for (officer, number), at in found.items() if number not in these]
    return sorted(rows, key=lambda clash: (clash.starts_at, clash.officer_id))


def _of_case(actor: Actor, case: Case) -> Any:
    return (
        Appointment.objects.permitted(actor)
        .filter(case=case)
        .select_related("officer", "agency")
        .prefetch_related("companions")
    )


def _begin(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))
