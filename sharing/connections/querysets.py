"""The systems of an agency, with their tokens and webhooks; what became of the messages to a webhook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from agencies.accounts.models import ApiToken
from agencies.directory.clock import DatabaseNow
from agencies.directory.models import Membership, Unit, User
from agencies.directory.roles import Role
from sharing.access.actors import Actor
from sharing.notices.models import Delivery, Webhook, WebhookSecret

LOG_SIZE = 50


@dataclass(slots=True)
class System:
    """A partner system: its account, where it works and as what, its live tokens, and its webhooks."""

    client: User
    units: list[Unit] = field(default_factory=list)
    role: Role | None = None
    tokens: list[ApiToken] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)


def clients_of(agency_id: int) -> QuerySet[User]:
    """The API clients that work in units of this agency and of no other."""
    places = Membership.objects.filter(group__unit__agency=agency_id).values("user")
    elsewhere = Membership.objects.exclude(group__unit__agency=agency_id).values("user")
    return User.objects.filter(kind=User.Kind.CLIENT, pk__in=places).exclude(pk__in=elsewhere)


def systems_of(agency_id: int, clients: Iterable[User]) -> list[System]:
    """These API clients of the agency with all that belongs to each, in the order given. Costs three queries more."""
    found = {client.pk: System(client) for client in clients}
    places = Membership.objects.filter(user__in=found).select_related("group__unit").order_by("pk")
    for place in places:
        system = found[place.user_id]
        system.units.append(place.group.unit)
        system.role = place.role_details
    for token in live_tokens().filter(user__in=found).order_by("-pk"):
        found[token.user_id].tokens.append(token)
    for webhook in with_numbers(Webhook.objects.filter(client__in=found, agency=agency_id)).order_by("pk"):
        found[webhook.client_id].webhooks.append(webhook)
    return list(found.values())


def live_tokens() -> QuerySet[ApiToken]:
    """Tokens that open the API now."""
    return ApiToken.objects.filter(revoked_at__isnull=True, expires_at__gt=DatabaseNow())


def webhooks_for(actor: Actor, *, administers: bool) -> QuerySet[Webhook]:
    """The webhooks that the actor may read: an administrator those of the agency, a system its own."""
    mine = Q(client=actor.user_id)
    if administers:
        mine |= Q(agency=actor.agency_id)
    return Webhook.objects.filter(mine, agency=actor.agency_id).select_related("client")


def with_numbers(webhooks: QuerySet[Webhook]) -> Any:
    """Each webhook with how many of its messages wait and how many were given up: `waiting`, `dead`."""
    state = Delivery.State
    return webhooks.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=state.PENDING)),
        dead=Count("deliveries", filter=Q(deliveries__state=state.FAILED)),
    )


def live_secrets(webhook: Webhook) -> list[WebhookSecret]:
    """What signs the messages now, newest first, without the secrets themselves."""
    return list(webhook.secrets.filter(until__gt=DatabaseNow()).defer("secret").order_by("-pk"))


def messages_of(webhook: Webhook) -> QuerySet[Delivery]:
    """What was sent to the webhook, or waits to be."""
    return Delivery.objects.filter(webhook=webhook).select_related("event")
