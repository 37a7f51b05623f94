"""Who is told of an event: proposed by the record's audience function, decided by the door, for each of them now."""

from __future__ import annotations

from typing import NamedTuple

from django.apps import apps
from django.db import connection

from agencies.directory.models import User
from agencies.directory.roles import ROLE_CODES, ROLE_MASKS
from sharing.access.context import open_context
from sharing.access.registry import is_part, shareable_of
from sharing.notices.models import OutboxEvent
from sharing.notices.registry import Audience, kind_of


class Candidate(NamedTuple):
    """Somebody whom an event may concern, and for which agency. `named` as a member of a unit that the event names."""

    user_id: int
    agency_id: int
    named: bool


def recipients(event: OutboxEvent) -> list[tuple[User, int]]:
    """Everyone who is to be told of the event at this moment, each once, with the agency for which they are told.

    Needs a transaction; leaves it without anybody's context. Never the one who acted.
    """
    proposed = [candidate for candidate in _candidates(event) if candidate.user_id != event.actor_id]
    users = User.objects.in_bulk({candidate.user_id for candidate in proposed})
    told: dict[int, tuple[User, int]] = {}
    for candidate in proposed:
        user = users[candidate.user_id]
        if user.pk not in told and _entitled(event, user, candidate):
            told[user.pk] = (user, candidate.agency_id)
    _forget_context()
    return list(told.values())


def still_entitled(event: OutboxEvent, user: User, agency_id: int) -> bool:
    """Whether this recipient would be told of the event now. Needs a transaction; leaves it without a context."""
    entitled = any(
        _entitled(event, user, candidate)
        for candidate in _candidates(event)
        if (candidate.user_id, candidate.agency_id) == (user.pk, agency_id)
    )
    _forget_context()
    return entitled


def _candidates(event: OutboxEvent) -> list[Candidate]:
    kind = kind_of(event.kind)
    groups = event.group_ids if kind.audience is Audience.NAMED else None
    function = shareable_of(event.record_type).function("audience")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT user_id, agency_id, named FROM {function}(%s, %s, %s, %s, %s)",
            [event.record_id, int(kind.category), ROLE_CODES, ROLE_MASKS, groups],
        )
        return [Candidate(*row) for row in cursor.fetchall()]


def _entitled(event: OutboxEvent, user: User, candidate: Candidate) -> bool:
    kind = kind_of(event.kind)
    if kind.farewell and candidate.named:
        return True
    actor = open_context(user, candidate.agency_id, channel="task")
    if actor is None or actor.agency_id != candidate.agency_id:
        return False
    records = shareable_of(event.record_type).records.permitted(actor, kind.category)
    if not records.filter(uuid=event.record_id).exists():
        return False
    if not event.object_type:
        return True
    model = apps.get_model(event.object_type)
    if not is_part(model):  # a grant, say: no part of the record, so the record alone decides
        return True
    return bool(model._default_manager.permitted(actor, kind.category).filter(uuid=event.object_id).exists())


def _forget_context() -> None:
    """The database shows nobody's rows to what follows in the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('access.' || name, '', true)"
            " FROM unnest(ARRAY['user', 'agency', 'side', 'groups', 'masks', 'closed']) AS name"
        )
