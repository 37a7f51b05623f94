"""What administrators do with the agreements of their agency: draft, propose, sign, amend, suspend and end.

Lock, check, change, trail. An agreement opens nothing by itself; ending or suspending it closes what rests on it with
the next request, since the door reads its clock.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from agencies.directory.clock import database_now
from agencies.directory.errors import NotAllowed, NotVisible, Refused, Stale, refusing
from agencies.directory.models import FOREVER, Agency, AgencyKind
from agencies.directory.querysets import administers
from agencies.trail.services import Acting, record_change
from sharing.agreements.codes import LONGEST_WITHOUT_REVIEW, AgreementKind, Purpose
from sharing.agreements.models import Agreement, AgreementParty, AgreementVersion, Allowance, Signature
from sharing.agreements.querysets import agreement_for, terms_of
from sharing.agreements.terms import TERMS, differences, digest_of, values_of

MOST_PARTIES = 400


@transaction.atomic
def draft_agreement(
    *,
    actor: Acting,
    title: str,
    kind: str,
    partners: Iterable[Agency],
    terms: Mapping[str, Any],
    allowances: Iterable[tuple[str, str]],
    joinable: bool = False,
    agreement_uuid: uuid.UUID | None = None,
) -> Agreement:
    """Begin an agreement of the actor's agency with these partners: a draft that nobody else sees until it is proposed.

    `terms` are the fields of TERMS, `allowances` pairs of a kind of agency and a bundle. Returns it. With
    `agreement_uuid`, given out with the form, a second time returns the first one's. Raises NotAllowed or Refused.
    """
    _must_administer(actor)
    known = Agreement.objects.filter(uuid=agreement_uuid, made_by=actor.agency).first() if agreement_uuid else None
    if known:
        return known
    if kind not in AgreementKind.values:
        raise Refused("Choose a kind from the list.", "kind")
    parties = _parties(actor, partners)
    agreement = Agreement(
        uuid=agreement_uuid or uuid.uuid4(),
        title=title.strip(),
        kind=kind,
        joinable=joinable,
        starts_at=timezone.now(),
        ends_at=FOREVER,
        signed_at=None,
        made_by=actor.agency,
    )
    with refusing():
        agreement.full_clean(exclude=["made_by", "uuid"], validate_unique=False, validate_constraints=False)
    agreement.save(force_insert=True)
    AgreementParty.objects.bulk_create(AgreementParty(agreement=agreement, agency=agency) for agency in parties)
    version = AgreementVersion(agreement=agreement, number=1, made_by=actor.agency)
    _apply(version, terms)
    version.save(force_insert=True)
    _allow(version, allowances)
    after = {"title": agreement.title, "parties": [agency.pk for agency in parties], **values_of(version)}
    record_change(actor=actor, verb="agreement.drafted", obj=agreement, after=after)
    return agreement


@transaction.atomic
def change_draft(
    *,
    actor: Acting,
    agreement_uuid: uuid.UUID,
    terms: Mapping[str, Any],
    allowances: Iterable[tuple[str, str]] | None = None,
    title: str | None = None,
    partners: Iterable[Agency] | None = None,
    seen_revision: int,
) -> AgreementVersion:
    """Change the draft that the actor's agency is writing, from the revision that was read. Returns the version.

    Title and partners only before anybody signed the first version. Where nothing differs, nothing is written. Raises
    NotVisible, NotAllowed, Refused, or Stale with the draft as it is.
    """
    agreement, version = _draft(actor, agreement_uuid)
    if version.revision != seen_revision:
        raise Stale(version)
    before = _told(agreement, version)
    if title is not None or partners is not None:
        _rename(actor, agreement, title, partners)
    _apply(version, terms)
    if allowances is not None:
        _allow(version, allowances)
    after = _told(agreement, version)
    if before == after:
        return version
    version.revision += 1
    version.save(update_fields=[*TERMS, "revision"])
    changed = [name for name in after if before[name] != after[name]]
    record_change(
        actor=actor, verb="agreement.draft_changed", obj=agreement,
        before={name: before[name] for name in changed}, after={name: after[name] for name in changed},
    )  # fmt: skip
    return version


@transaction.atomic
def propose(*, actor: Acting, agreement_uuid: uuid.UUID, seen_revision: int) -> AgreementVersion:
    """Show the draft to the other parties, whose administrators may sign it from now on. Returns the version.

    Raises NotVisible, NotAllowed, Refused, or Stale with the draft as it is.
    """
    agreement, version = _draft(actor, agreement_uuid)
    if version.revision != seen_revision:
        raise Stale(version)
    _check_days(version)
    if not version.allowances.exists():
        raise Refused("Say what the parties may let one another have, at least one thing.", "allowances")
    current = terms_of(agreement)
    if current and not differences(current, version):
        raise Refused("The amendment changes nothing. Change a term, or leave the agreement as it is.")
    version.proposed_at = database_now()
    version.save(update_fields=["proposed_at"])
    record_change(actor=actor, verb="agreement.proposed", obj=agreement, after={"version": version.number})
    return version


@transaction.atomic
def sign(*, actor: Acting, agreement_uuid: uuid.UUID, number: int, capacity: str, digest: str) -> bool:
    """Sign the proposed version `number` for the actor's agency, whose terms were read under `digest`.

    `capacity` says as what they sign. Returns whether this was the last signature, with which the version comes into
    force; signing again changes nothing. Raises NotVisible, NotAllowed, Refused, or Stale with the newest version.
    """
    agreement = _locked(actor, agreement_uuid)
    version = _newest(agreement)
    if version is None or version.proposed_at is None:
        raise Refused("Nothing is proposed that could be signed.")
    if version.number != number or digest_of(agreement, version) != digest:
        raise Stale(version)
    if Signature.objects.filter(version=version, agency=actor.agency).exists():
        return version.signed_at is not None
    if not capacity.strip():
        raise Refused("Say as what you sign: Chief Probation Officer.", "capacity")
    with connection.cursor() as cursor:
        cursor.execute("SELECT agreement_sign(%s, %s, %s)", [version.pk, capacity.strip()[:120], digest])
        complete: bool = cursor.fetchone()[0]
    after = {"version": version.number, "capacity": capacity.strip()[:120], "in_force": complete}
    record_change(actor=actor, verb="agreement.signed", obj=agreement, after=after)
    return complete


@transaction.atomic
def send_back(*, actor: Acting, agreement_uuid: uuid.UUID, reason: str) -> None:
    """Return what was proposed to its writer as a draft, with the reason; signatures under it are gone.

    Any party may, until the last has signed. Raises NotVisible, NotAllowed or Refused.
    """
    agreement = _locked(actor, agreement_uuid)
    version = _newest(agreement)
    if version is None or version.proposed_at is None or version.signed_at is not None:
        raise Refused("Nothing is proposed that could be sent back.")
    if not reason.strip():
        raise Refused("Say what should change; its writer reads it.", "reason")
    with connection.cursor() as cursor:  # once it is back, it is its writer's alone
        cursor.execute("SELECT agreement_send_back(%s)", [version.pk])
    record_change(
        actor=actor, verb="agreement.sent_back", obj=agreement, after={"version": version.number}, reason=reason.strip()
    )


@transaction.atomic
def amend(*, actor: Acting, agreement_uuid: uuid.UUID) -> AgreementVersion:
    """Begin an amendment: a draft with the terms in force, which go on until every party has signed the new ones.

    Returns the draft; where the actor's agency writes one already, that. Raises NotVisible, NotAllowed or Refused.
    """
    agreement = _locked(actor, agreement_uuid)
    newest = _newest(agreement)
    current = terms_of(agreement)
    if current is None or newest is None:
        raise Refused("Only an agreement that is signed can be amended.")
    if newest.signed_at is None:
        if newest.made_by_id == actor.agency.pk and newest.proposed_at is None:
            return newest
        raise Refused("Another amendment is open. Wait until it is signed, or send it back.")
    if agreement.ended_at or agreement.ends_at <= database_now():
        raise Refused("This agreement has ended. Begin another.")
    version = AgreementVersion(agreement=agreement, number=newest.number + 1, made_by=actor.agency)
    for name in TERMS:
        setattr(version, name, getattr(current, name))
    version.save(force_insert=True)
    _allow(version, [(row.receiver_kind, row.bundle) for row in current.allowances.all()])
    record_change(actor=actor, verb="agreement.amendment_begun", obj=agreement, after={"version": version.number})
    return version


@transaction.atomic
def suspend(*, actor: Acting, agreement_uuid: uuid.UUID, reason: str) -> Agreement:
    """Suspend an agreement: whatever rests on it is closed from the next request on. Returns it.

    Any party may; the one that did alone takes it back. Again changes nothing. Raises NotVisible, NotAllowed, Refused.
    """
    agreement = _in_force(actor, agreement_uuid)
    if agreement.suspended_at is None:
        agreement.suspended_at = database_now()
        _stop(actor, agreement, "suspended_at", reason, "agreement.suspended")
    return agreement


@transaction.atomic
def resume(*, actor: Acting, agreement_uuid: uuid.UUID) -> Agreement:
    """Take a suspension back: what rested on the agreement is open again. Returns it; again changes nothing.

    Raises NotVisible, NotAllowed or Refused.
    """
    agreement = _in_force(actor, agreement_uuid)
    if agreement.suspended_at is None:
        return agreement
    if agreement.stopped_by_id not in (None, actor.agency.pk):
        raise NotAllowed(f"{agreement.stopped_by} suspended this agreement and alone takes that back.")
    before = {"suspended_at": agreement.suspended_at.isoformat()}
    agreement.suspended_at, agreement.stopped_by, agreement.stop_reason = None, None, ""
    agreement.save(update_fields=["suspended_at", "stopped_by", "stop_reason"])
    record_change(actor=actor, verb="agreement.resumed", obj=agreement, before=before)
    return agreement


@transaction.atomic
def end(*, actor: Acting, agreement_uuid: uuid.UUID, reason: str) -> Agreement:
    """End an agreement for good: whatever rests on it is closed from the next request on. Returns it.

    Any party may. Again changes nothing. Raises NotVisible, NotAllowed or Refused.
    """
    agreement = _locked(actor, agreement_uuid)
    if agreement.ended_at is None:
        agreement.ended_at = database_now()
        _stop(actor, agreement, "ended_at", reason, "agreement.ended")
    return agreement


# --- What they share -------------------------------------------------------------------------------------------------


def _must_administer(actor: Acting) -> None:
    if not administers(actor.user.pk, actor.agency.pk):
        raise NotAllowed("Only an administrator of your agency writes and signs agreements.")


def _locked(actor: Acting, agreement_uuid: uuid.UUID) -> Agreement:
    """The agreement, locked, for an administrator of a party. Raises NotVisible or NotAllowed."""
    if agreement_for(actor.agency.pk, agreement_uuid) is None:
        raise NotVisible
    _must_administer(actor)
    Agreement.objects.select_for_update(no_key=True).get(uuid=agreement_uuid)
    agreement = agreement_for(actor.agency.pk, agreement_uuid)
    if agreement is None:
        raise NotVisible
    return agreement


def _in_force(actor: Acting, agreement_uuid: uuid.UUID) -> Agreement:
    agreement = _locked(actor, agreement_uuid)
    if agreement.signed_at is None:
        raise Refused("This agreement is not signed yet.")
    if agreement.ended_at is not None or agreement.ends_at <= database_now():
        raise Refused("This agreement has ended.")
    return agreement


def _newest(agreement: Agreement) -> AgreementVersion | None:
    """The newest version that the actor may read."""
    return AgreementVersion.objects.filter(agreement=agreement).order_by("-number").first()


def _draft(actor: Acting, agreement_uuid: uuid.UUID) -> tuple[Agreement, AgreementVersion]:
    """The agreement and the draft of it that the actor's agency writes. Raises NotVisible, NotAllowed or Refused."""
    agreement = _locked(actor, agreement_uuid)
    version = _newest(agreement)
    if version is None or version.made_by_id != actor.agency.pk or version.signed_at is not None:
        raise Refused("Your agency writes no draft of this agreement. Begin an amendment.")
    if version.proposed_at is not None:
        raise Refused("This is proposed already. Have it sent back before you change it.")
    return agreement, version


