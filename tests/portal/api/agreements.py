"""The agreement that an operation of the API is about: a draft, a proposal, or one in force, of probation."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.utils import timezone

from sharing.agreements.models import Agreement, AgreementParty, AgreementVersion, Allowance, Signature
from sharing.agreements.terms import digest_of
from tests import services
from tests.worlds import World

OF_A_DRAFT = {"change_agreement", "propose_agreement"}
OF_A_PROPOSAL = {"sign_agreement", "send_agreement_back"}
DAY = datetime.timedelta(days=1)


def an_agreement(world: World, user: Any, operation_id: str) -> uuid.UUID:
    """One in the state that the operation needs, written by the agency; signed by both where that is in force."""
    today, now = timezone.localdate(), timezone.now()
    probation, police = world.agencies["probation"], world.agencies["police"]
    signed = None if operation_id in OF_A_DRAFT | OF_A_PROPOSAL else now
    with services.as_job():
        agreement = Agreement.objects.create(
            title="Safer visits", starts_at=now - DAY, ends_at=now + 90 * DAY, signed_at=signed, made_by=probation,
            suspended_at=now if operation_id == "resume_agreement" else None,
        )  # fmt: skip
        AgreementParty.objects.bulk_create(AgreementParty(agreement=agreement, agency=a) for a in (probation, police))
        version = AgreementVersion.objects.create(
            agreement=agreement, made_by=probation, purposes=["supervision"], legal_authority="State Code 944.01",
            text="We tell one another.", starts_on=today, ends_on=today + 90 * DAY, review_on=today + 60 * DAY,
            proposed_at=None if operation_id in OF_A_DRAFT else now, signed_at=signed,
        )  # fmt: skip
        Allowance.objects.create(version=version, receiver_kind="municipal_police", bundle="joint_plan")
        for agency in (probation, police) if signed else ():
            Signature.objects.create(
                version=version, agency=agency, user=user, capacity="Chief", digest=digest_of(agreement, version)
            )
    return agreement.uuid


def to_sign() -> dict[str, Any]:
    """A signature under the newest proposal."""
    with services.as_job():
        version = AgreementVersion.objects.select_related("agreement").latest("pk")
        return {"number": 1, "capacity": "Chief", "digest": digest_of(version.agreement, version)}


def terms(world: World) -> dict[str, Any]:
    """A new agreement with the police."""
    today = timezone.localdate()
    return {
        "title": "Joint visits",
        "kind": "joint_visits",
        "partners": [str(world.agencies["police"].uuid)],
        "purposes": ["supervision"],
        "allowances": [{"receiver_kind": "municipal_police", "bundle": "status_card"}],
        "legal_authority": "State Code 944.01",
        "text": "We visit together.",
        "starts_on": str(today),
        "ends_on": str(today + 90 * DAY),
        "review_on": str(today + 60 * DAY),
    }
