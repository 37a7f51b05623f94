"""What an agreement allows: the words of its terms, their digest, and the refusal of whatever goes beyond them."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from agencies.directory.dates import day_text
from agencies.directory.errors import Refused
from agencies.directory.models import Agency, AgencyKind
from agencies.directory.words import listed
from sharing.agreements.models import Agreement, AgreementVersion

TERMS = (
    "purposes", "legal_authority", "text", "onward", "max_days", "two_sided", "response_hours", "retention_days",
    "starts_on", "ends_on", "review_on",
)  # fmt: skip
"""The fields of a version that are its terms; besides them it has its allowances."""


def values_of(version: AgreementVersion) -> dict[str, Any]:
    """The terms of a version as JSON can hold them, its allowances as [kind of receiver, bundle], in order."""
    values = {name: getattr(version, name) for name in TERMS}
    values = {name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in values.items()}
    allowed = sorted([row.receiver_kind, row.bundle] for row in version.allowances.all())
    return {**values, "purposes": sorted(version.purposes), "allowances": allowed}


def digest_of(agreement: Agreement, version: AgreementVersion) -> str:
    """SHA-256 of the title, the parties and the terms: what a signature is under."""
    parties = sorted(str(row.agency.uuid) for row in agreement.party_rows.all())
    said = {"title": agreement.title, "parties": parties, "number": version.number, **values_of(version)}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def refuse_beyond(
    agreement: Agreement,
    terms: AgreementVersion | None,
    *,
    receivers: Iterable[Agency],
    bundle: str,
    bundle_label: str,
    purpose: str,
    purpose_label: str,
    issued_at: datetime.datetime,
    until: datetime.datetime,
) -> None:
    """Raises Refused where access would go beyond the agreement, naming the term. One without terms has no such bounds.

    `terms` is the version in force: see sharing.agreements.querysets.terms_of().
    """
    if until > agreement.ends_at:
        raise Refused(f"The agreement ends on {day_text(agreement.ends_at)}; access can last no longer.", "until")
    if terms is None:
        return
    if purpose not in terms.purposes:
        raise Refused(f"{agreement.title} does not cover this purpose ({purpose_label}). See its purposes.", "purpose")
    allowed = {(row.receiver_kind, row.bundle) for row in terms.allowances.all()}
    refused = [agency.name for agency in receivers if (agency.kind, bundle) not in allowed]
    if refused:
        raise Refused(
            f"{agreement.title} does not let {listed(refused)} have the {bundle_label.lower()}. See its bundles.",
            "bundle",
        )
    if until > issued_at + datetime.timedelta(days=terms.max_days + 1):  # given by the day: until its end
        raise Refused(
            f"{agreement.title} lets a single access last {terms.max_days} days at most. See its longest access.",
            "until",
        )


def differences(before: AgreementVersion, after: AgreementVersion) -> list[str]:
    """The names of the terms in which two versions differ, in their order; "allowances" last."""
    was, now = values_of(before), values_of(after)
    return [name for name in (*TERMS, "allowances") if was[name] != now[name]]


def kinds_in_words(version: AgreementVersion, labels: dict[str, str]) -> list[tuple[str, list[str]]]:
    """What each kind of agency may be given: (kind, bundles) in words. `labels` names the bundles by code."""
    by_kind: dict[str, list[str]] = {}
    for row in version.allowances.all():
        by_kind.setdefault(row.receiver_kind, []).append(row.bundle)
    return [
        (AgencyKind(kind).label, [labels[code] for code in labels if code in codes])
        for kind, codes in sorted(by_kind.items())
    ]