def _parties(actor: Acting, partners: Iterable[Agency]) -> list[Agency]:
    """The parties in order, the actor's agency among them. Raises Refused."""
    found = {agency.pk: agency for agency in partners} | {actor.agency.pk: actor.agency}
    if len(found) < 2:
        raise Refused("Choose at least one other agency.", "partners")
    if len(found) > MOST_PARTIES:
        raise Refused(f"An agreement has {MOST_PARTIES} parties at most.", "partners")
    if any(not agency.is_active for agency in found.values()):
        raise Refused("Choose agencies that use Concord now.", "partners")
    return sorted(found.values(), key=lambda agency: agency.name)


def _rename(actor: Acting, agreement: Agreement, title: str | None, partners: Iterable[Agency] | None) -> None:
    """Another title or other parties, while nobody has signed a version."""
    if agreement.signed_at is not None:
        raise Refused("Title and parties stay as they were signed. Begin another agreement instead.", "title")
    if title is not None and title.strip() != agreement.title:
        agreement.title = title.strip()
        with refusing():
            agreement.clean_fields(exclude=[field.name for field in Agreement._meta.fields if field.name != "title"])
        agreement.save(update_fields=["title"])
    if partners is None:
        return
    wanted = {agency.pk: agency for agency in _parties(actor, partners)}
    rows = AgreementParty.objects.filter(agreement=agreement)
    rows.exclude(agency__in=wanted).delete()
    there = set(rows.values_list("agency_id", flat=True))
    AgreementParty.objects.bulk_create(
        AgreementParty(agreement=agreement, agency=agency) for number, agency in wanted.items() if number not in there
    )


