"""Recording, correcting and withdrawing contacts. Lock, check, change, trail, outbox; the outer transaction commits."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.clock import database_now
from cases.contacts import events
from cases.contacts.codes import ContactAudience, writes_for_treatment
from cases.contacts.models import Contact, ContactVersion, Draft
from cases.supervision.models import Case
from cases.supervision.services import finish_part
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.access.registry import shareable_of
from sharing.access.services import lock_record, sent_before

FORM = "contact"  # how drafts name the form of a new contact
CLOCKS_DIFFER = datetime.timedelta(minutes=5)
DRAFTS_KEPT = datetime.timedelta(days=7)
LONGEST_DRAFT = 60_000  # characters of a draft as text: five times the longest note

_NOT_YOURS = "Only the agency that recorded a contact corrects or withdraws it. Record a contact of your own instead."


@transaction.atomic
def record_contact(
    *, actor: Actor, case_uuid: uuid.UUID, values: Mapping[str, Any], contact_uuid: uuid.UUID | None = None
) -> Contact:
    """Record a contact that has taken place, and drop the actor's draft of it. Returns it.

    With `contact_uuid`, given out with the form, recording the same again returns what the first time recorded. What
    a treatment provider writes is for treatment staff alone, whatever `values` say. Raises NotVisible, NotAllowed or
    Refused.
    """
    case = lock_record(actor, shareable_of(Case), case_uuid)
    if not Case.objects.permitted(actor, Category.CONTACT_ADD).filter(pk=case.pk).exists():
        raise NotAllowed("Your role or your agency's access does not let you add a contact here.")
    drop_draft(actor=actor, case_uuid=case_uuid)
    known = Contact.objects.permitted(actor).filter(case=case, uuid=contact_uuid).first() if contact_uuid else None
    now = database_now()
    contact = Contact(
        uuid=contact_uuid or uuid.uuid4(), case=case, author=actor.user, author_agency=actor.agency, created_at=now
    )
    if writes_for_treatment(actor.agency.kind):
        values = {**values, "audience": ContactAudience.TREATMENT}
    _apply(contact, values)
    if known:
        contact.changed_by, contact.updated_at = actor.user, now
        _check(actor, contact, now)
        first = ContactVersion.objects.permitted(actor).filter(contact=known, version=1).first()
        sent_before(first and first.values, values_of(contact))
        return known
    _save(actor, contact, now)
    _keep_version(contact, list(contact.VERSIONED), "")
    _finish(actor, contact, events.RECORDED, before={}, after=values_of(contact), reason="")
    return contact


@transaction.atomic
def correct_contact(
    *, actor: Actor, contact_uuid: uuid.UUID, changes: Mapping[str, Any], seen_version: int, reason: str
) -> Contact:
    """Correct a contact that the actor read at `seen_version`, and say why. The version before it is kept.

    Returns the contact as it is now; where nothing differs, nothing is written and nobody is told. Raises NotVisible,
    NotAllowed, Refused, or Stale with the current contact where somebody corrected it in between.
    """
    contact = _locked(actor, contact_uuid)
    if contact.version != seen_version:
        raise Stale(contact)
    before = values_of(contact)
    _apply(contact, changes)
    after = values_of(contact)
    changed = [name for name in contact.VERSIONED if before[name] != after[name]]
    if not changed:
        return contact
    if not reason.strip():
        raise Refused("Say why it is corrected; whoever reads it sees that.", "reason")
    contact.version += 1
    _save(actor, contact, database_now())
    _keep_version(contact, changed, reason.strip())
    _finish(
        actor,
        contact,
        events.CORRECTED,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        reason=reason.strip(),
    )
    return contact


@transaction.atomic
def withdraw_contact(*, actor: Actor, contact_uuid: uuid.UUID, reason: str) -> Contact:
    """Mark a contact as recorded in error. It stays readable, with who withdrew it and why.

    Returns it; withdrawing it again changes nothing. Raises NotVisible, NotAllowed or Refused.
    """
    contact = _locked(actor, contact_uuid, withdrawn_too=True)
    if contact.withdrawn_at is not None:
        return contact
    if not reason.strip():
        raise Refused("Say why it is withdrawn; whoever reads it sees that.", "reason")
    now = database_now()
    contact.withdrawn_at, contact.withdrawn_by, contact.withdraw_reason = now, actor.user, reason.strip()
    contact.version += 1
    _save(actor, contact, now)
    _keep_version(contact, ["withdrawn"], reason.strip())
    _finish(actor, contact, events.WITHDRAWN, before={}, after={}, reason=reason.strip())
    return contact


@transaction.atomic
def keep_draft(
    *, actor: Actor, case_uuid: uuid.UUID, values: Mapping[str, str], contact_uuid: uuid.UUID | None = None
) -> Draft:
    """Keep what the actor has typed into the form of a new contact, in place of what was kept before.

    Returns the draft. Theirs alone: it is no part of the case, so that neither trail nor outbox knows of it. Raises
    Refused where it is too long to be one, or comes late: the contact of its form, `contact_uuid`, is saved.
    """
    if sum(len(value) for value in values.values()) > LONGEST_DRAFT:
        raise Refused("Too long to be kept as a draft.")
    if contact_uuid:
        lock_record(actor, shareable_of(Case), case_uuid)  # whoever is saving it now comes first
        if Contact.objects.permitted(actor).filter(uuid=contact_uuid).exists():
            raise Refused("This contact is saved already.")
    whose = {"user": actor.user, "agency": actor.agency, "form": FORM, "record_id": case_uuid}
    now = database_now()
    Draft.objects.bulk_create(
        [Draft(**whose, values=dict(values), updated_at=now)],
        update_conflicts=True,
        unique_fields=["user", "agency", "form", "record_id"],
        update_fields=["values", "updated_at"],
    )
    return Draft.objects.get(**whose)


def drop_draft(*, actor: Actor, case_uuid: uuid.UUID) -> None:
    """Forget the actor's draft of a new contact; again changes nothing."""
    Draft.objects.filter(user=actor.user, agency=actor.agency, form=FORM, record_id=case_uuid).delete()


