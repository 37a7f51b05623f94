"""What people do with what they were told: read, put away, take back, take on for their unit."""

from __future__ import annotations

import datetime
import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from agencies.directory.clock import database_now
from sharing.access.actors import Actor
from sharing.access.errors import NotVisible, Refused
from sharing.notices.models import Claim, InboxItem
from sharing.notices.querysets import folded_with, own_items, still_seen


def _own(actor: Actor, item_uuid: uuid.UUID) -> InboxItem:
    items = own_items(actor).select_for_update(of=("self",)).select_related("event")
    item = items.filter(uuid=item_uuid).first()
    if item is None:
        raise NotVisible
    return item


@transaction.atomic
def mark_read(*, actor: Actor, item_uuid: uuid.UUID) -> InboxItem:
    """Note that the item was opened; the first time counts. Returns it. Raises NotVisible for anybody else's."""
    item = _own(actor, item_uuid)
    if item.read_at is None:
        item.read_at = database_now()
        item.save(update_fields=["read_at"])
    return item


@transaction.atomic
def mark_done(*, actor: Actor, item_uuid: uuid.UUID, folded: bool = False) -> InboxItem:
    """Put the item away, with `folded` also the older news of its kind, case and day that the inbox shows as one.

    Again changes nothing. Returns it: its `done_at` is what undo() takes. Raises NotVisible.
    """
    item = _own(actor, item_uuid)
    if item.done_at is None:
        others = folded_with(actor, item, timezone.get_current_timezone())
        item.done_at = database_now()
        item.save(update_fields=["done_at"])
        if folded:
            others.update(done_at=item.done_at)
    return item


@transaction.atomic
def mark_open(*, actor: Actor, item_uuid: uuid.UUID) -> InboxItem:
    """Take one item back that was put away; again changes nothing. Returns it. Raises NotVisible."""
    item = _own(actor, item_uuid)
    if item.done_at is not None:
        item.done_at = None
        item.save(update_fields=["done_at"])
    return item


def mark_all_done(*, actor: Actor) -> tuple[int, datetime.datetime]:
    """Put every open item away under one moment. Returns how many, and the moment, which undo() takes."""
    moment = database_now()
    return own_items(actor).filter(done_at__isnull=True).update(done_at=moment), moment


def undo(*, actor: Actor, done_at: datetime.datetime) -> int:
    """Take back what was put away at this moment. Returns how many items; a second time none."""
    return own_items(actor).filter(done_at=done_at).update(done_at=None)


@transaction.atomic
def take(*, actor: Actor, item_uuid: uuid.UUID) -> Claim:
    """Take on for one's unit what its members were told; again changes nothing. Returns the claim.

    Raises NotVisible; Refused where a colleague was quicker, where the news came to nobody's unit, or where the actor
    left the unit or may no longer see what the news is about.
    """
    item = _own(actor, item_uuid)
    if item.unit_id is None:
        raise Refused("This news came to you alone: there is nobody to take it on for.")
    if item.unit_id not in actor.groups_for(NOTHING):
        raise Refused("You no longer work in the unit that was told. Leave this to a colleague there.")
    if not still_seen(actor, item.uuid):
        raise Refused("Your access to this has ended. Leave it to a colleague.")
    try:
        with transaction.atomic():
            return Claim.objects.create(event=item.event, unit_id=item.unit_id, user=actor.user, at=database_now())
    except IntegrityError:
        claim = Claim.objects.select_related("user").get(event=item.event, unit=item.unit_id)
        if claim.user_id != actor.user_id:
            raise Refused(f"A colleague was quicker. {claim.user.display} has taken this on.") from None
        return claim


@transaction.atomic
def give_back(*, actor: Actor, item_uuid: uuid.UUID) -> InboxItem:
    """Leave to one's unit what one had taken on; without having done so, changes nothing. Returns the item.

    A supervisor of the unit gives back for whoever has it: they may have left, or may no longer see what it is about.
    Raises NotVisible.
    """
    item = _own(actor, item_uuid)
    claims = Claim.objects.filter(event=item.event, unit=item.unit_id)
    if not (gives_back_for_others(actor, item) and still_seen(actor, item.uuid)):
        claims = claims.filter(user=actor.user)
    claims.delete()
    return item


def gives_back_for_others(actor: Actor, item: InboxItem) -> bool:
    """Whether the actor is a supervisor of the unit that was told: one who may sign for it."""
    return item.unit_id in actor.groups_for(Category.PLAN_SIGN)