def _told(agreement: Agreement, version: AgreementVersion) -> dict[str, Any]:
    """What the trail keeps of a draft."""
    rows = AgreementParty.objects.filter(agreement=agreement).order_by("agency_id")
    parties = list(rows.values_list("agency_id", flat=True))
    return {"title": agreement.title, "parties": parties, **values_of(version)}


def _apply(version: AgreementVersion, terms: Mapping[str, Any]) -> None:
    """Set terms of a draft. Raises Refused."""
    unknown = sorted(set(terms) - set(TERMS))
    if unknown:
        raise Refused(f"{unknown[0]} is no term of an agreement.", unknown[0])
    for name, value in terms.items():
        setattr(version, name, value)
    with refusing():
        version.clean_fields(exclude=["agreement", "made_by", "uuid"])
    if not set(version.purposes) <= set(Purpose.values):
        raise Refused("Choose purposes from the list.", "purposes")
    _check_days(version)


def _check_days(version: AgreementVersion) -> None:
    if version.ends_on < version.starts_on:
        raise Refused("Choose a last day that is not before the first.", "ends_on")
    if version.ends_on < timezone.localdate():
        raise Refused("Choose a last day that is still to come.", "ends_on")
    if not version.starts_on < version.review_on <= version.starts_on + LONGEST_WITHOUT_REVIEW:
        raise Refused("Choose a day for the review within three years of the start.", "review_on")


