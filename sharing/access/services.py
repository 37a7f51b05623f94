"""Giving access, moving its end, and taking it back. Only these write grants, and only grants make keys."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from agencies.directory.categories import NOTHING, PREREQUISITES, Category, with_prerequisites
from agencies.directory.clock import database_now
from agencies.directory.models import FOREVER, Agency
from agencies.trail.services import record_change
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.access.models import Grant, Purpose
from sharing.access.querysets import receivers_of
from sharing.access.registry import Shareable, shareable_of
from sharing.agreements.models import Agreement
from sharing.agreements.querysets import live_agreements, live_between, terms_of
from sharing.agreements.terms import refuse_beyond
from sharing.notices.outbox import publish

SOONEST_END = datetime.timedelta(days=1)  # to which access is moved back; what ends it sooner says why
BATCH = 5_000


@transaction.atomic
def share(
    *,
    actor: Actor,
    record: Any,
    group_id: int,
    bundle: str,
    purpose: str,
    until: datetime.datetime,
    agreement_id: int | None = None,
    legal_basis: str = "",
    narrowed_by: Category = NOTHING,
    grant_uuid: uuid.UUID | None = None,
) -> Grant:
    """Let a unit or circle see a bundle of one record, under an agreement, until a moment.

    `narrowed_by` are categories taken out of the bundle, and with them what rests on them. Returns the grant; its key
    opens the record as soon as the transaction commits. Without `agreement_id` the one agreement that covers both sides
    counts. With `grant_uuid`, given out with the form, sharing the same again returns what the first time gave. Raises
    NotVisible, NotAllowed or Refused.
    """
    shareable = shareable_of(type(record))
    record = lock_record(actor, shareable, record.uuid)
    _must_share(actor, shareable, record)
    receivers = _receivers(record, group_id)
    mask = _given_mask(shareable, bundle, receivers, narrowed_by)
    given = Grant.objects.filter(uuid=grant_uuid, record_id=record.uuid).first() if grant_uuid else None
    if given:
        return _given_before(given, (group_id, bundle, mask, purpose, legal_basis, until))
    agreement = _agreement_for(agreement_id, record, receivers)
    now = database_now()
    if purpose not in Purpose.values:
        raise Refused("Choose a purpose from the list.", "purpose")
    if not now < until <= FOREVER:
        raise Refused("Choose an end that is still to come, before the year 10000.", "until")
    if agreement:
        _refuse_beyond(agreement, shareable, receivers, bundle, purpose, now, until)
    # A grant under an agreement that is no longer in force opens nothing, so it stands in nobody's way.
    live = Grant.objects.filter(
        Q(agreement__isnull=True) | Q(agreement__in=live_agreements()),
        record_type=shareable.label,
        record_id=record.uuid,
        group_id=group_id,
        revoked_at__isnull=True,
        until__gt=now,
    )
    if live.filter(bundle=bundle, mask=mask).exists():
        raise Refused("This unit already has this. Extend its access instead.", "group")
    grant = Grant.objects.create(
        uuid=grant_uuid or uuid.uuid4(),
        kind=Grant.Kind.SHARE,
        record_type=shareable.label,
        record_id=record.uuid,
        group_id=group_id,
        bundle=bundle,
        mask=mask,
        purpose=purpose,
        legal_basis=legal_basis,
        agreement=agreement,
        issued_by=actor.user,
        issued_at=now,
        until=until,
    )
    _call(shareable, "issue", grant.pk)
    after = {"group": group_id, "bundle": bundle, "mask": mask, "until": until.isoformat(), "purpose": purpose}
    _trail_and_tell(actor, "access.given", grant, record, after=after)
    return grant


@transaction.atomic
def end_access(*, actor: Actor, grant_uuid: uuid.UUID, reason: str) -> Grant:
    """End a share now. The other side sees nothing from its next request on, and is told.

    Returns the grant; ending one that is already ended changes nothing. Raises NotVisible, NotAllowed or Refused.
    """
    grant, shareable, record = _lock_share(actor, grant_uuid)
    if grant.revoked_at is not None:
        return grant
    if not reason.strip():
        raise Refused("Say why the access ends; the other side will read it.", "reason")
    grant.revoked_at, grant.revoked_by, grant.revoke_reason = database_now(), actor.user, reason.strip()
    grant.version += 1
    grant.save(update_fields=["revoked_at", "revoked_by", "revoke_reason", "version"])
    _call(shareable, "withdraw", [grant.pk])
    _trail_and_tell(
        actor, "access.ended", grant, record, after={"group": grant.group_id, "bundle": grant.bundle}, reason=reason
    )
    return grant


@transaction.atomic
def extend_access(
    *, actor: Actor, grant_uuid: uuid.UUID, until: datetime.datetime, seen_version: int | None = None
) -> Grant:
    """Move the end of a live share, within its agreement. Returns it.

    Raises NotVisible, NotAllowed, Refused, or Stale where `seen_version` is given and somebody moved it since.
    """
    grant, shareable, record = _lock_share(actor, grant_uuid)
    if seen_version is not None and grant.version != seen_version:
        raise Stale(grant)
    now = database_now()
    if grant.revoked_at is not None or grant.until <= now:
        raise Refused("This access has ended. Share again instead.", "until")
    if not now < until <= FOREVER:
        raise Refused("Choose an end that is still to come, before the year 10000, or end the access.", "until")
    if until < min(grant.until, now + SOONEST_END):
        raise Refused("To end this access within a day, end it now and say why; the other side is told.", "until")
    if grant.agreement and not live_agreements().filter(pk=grant.agreement.pk).exists():
        raise Refused("The agreement under which this was given is not in force. Share again under another.", "until")
    if grant.agreement:
        receivers = principal_agencies(grant.group_id)
        _refuse_beyond(grant.agreement, shareable, receivers, grant.bundle, grant.purpose, now, until)
    before = {"until": grant.until.isoformat()}
    grant.until = until
    grant.version += 1
    grant.save(update_fields=["until", "version"])
    _call(shareable, "reset_end", grant.pk)
    _trail_and_tell(actor, "access.extended", grant, record, before=before, after={"until": until.isoformat()})
    return grant


def issue_standing(*, grant: Grant, record_ids: Sequence[int]) -> int:
    """Make the keys of a standing grant for many records, a batch a transaction, so that nobody waits long.

    Returns how many keys were made; running it again makes none twice. For the job role, in job_context().
    """
    shareable = shareable_of(grant.record_type)
    made = 0
    for start in range(0, len(record_ids), BATCH):
        with transaction.atomic():
            made += _call(shareable, "issue_many", grant.pk, sorted(record_ids[start : start + BATCH]))
    return made


def lock_record(actor: Actor, shareable: Shareable, record_uuid: uuid.UUID) -> Any:
    """The record, locked against other writers. Raises NotVisible where the actor may not know of it."""
    visible = shareable.records.permitted(actor, Category.EXISTENCE).filter(uuid=record_uuid)
    record = visible.select_for_update(no_key=True, of=("self",)).first()
    # Asked again, since whoever held the lock until now may have taken the record out of the actor's sight.
    if record is None or not visible.exists():
        raise NotVisible
    return record


def _receivers(record: Any, group_id: int) -> list[Agency]:
    """The agencies behind a unit or circle that the lists offer for this record.

    Raises Refused for any other number, always alike: the answer tells nobody what stands behind it.
    """
    if not receivers_of(record.agency_id).filter(pk=group_id).exists():
        raise Refused("Choose a unit or circle from the list.", "group")
    return principal_agencies(group_id)


def principal_agencies(group_id: int) -> list[Agency]:
    """The agencies behind a unit or circle. Raises Refused where it is neither, or nobody stands behind it."""
    agencies = Agency.objects.filter(units__group_id=group_id)
    found = list(agencies) or list(Agency.objects.filter(units__circle_rows__circle_id=group_id).distinct())
    if not found:  # nor may an empty circle be given anything: nobody could say whether whoever joins may have it
        raise Refused("Choose a unit or circle from the list.", "group")
    return found


def narrowed_mask(mask: int, narrowed_by: Category) -> int:
    """The mask without some categories, and without what is worth nothing once they are gone."""
    left = Category(mask) & ~narrowed_by
    for category, needed in PREREQUISITES.items():
        if category & left and needed & left != needed:
            left &= ~category
    return int(left)


def _given_mask(shareable: Shareable, code: str, receivers: list[Agency], narrowed_by: Category) -> int:
    bundle = shareable.bundles.get(code)
    if bundle is None or code == "own_case":
        raise Refused("Choose what to share from the list.", "bundle")
    for agency in receivers:
        if not bundle.may_go_to(agency.kind):
            raise Refused(
                f"{bundle.label} may not be given to {agency.name} ({agency.get_kind_display().lower()}).", "bundle"
            )
    mask = narrowed_mask(bundle.mask, narrowed_by)
    if not mask & Category.EXISTENCE or with_prerequisites(Category(mask)) != mask:
        raise Refused("Leave at least name and contact in the share.", "narrowed_by")
    return mask


def _given_before(given: Grant, asked: tuple[Any, ...]) -> Grant:
    """What the form gave the first time, if it asks the same now: else whoever went back would be told of another."""
    was = (given.group_id, given.bundle, given.mask, given.purpose, given.legal_basis, given.until)
    sent_before(was if given.revoked_at is None else None, asked)
    return given


def sent_before(was: Any, asked: Any) -> None:
    """Raises Refused where a form whose token was used already asks something else than it made the first time."""
    if was != asked:
        raise Refused("This form was used already. Open it again.")


def _agreement_for(agreement_id: int | None, record: Any, receivers: list[Agency]) -> Agreement | None:
    parties = {agency.pk for agency in receivers} | {record.agency_id}
    if parties == {record.agency_id}:
        return None
    covering = live_between(parties)
    found = list(covering.filter(pk=agreement_id) if agreement_id else covering[:2])
    if not found:
        raise Refused("Choose an agreement in force that both agencies have signed.", "agreement")
    if len(found) > 1:
        raise Refused("Several agreements cover both agencies. Choose one.", "agreement")
    return found[0]


def _refuse_beyond(
    agreement: Agreement,
    shareable: Shareable,
    receivers: list[Agency],
    bundle: str,
    purpose: str,
    issued_at: datetime.datetime,
    until: datetime.datetime,
) -> None:
    refuse_beyond(
        agreement,
        terms_of(agreement),
        receivers=receivers,
        bundle=bundle,
        bundle_label=shareable.bundles[bundle].label,
        purpose=purpose,
        purpose_label=Purpose(purpose).label.lower(),
        issued_at=issued_at,
        until=until,
    )


def _must_share(actor: Actor, shareable: Shareable, record: Any) -> None:
    allowed = shareable.records.permitted(actor, Category.SHARE).filter(pk=record.pk)
    if not allowed.exists():
        raise NotAllowed("Only the agency that owns the case decides who else may see it.")


def _lock_share(actor: Actor, grant_uuid: uuid.UUID) -> tuple[Grant, Shareable, Any]:
    found = Grant.objects.filter(uuid=grant_uuid, record_id__isnull=False).first()
    if found is None or found.record_id is None:
        raise NotVisible
    shareable = shareable_of(found.record_type)
    record = lock_record(actor, shareable, found.record_id)
    _must_share(actor, shareable, record)
    grant = Grant.objects.select_for_update(of=("self",)).select_related("agreement").get(pk=found.pk)
    if grant.kind != Grant.Kind.SHARE:
        raise NotAllowed("This access was not given by a share and does not end by hand.")
    return grant, shareable, record


def _call(shareable: Shareable, verb: str, *arguments: Any) -> int:
    marks = ", ".join(["%s"] * len(arguments))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {shareable.function(verb)}({marks})", list(arguments))
        return cursor.fetchone()[0]


def _trail_and_tell(
    actor: Actor,
    verb: str,
    grant: Grant,
    record: Any,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    record_change(
        actor=actor,
        verb=verb,
        obj=grant,
        record_type=grant.record_type,
        record_id=record.uuid,
        before=before,
        after=after,
        reason=reason,
    )
    publish(actor=actor, kind=verb, record=record, obj=grant, group_ids=[grant.group_id])
