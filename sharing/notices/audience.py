"""Who is told of an event: proposed by what it is about, decided by the door, for each of them now."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from django.db import connection

from agencies.directory.clock import DatabaseNow
from agencies.directory.models import Membership, User
from agencies.directory.querysets import covering
from sharing.access.actors import Actor
from sharing.access.context import open_context
from sharing.notices.models import InboxItem, OutboxEvent
from sharing.notices.querysets import still_seen
from sharing.notices.registry import kind_of
from sharing.notices.subjects import Candidate, Subject, subject_of


class Told(NamedTuple):
    """Somebody who is to be told, for which agency, and through which of their units."""

    user: User
    agency_id: int
    unit_id: int | None


def recipients(event: OutboxEvent) -> list[Told]:
    """Everyone who is to be told of the event at this moment, each once for each agency for which they may know.

    Needs a transaction; leaves it without anybody's context. Never the one who acted.
    """
    subject = subject_of(event.record_type)
    proposed = [candidate for candidate in _candidates(subject, event) if candidate.user_id != event.actor_id]
    users = User.objects.in_bulk({candidate.user_id for candidate in proposed})
    units = _units_of(users)
    told: dict[tuple[int, int], Told] = {}
    for candidate in proposed:
        user, key = users[candidate.user_id], (candidate.user_id, candidate.agency_id)
        if key in told:
            continue
        actor = _entitled(subject, event, user, candidate)
        if actor is not None or _is_bidden_farewell(event, candidate):
            unit = _unit_for(subject, event, actor, units[key])
            told[key] = Told(user, candidate.agency_id, unit)
    _forget_context()
    return list(told.values())


def still_entitled(event: OutboxEvent, user: User, agency_id: int) -> bool:
    """Whether this recipient would be told of the event now. Needs a transaction; leaves it without a context."""
    subject = subject_of(event.record_type)
    entitled = any(
        _is_bidden_farewell(event, candidate) or _entitled(subject, event, user, candidate)
        for candidate in _candidates(subject, event)
        if (candidate.user_id, candidate.agency_id) == (user.pk, agency_id)
    )
    _forget_context()
    return entitled


def still_sees(item: InboxItem) -> bool:
    """Whether the reader of an item may see now what it is about. Needs a transaction; leaves it without a context."""
    actor = open_context(item.user, item.agency_id, channel="task")
    seen = actor is not None and actor.agency_id == item.agency_id and still_seen(actor, item.uuid)
    _forget_context()
    return seen


def _is_bidden_farewell(event: OutboxEvent, candidate: Candidate) -> bool:
    return kind_of(event.kind).farewell and candidate.named


def _candidates(subject: Subject, event: OutboxEvent) -> list[Candidate]:
    found = subject.candidates(event)
    return found + _in_their_place(found)


def _in_their_place(candidates: list[Candidate]) -> list[Candidate]:
    """Those who cover for a candidate who is away. As candidates of their own: the door asks about their own keys."""
    agencies = {(candidate.user_id, candidate.agency_id) for candidate in candidates}
    return [
        Candidate(colleague, agency, False)
        for officer, agency, colleague in covering({candidate.user_id for candidate in candidates})
        if (officer, agency) in agencies
    ]


def _entitled(subject: Subject, event: OutboxEvent, user: User, candidate: Candidate) -> Actor | None:
    actor = open_context(user, candidate.agency_id, channel="task")
    if actor is None or actor.agency_id != candidate.agency_id:
        return None
    return actor if subject.opens(event, actor) else None


def _units_of(users: dict[int, User]) -> dict[tuple[int, int], list[int]]:
    """The units in which each of them works now, by person and agency, in the order in which they joined."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    now = DatabaseNow()
    rows = Membership.objects.filter(user__in=users, starts_at__lte=now, until__gt=now).order_by("pk")
    for user_id, agency_id, unit_id in rows.values_list("user_id", "group__unit__agency_id", "group_id"):
        if unit_id not in found[user_id, agency_id]:
            found[user_id, agency_id].append(unit_id)
    return found


def _unit_for(subject: Subject, event: OutboxEvent, actor: Actor | None, units: list[int]) -> int | None:
    """The unit that the event names or whose key opens it; the first, where that says nothing."""
    if len(units) < 2:
        return units[0] if units else None
    for unit_id in units:
        if unit_id in event.group_ids:
            return unit_id
    for principal in actor.principals if actor else ():
        if actor and principal.group_id in units:
            alone = Actor(actor.user, actor.agency, (principal,), actor.closed_agreements, "task")
            if subject.opens(event, alone):
                return principal.group_id
    return units[0]


def _forget_context() -> None:
    """The database shows nobody's rows to what follows in the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('access.' || name, '', true)"
            " FROM unnest(ARRAY['user', 'agency', 'side', 'groups', 'masks', 'closed']) AS name"
        )