def _allow(version: AgreementVersion, allowances: Iterable[tuple[str, str]]) -> None:
    """Set what a draft lets whom have."""
    wanted = set(allowances)
    if any(kind not in AgencyKind.values for kind, _ in wanted):
        raise Refused("Choose kinds of agency from the list.", "allowances")
    rows = list(Allowance.objects.filter(version=version))
    there = {(row.receiver_kind, row.bundle): row for row in rows}
    gone = [row.pk for pair, row in there.items() if pair not in wanted]
    if gone:
        Allowance.objects.filter(pk__in=gone).delete()
    Allowance.objects.bulk_create(
        Allowance(version=version, receiver_kind=kind, bundle=bundle) for kind, bundle in sorted(wanted - set(there))
    )


def _stop(actor: Acting, agreement: Agreement, field: str, reason: str, verb: str) -> None:
    """Write that the agreement stops, and why. Raises Refused."""
    if not reason.strip():
        raise Refused("Say why; the other parties read it.", "reason")
    agreement.stopped_by, agreement.stop_reason = actor.agency, reason.strip()[:300]
    agreement.save(update_fields=[field, "stopped_by", "stop_reason"])
    moment: datetime.datetime = getattr(agreement, field)
    record_change(actor=actor, verb=verb, obj=agreement, after={field: moment.isoformat()}, reason=reason.strip())
