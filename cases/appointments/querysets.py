"""Appointments of a case, and those in one officer's calendar, as one actor may see them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Case as Choice
from django.db.models import F, OuterRef, Q, QuerySet, When, Window, prefetch_related_objects
from django.db.models.functions import RowNumber
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

OFFERED = 150
"""Officers of one's own agency, and of others, among whom one chooses on a page."""

LONGEST = datetime.timedelta(days=1)
"""No appointment lasts longer."""

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


def own_between(actor: Actor, first: datetime.date, last: datetime.date) -> list[Appointment]:
    """What stands in the actor's own calendar on these days, both included, where the actor's agency is; with person.

    Neither moved nor canceled. Three queries.
    """
    begin, end = _begin(first), _begin(last + datetime.timedelta(days=1))
    rows = Appointment.objects.permitted(actor).filter(asked_with([actor.user_id], begin, end))
    rows = rows.exclude(outcome__in=GONE).select_related("case__person", "agency", "officer")
    return list(rows.prefetch_related("companions").order_by("starts_at", "pk"))


def asked_with(
    officers: Collection[int], begin: datetime.datetime | None = None, end: datetime.datetime | None = None
) -> Q:
    """Appointments that begin from `begin` on and before `end`, at which one of the officers is to be.

    One query is run at once, for those at which they only come along: numbers and not a subquery, since row security
    asks of every row what an index has not left out before.
    """
    days = {"starts_at__gte": begin, "starts_at__lt": end}
    within = {name: moment for name, moment in days.items() if moment}
    named = Companion.objects.filter(user__in=officers, **{f"appointment__{name}": at for name, at in within.items()})
    along = list(named.exclude(appointment__outcome__in=GONE).values_list("appointment_id", flat=True))
    return (Q(officer__in=officers) | Q(pk__in=along)) & Q(**within)


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


def to_choose(people: QuerySet[User], named: Collection[int]) -> QuerySet[User]:
    """As many of these companions() as a page can hold, where a circle of a whole county reads the case."""
    first = Choice(When(pk__in=list(named), then=0), default=1)
    place = Window(RowNumber(), partition_by=F("near"), order_by=(first, F("agency_name"), F("name"), F("pk")))
    chosen: QuerySet[User] = people.annotate(place=place).filter(place__lte=OFFERED)
    return chosen


def with_companions(*lists: list[Appointment] | None) -> None:
    """Put who comes along to each of the appointments at hand. One query for all the lists."""
    prefetch_related_objects([one for rows in lists for one in rows or []], "companions")


def with_addresses(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """The appointments, each with the work addresses of whoever comes along in `along`. No query of its own."""
    along = Companion.objects.filter(appointment=OuterRef("pk")).order_by("user__name", "user__pk")
    return rows.annotate(along=ArraySubquery(along.values("user__email")))


class Clash(NamedTuple):
    """A visit that an officer already has near a moment; `appointment` is None where the actor may not see it."""

    officer_id: int
    starts_at: datetime.datetime
    appointment: Appointment | None


def clashes(
    actor: Actor, officers: set[int], begin: datetime.datetime, end: datetime.datetime, besides: set[uuid.UUID]
) -> list[Clash]:
    """Open visits of these officers that take part of this time, other than those `besides`.

    Of colleagues every visit that the actor's agency made, whoever may read it; of anybody else what the door opens.
    """
    near = Appointment.objects.permitted(actor).filter(asked_with(officers, begin - LONGEST, end), outcome="")
    near = near.select_related("case__person").prefetch_related("companions")
    seen = {one.pk: one for one in near if one.ends_at > begin}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM colleagues_busy(%s, %s, %s)", [list(officers), begin, end])
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