def sweep_drafts() -> int:
    """Delete the drafts that nobody went on with for DRAFTS_KEPT. Returns how many. For the job role."""
    return Draft.objects.filter(updated_at__lt=timezone.now() - DRAFTS_KEPT).delete()[0]


def values_of(contact: Contact) -> dict[str, Any]:
    """What a version keeps of a contact, as JSON can hold it: the moment as ISO text in UTC."""
    values = {name: getattr(contact, name) for name in contact.VERSIONED}
    values["occurred_at"] = contact.occurred_at.astimezone(datetime.UTC).isoformat()
    return values


def _locked(actor: Actor, contact_uuid: uuid.UUID, *, withdrawn_too: bool = False) -> Contact:
    """The contact, with its case locked first and then itself, if the actor may correct it. See correct_contact()."""
    seen = Contact.objects.permitted(actor).filter(uuid=contact_uuid)
    found = seen.values_list("case__uuid", "author_agency_id").first()
    if found is None:
        raise NotVisible
    lock_record(actor, shareable_of(Case), found[0])
    if found[1] != actor.agency_id:
        raise NotAllowed(_NOT_YOURS)
    rows = Contact.objects.permitted(actor, Category.CONTACT_ADD).filter(uuid=contact_uuid)
    contact = rows.select_for_update(no_key=True, of=("self",)).first()
    if contact is None and not seen.exists():
        raise NotVisible  # hidden while we waited for the lock
    if contact is None:
        raise NotAllowed("Your role or your agency's access does not let you correct contacts here.")
    if contact.withdrawn_at is not None and not withdrawn_too:
        raise NotAllowed("This contact was withdrawn. Record a new one instead.")
    return contact


def _apply(contact: Contact, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(contact.VERSIONED)
    if unknown:
        raise Refused(f"{sorted(unknown)[0]} cannot be changed.", sorted(unknown)[0])
    for name, value in values.items():
        setattr(contact, name, value)


def _save(actor: Actor, contact: Contact, now: datetime.datetime) -> None:
    contact.changed_by, contact.updated_at = actor.user, now
    _check(actor, contact, now)
    if contact._state.adding:
        contact.save()
    else:  # where it belongs and who recorded it never change: the role may not even write them
        contact.save(
            update_fields=[
                *contact.VERSIONED,
                "version",
                "updated_at",
                "changed_by",
                "withdrawn_at",
                "withdrawn_by",
                "withdraw_reason",
            ]
        )
    if not Contact.objects.permitted(actor).filter(pk=contact.pk).exists():
        raise NotVisible


def _check(actor: Actor, contact: Contact, now: datetime.datetime) -> None:
    try:
        contact.full_clean(
            exclude=["case", "author", "author_agency", "changed_by", "withdrawn_by"],
            validate_unique=False,
            validate_constraints=False,
        )
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Refused(messages[0], name) from None
    if contact.occurred_at > now + CLOCKS_DIFFER:
        raise Refused("Choose a time that has passed; what is to come is an appointment.", "occurred_at")
    allowed = {ContactAudience.BOTH, actor.side, ContactAudience.TREATMENT}
    if writes_for_treatment(actor.agency.kind):
        allowed = {ContactAudience.TREATMENT}
    elif contact.audience == ContactAudience.TREATMENT and not _reads_treatment(actor, contact):
        allowed -= {ContactAudience.TREATMENT}
    if contact.audience not in allowed:
        raise Refused("Choose an audience to which you belong.", "audience")


def _reads_treatment(actor: Actor, contact: Contact) -> bool:
    treatment = Category.CONTACT_VIEW | Category.TREATMENT
    return Case.objects.permitted(actor, treatment).filter(pk=contact.case_id).exists()


def _keep_version(contact: Contact, changed: list[str], reason: str) -> None:
    ContactVersion.objects.create(
        contact=contact,
        case_id=contact.case_id,
        author_id=contact.author_id,
        author_agency_id=contact.author_agency_id,
        audience=contact.audience,
        version=contact.version,
        values=values_of(contact),
        changed_fields=changed,
        reason=reason,
        changed_by=contact.changed_by,
        changed_at=contact.updated_at,
    )


def _finish(
    actor: Actor, contact: Contact, kind: str, *, before: dict[str, Any], after: dict[str, Any], reason: str
) -> None:
    """The trail holds no narrative: the note's words stand in the version."""
    before, after = _without_words(before), _without_words(after)
    finish_part(actor=actor, part=contact, kind=kind, before=before, after=after, reason=reason)


def _without_words(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the lengths of texts in place of texts."""
    return {name: len(value) if name in ("note", "place") else value for name, value in values.items()}
