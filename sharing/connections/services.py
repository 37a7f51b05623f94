"""What administrators do with the connections of their agency: systems, their tokens, and their webhooks."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from agencies.accounts.models import ApiToken
from agencies.accounts.services import issue_token, revoke_token
from agencies.directory.clock import DatabaseNow, database_now
from agencies.directory.models import Unit, User
from agencies.directory.querysets import administrations
from agencies.trail.services import record_change
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.connections.querysets import clients_of, live_tokens, webhooks_for
from sharing.notices.models import Delivery, Webhook, WebhookSecret
from sharing.notices.outbox import SEND_MESSAGES, ask
from sharing.notices.registry import kinds
from sharing.notices.webhooks.egress import BadAddress, check_url
from sharing.notices.webhooks.messages import new_secret

CLIENT_ROLES = ("system_reader", "system_partner")
OVERLAP = datetime.timedelta(hours=24)  # for which what was replaced stays good beside the new
LONGEST = datetime.timedelta(days=366)  # a token lasts at most
SOON = datetime.timedelta(days=14)  # before its end a token is marked
MOST_REPLAYED = 1000

State = Delivery.State


def is_administrator(actor: Actor) -> bool:
    """Whether the actor administers the agency they act for."""
    return administrations(actor.agency_id).filter(user_id=actor.user_id).exists()


def must_administer(actor: Actor) -> None:
    """Raises NotAllowed for anybody but an administrator of the agency they act for."""
    if not is_administrator(actor):
        raise NotAllowed("Only an administrator of your agency manages its connections.")


@transaction.atomic
def register_client(*, actor: Actor, name: str, units: Iterable[int], role: str) -> User:
    """A new system of the actor's agency, in these units (their numbers) and one role for systems. Returns its account.

    It opens nothing before it has a token. Raises NotAllowed or Refused.
    """
    must_administer(actor)
    name, wanted = name.strip(), sorted(set(units))
    if not name:
        raise Refused("Give the system a name.", "name")
    if role not in CLIENT_ROLES:
        raise Refused("Choose what the system may do.", "role")
    own = list(
        Unit.objects.filter(pk__in=wanted, agency=actor.agency_id, closed_at__isnull=True).values_list("pk", flat=True)
    )
    if not wanted or sorted(own) != wanted:
        raise Refused("Choose units of your agency.", "units")
    if clients_of(actor.agency_id).filter(name__iexact=name, is_active=True).exists():
        raise Refused("Your agency has a system of this name.", "name")
    email = f"{uuid.uuid4().hex}@client.invalid"  # accounts are told apart by it; nothing is ever sent there
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_register(%s, %s, %s, %s)", [email, name, wanted, role])
        client = User.objects.get(pk=cursor.fetchone()[0])
    record_change(
        actor=actor, verb="client.registered", obj=client, after={"name": name, "units": wanted, "role": role}
    )
    return client


@transaction.atomic
def switch_off_client(*, actor: Actor, client_id: int) -> User:
    """Switch a system off for good: its tokens and webhooks with it, at once. Again changes nothing. Returns it.

    Raises NotAllowed or NotVisible.
    """
    client = _client(actor, client_id)
    if client.is_active:
        now = database_now()
        for token in live_tokens().filter(user=client):
            revoke_token(token=token)
        Webhook.objects.filter(client=client, off_at__isnull=True).update(
            off_at=now, off_reason=Webhook.Off.BY_HAND, version=F("version") + 1
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT client_switch_off(%s)", [client.pk])
        client.is_active = False
        record_change(
            actor=actor, verb="client.switched_off", obj=client, before={"is_active": True}, after={"is_active": False}
        )
    return client


@transaction.atomic
def add_token(
    *, actor: Actor, client_id: int, label: str, expires_at: datetime.datetime, token_uuid: uuid.UUID | None = None
) -> tuple[ApiToken, str]:
    """A token for a system. Returns it and its secret, which cannot be read again.

    With `token_uuid`, given out with the form, a second time returns the first one's token and no secret. Raises
    NotAllowed, NotVisible or Refused.
    """
    client = _client(actor, client_id)
    known = ApiToken.objects.filter(uuid=token_uuid, user=client).first() if token_uuid else None
    if known:
        return known, ""
    if not client.is_active:
        raise Refused("This system is switched off.")
    now = database_now()
    if not label.strip():
        raise Refused("Say what the token is for.", "label")
    if not now < expires_at <= now + LONGEST:
        raise Refused("Choose a last day within the next year.", "expires_at")
    token, secret = issue_token(
        client=client, label=label.strip(), expires_at=expires_at, created_by=actor.user, token_uuid=token_uuid
    )
    _note_token(actor, "token.issued", token)
    return token, secret


@transaction.atomic
def rotate_token(*, actor: Actor, replaced: uuid.UUID, token_uuid: uuid.UUID | None = None) -> tuple[ApiToken, str]:
    """A new token like the one replaced, which ends after OVERLAP. Returns the new one and its secret, as add_token().

    Raises NotAllowed, NotVisible or Refused.
    """
    old = _token(actor, replaced)
    known = ApiToken.objects.filter(uuid=token_uuid, user=old.user).first() if token_uuid else None
    if known:
        return known, ""
    now = database_now()
    if old.revoked_at is not None or old.expires_at <= now:
        raise Refused("This token has ended. Make a new one.")
    lasts = min(old.expires_at - old.created_at, LONGEST)
    token, secret = issue_token(
        client=old.user, label=old.label, expires_at=now + lasts, created_by=actor.user, token_uuid=token_uuid
    )
    ApiToken.objects.filter(pk=old.pk).update(expires_at=min(old.expires_at, now + OVERLAP))
    _note_token(actor, "token.rotated", token, {"replaced": str(old.uuid)})
    return token, secret


@transaction.atomic
def end_token(*, actor: Actor, token_uuid: uuid.UUID) -> ApiToken:
    """Close a token at once; closing it again changes nothing. Returns it. Raises NotAllowed or NotVisible."""
    token = _token(actor, token_uuid)
    if token.revoked_at is None:
        revoke_token(token=token)
        token.refresh_from_db(fields=["revoked_at"])
        _note_token(actor, "token.ended", token)
    return token


@transaction.atomic
def add_webhook(
    *, actor: Actor, client_id: int, url: str, kinds_wanted: Iterable[str] = (), webhook_uuid: uuid.UUID | None = None
) -> tuple[Webhook, str]:
    """An address that gets the news of a system, of these kinds of event or of all. Returns it and its secret.

    The secret cannot be read again. With `webhook_uuid`, given out with the form, a second time returns the first
    one's webhook and no secret. Raises NotAllowed, NotVisible or Refused.
    """
    client = _client(actor, client_id)
    known = Webhook.objects.filter(uuid=webhook_uuid, client=client).first() if webhook_uuid else None
    if known:
        return known, ""
    if not client.is_active:
        raise Refused("This system is switched off.")
    webhook = Webhook.objects.create(
        uuid=webhook_uuid or uuid.uuid4(),
        client=client,
        agency=actor.agency,
        url=_checked_url(url),
        kinds=_checked_kinds(kinds_wanted),
        created_at=database_now(),
        created_by=actor.user,
    )
    secret = _add_secret(webhook)
    record_change(actor=actor, verb="webhook.added", obj=webhook, after=_shown(webhook))
    return webhook, secret


@transaction.atomic
def change_webhook(
    *, actor: Actor, webhook_uuid: uuid.UUID, changes: dict[str, Any], seen_version: int | None = None
) -> Webhook:
    """Change `url` or `kinds` of a webhook, or switch it with `on`. Returns it.

    Switched on, it gets what has waited. Raises NotAllowed, NotVisible, Refused, or Stale where `seen_version` has
    passed.
    """
    webhook = _webhook(actor, webhook_uuid)
    if seen_version is not None and seen_version != webhook.version:
        raise Stale(webhook)
    before = _shown(webhook)
    if "url" in changes:
        webhook.url = _checked_url(changes["url"])
    if "kinds" in changes:
        webhook.kinds = _checked_kinds(changes["kinds"])
    if changes.get("on") is True and webhook.off_at is not None:
        if not webhook.client.is_active:
            raise Refused("This system is switched off.", "on")
        webhook.off_at, webhook.off_reason, webhook.failing_since, webhook.resume_at = None, "", None, None
    elif changes.get("on") is False and webhook.off_at is None:
        webhook.off_at, webhook.off_reason = database_now(), Webhook.Off.BY_HAND
    after = _shown(webhook)
    if after != before:
        webhook.version += 1
        webhook.save(update_fields=["url", "kinds", "off_at", "off_reason", "failing_since", "resume_at", "version"])
        record_change(actor=actor, verb="webhook.changed", obj=webhook, before=before, after=after)
        _send_soon(webhook)
    return webhook


@transaction.atomic
def rotate_secret(*, actor: Actor, webhook_uuid: uuid.UUID) -> str:
    """A new secret for a webhook. For OVERLAP messages carry a signature by each; then the old one is good no more.

    Returns the new secret, which cannot be read again. Raises NotAllowed or NotVisible.
    """
    webhook = _webhook(actor, webhook_uuid)
    soon = database_now() + OVERLAP
    WebhookSecret.objects.filter(webhook=webhook, until__gt=soon).update(until=soon)
    secret = _add_secret(webhook)
    record_change(actor=actor, verb="webhook.secret_rotated", obj=webhook, after={"old_until": soon.isoformat()})
    return secret


@transaction.atomic
def send_test(*, actor: Actor, webhook_uuid: uuid.UUID) -> Delivery:
    """Put a message without news in line for a webhook, to see whether it arrives. Returns its delivery.

    For administrators, and for the system itself. Raises NotVisible or Refused.
    """
    webhook = _webhook(actor, webhook_uuid, manage=False)
    if webhook.off_at is not None:
        raise Refused("This webhook is switched off. Switch it on to test it.")
    now = database_now()
    delivery = Delivery.objects.create(
        user=webhook.client,
        agency_id=webhook.agency_id,
        webhook=webhook,
        channel=Delivery.Channel.WEBHOOK,
        created_at=now,
        next_attempt_at=now,
    )
    record_change(actor=actor, verb="webhook.tested", obj=webhook, after={"delivery": str(delivery.uuid)})
    _send_soon(webhook)
    return delivery


@transaction.atomic
def replay(
    *,
    actor: Actor,
    webhook_uuid: uuid.UUID,
    deliveries: Iterable[uuid.UUID] | None = None,
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
) -> int:
    """Send messages again under their own numbers: those named, or those made in a span of time, or all given up.

    Returns how many, at most MOST_REPLAYED at a time, oldest first. For administrators, and for the system itself.
    Raises NotVisible.
    """
    webhook = _webhook(actor, webhook_uuid, manage=False)
    chosen = Delivery.objects.filter(webhook=webhook).exclude(state=State.PENDING)
    if deliveries is not None:
        chosen = chosen.filter(uuid__in=list(deliveries))
    elif since is None and until is None:
        chosen = chosen.filter(state=State.FAILED)
    if since is not None:
        chosen = chosen.filter(created_at__gte=since)
    if until is not None:
        chosen = chosen.filter(created_at__lt=until)
    numbers = list(chosen.order_by("pk").values_list("pk", flat=True)[:MOST_REPLAYED])
    if numbers:
        Delivery.objects.filter(pk__in=numbers).update(state=State.PENDING, attempts=0, next_attempt_at=DatabaseNow())
        record_change(actor=actor, verb="webhook.replayed", obj=webhook, after={"messages": len(numbers)})
        _send_soon(webhook)
    return len(numbers)


def _client(actor: Actor, client_id: int) -> User:
    must_administer(actor)
    client = clients_of(actor.agency_id).filter(pk=client_id).first()
    if client is None:
        raise NotVisible
    return client


def _token(actor: Actor, token_uuid: uuid.UUID) -> ApiToken:
    must_administer(actor)
    mine = ApiToken.objects.filter(user__in=clients_of(actor.agency_id)).select_related("user")
    token = mine.filter(uuid=token_uuid).select_for_update(of=("self",)).first()
    if token is None:
        raise NotVisible
    return token


def _webhook(actor: Actor, webhook_uuid: uuid.UUID, *, manage: bool = True) -> Webhook:
    """The webhook, locked where it is to be changed; `manage` asks for an administrator."""
    if manage:
        must_administer(actor)
    found = webhooks_for(actor, administers=manage or is_administrator(actor)).filter(uuid=webhook_uuid)
    webhook = (found.select_for_update(of=("self",), no_key=True) if manage else found).first()
    if webhook is None:
        raise NotVisible
    return webhook


def _checked_url(url: str) -> str:
    try:
        check_url(url.strip())
    except BadAddress as error:
        raise Refused(str(error), "url") from None
    return url.strip()


def _checked_kinds(wanted: Iterable[str]) -> list[str]:
    found = sorted(set(wanted))
    if not set(found) <= {kind.kind for kind in kinds() if kind.is_about_records}:
        raise Refused("Choose from the list.", "kinds")
    return found


def _add_secret(webhook: Webhook) -> str:
    secret = new_secret()
    WebhookSecret.objects.create(webhook=webhook, secret=secret, hint=secret[:10], created_at=database_now())
    return secret


def _send_soon(webhook: Webhook) -> None:
    transaction.on_commit(lambda: ask(SEND_MESSAGES, webhook.pk))


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {"url": webhook.url, "kinds": list(webhook.kinds), "on": webhook.off_at is None}


def _note_token(actor: Actor, verb: str, token: ApiToken, more: dict[str, str] | None = None) -> None:
    after = {"client": token.user_id, "label": token.label, "hint": token.hint, "until": token.expires_at.isoformat()}
    record_change(actor=actor, verb=verb, obj=token, after={**after, **(more or {})})
