"""Which agreements are live, what they allow, and where each stands."""

from __future__ import annotations

import datetime
import uuid

from django.db.models import Prefetch, Q, QuerySet

from agencies.directory.clock import DatabaseNow
from sharing.agreements.codes import EXPIRING, State
from sharing.agreements.models import Agreement, AgreementParty, AgreementVersion, Signature


def live_agreements() -> QuerySet[Agreement]:
    """Agreements in force at this statement, by the database's clock."""
    now = DatabaseNow()
    return Agreement.objects.filter(
        Q(starts_at__lte=now, ends_at__gt=now, signed_at__isnull=False)
        & (Q(suspended_at__isnull=True) | Q(suspended_at__gt=now))
        & (Q(ended_at__isnull=True) | Q(ended_at__gt=now))
    )


def live_between(agency_ids: set[int]) -> QuerySet[Agreement]:
    """Live agreements to which every one of these agencies is a party."""
    agreements = live_agreements()
    for agency_id in agency_ids:
        agreements = agreements.filter(party_rows__agency_id=agency_id)
    return agreements


def live_of(agency_id: int) -> QuerySet[Agreement]:
    """Live agreements to which this agency is a party, by title."""
    return live_agreements().filter(party_rows__agency_id=agency_id).order_by("title")


def agreements_for(agency_id: int) -> QuerySet[Agreement]:
    """Every agreement that the agency may know of, newest first: its drafts, and what others and it proposed or signed.

    With the parties. Row security asks the same once more.
    """
    party = Q(party_rows__agency_id=agency_id) & (Q(signed_at__isnull=False) | Q(versions__proposed_at__isnull=False))
    found = Agreement.objects.filter(Q(made_by_id=agency_id) | party).distinct().order_by("-pk")
    parties = AgreementParty.objects.select_related("agency", "liaison").order_by("agency__name")
    return found.prefetch_related(Prefetch("party_rows", parties))


def agreement_for(agency_id: int, agreement_uuid: uuid.UUID) -> Agreement | None:
    """One of agreements_for(), or None."""
    return agreements_for(agency_id).filter(uuid=agreement_uuid).first()


def versions_for(agency_id: int, agreement: Agreement) -> list[AgreementVersion]:
    """The agreement's versions that the agency may read, newest first, with what they allow and who signed."""
    mine = Q(made_by_id=agency_id) | Q(proposed_at__isnull=False)
    signed = Signature.objects.select_related("agency", "user").order_by("signed_at")
    rows = AgreementVersion.objects.filter(mine, agreement=agreement).select_related("made_by").order_by("-number")
    return list(rows.prefetch_related("allowances", Prefetch("signatures", signed)))


def terms_of(agreement: Agreement) -> AgreementVersion | None:
    """The version in force: the newest that every party signed, with its allowances; None for one without any."""
    signed = AgreementVersion.objects.filter(agreement=agreement, signed_at__isnull=False).order_by("-number")
    return signed.prefetch_related("allowances").first()


def state_of(agreement: Agreement, versions: list[AgreementVersion], now: datetime.datetime) -> State:
    """Where the agreement stands at this moment; `versions` newest first, as versions_for() gives them."""
    if (agreement.ended_at and agreement.ended_at <= now) or agreement.ends_at <= now:
        return State.ENDED
    if agreement.signed_at is None:
        return State.PROPOSED if versions and versions[0].proposed_at else State.DRAFT
    if agreement.suspended_at and agreement.suspended_at <= now:
        return State.SUSPENDED
    if agreement.starts_at > now:
        return State.WAITING
    return State.EXPIRING if agreement.ends_at <= now + EXPIRING else State.ACTIVE
