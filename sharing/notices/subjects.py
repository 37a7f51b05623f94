"""What an event may be about: a shareable record, which the door opens, or a connection, which administrators see."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from django.apps import apps
from django.db import connection
from django.db.models import Exists
from django.urls import reverse

from agencies.directory.querysets import administrations, memberships_in_force
from agencies.directory.roles import ROLE_CODES, ROLE_MASKS
from sharing.access.actors import Actor
from sharing.access.models import Grant
from sharing.access.registry import Shareable, is_part, shareable_of
from sharing.notices.models import OutboxEvent, Webhook
from sharing.notices.registry import Audience, kind_of

WEBHOOK = Webhook._meta.label_lower
GRANT = Grant._meta.label_lower


class Candidate(NamedTuple):
    """Somebody whom an event may concern, and for which agency. `named` as a member of a unit that the event names."""

    user_id: int
    agency_id: int
    named: bool


class Subject(Protocol):
    """How news of one type of thing finds its readers, and what they see of the thing."""

    is_record: bool  # showing it is a read of a record, and goes on the trail

    def candidates(self, event: OutboxEvent) -> list[Candidate]:
        """Everybody whom the event may concern."""
        ...

    def opens(self, event: OutboxEvent, actor: Actor) -> bool:
        """Whether the actor may know of the event now."""
        ...

    def found(self, actor: Actor, category: int, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Any]:
        """Those of the things that the actor may know of, by UUID. One query."""
        ...

    def naming(self, thing: Any) -> str:
        """Its name, for those who may see it."""
        ...

    def address(self, thing: Any) -> str:
        """Where its page is."""
        ...


class Records:
    """Records that are shared between agencies."""

    is_record = True

    def __init__(self, shareable: Shareable) -> None:
        self.shareable = shareable
        self.naming = shareable.naming
        self.address = shareable.address

    def candidates(self, event: OutboxEvent) -> list[Candidate]:
        """Whom the record's own audience function proposes, and the people whom the event names."""
        kind = kind_of(event.kind)
        groups = event.group_ids if kind.audience is Audience.NAMED else None
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT user_id, agency_id, named FROM {self.shareable.function('audience')}(%s, %s, %s, %s, %s)",
                [event.record_id, int(kind.category), ROLE_CODES, ROLE_MASKS, groups],
            )
            found = [Candidate(*row) for row in cursor.fetchall()]
        where = memberships_in_force().filter(user__in=event.user_ids).order_by("pk")
        places = dict.fromkeys(where.values_list("user_id", "group__unit__agency_id")) if event.user_ids else {}
        return found + [Candidate(user_id, agency_id, named=False) for user_id, agency_id in places]

    def opens(self, event: OutboxEvent, actor: Actor) -> bool:
        """What the door says of the record and of the part that changed."""
        kind = kind_of(event.kind)
        category = kind.category
        if not self.shareable.records.permitted(actor, category).filter(uuid=event.record_id).exists():
            return False
        model = apps.get_model(event.object_type) if event.object_type else None
        if event.object_type == GRANT:
            return bool(grants_seen([event.object_id]))
        if model is None or not is_part(model):  # no part of the record, so the record alone decides
            return True
        seen = bool(model._default_manager.permitted(actor, category).filter(uuid=event.object_id).exists())
        return seen != kind.closing

    def found(self, actor: Actor, category: int, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Any]:
        """Records that the door opens."""
        records = self.shareable.records.permitted(actor, category).select_related(*self.shareable.related)
        return {record.uuid: record for record in records.filter(uuid__in=list(ids))}


class Connections:
    """Webhooks, of which the administrators of their agency are told."""

    is_record = False

    def candidates(self, event: OutboxEvent) -> list[Candidate]:
        """The administrators."""
        agency_id = Webhook.objects.values_list("agency_id", flat=True).get(uuid=event.record_id)
        held = administrations(agency_id).values_list("user_id", flat=True)
        return [Candidate(user_id, agency_id, named=False) for user_id in held]

    def opens(self, event: OutboxEvent, actor: Actor) -> bool:
        """Whether the actor is one of them now."""
        return bool(self.found(actor, 0, [event.record_id]))

    def found(self, actor: Actor, category: int, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Any]:
        """The agency's webhooks, if the actor administers it."""
        held = administrations(actor.agency_id).filter(user_id=actor.user_id)
        webhooks = Webhook.objects.filter(Exists(held), uuid__in=list(ids), agency_id=actor.agency_id)
        return {webhook.uuid: webhook for webhook in webhooks.select_related("client")}

    def naming(self, thing: Webhook) -> str:
        """The system's name."""
        return thing.client.name

    def address(self, thing: Webhook) -> str:
        """Its page among the connections."""
        return reverse("webhook", args=[thing.uuid])


def grants_seen(ids: Iterable[str]) -> set[str]:
    """Those of the grants, by UUID, of which the transaction's actor may know.

    The policy of grants decides, as it does for the pages of access: that a case was referred to a treatment provider
    shows to nobody without that category.
    """
    return {str(number) for number in Grant.objects.filter(uuid__in=list(ids)).values_list("uuid", flat=True)}


def subject_of(record_type: str) -> Subject:
    """What an event of this type is about. Raises NotShareable."""
    return Connections() if record_type == WEBHOOK else Records(shareable_of(record_type))
