"""The terms of agreements in words, alike where they are read, signed and amended."""

from __future__ import annotations

from typing import Any

from sharing.access.registry import bundles_offered
from sharing.agreements.codes import Onward, Purpose
from sharing.agreements.models import AgreementVersion
from sharing.agreements.terms import differences, kinds_in_words

LABELS = {
    "purposes": "Purposes",
    "legal_authority": "Legal authority",
    "text": "What the parties agree to",
    "onward": "Passing on",
    "max_days": "Longest single access",
    "two_sided": "Requests",
    "response_hours": "Answer to a request",
    "retention_days": "Kept by receivers",
    "starts_on": "First day",
    "ends_on": "Last day",
    "review_on": "Looked at again by",
    "allowances": "Who may be given what",
}


def terms_in_words(version: AgreementVersion) -> list[dict[str, Any]]:
    """The terms of a version, each {name, label, value or values}, in the order in which they are read."""
    labels = {code: bundle.label for code, bundle in bundles_offered().items()}
    said: dict[str, Any] = {
        "purposes": [Purpose(code).label for code in version.purposes],
        "allowances": [f"{kind}: {', '.join(found).lower()}" for kind, found in kinds_in_words(version, labels)],
        "legal_authority": version.legal_authority,
        "text": version.text,
        "onward": Onward(version.onward).label,
        "max_days": f"{version.max_days} days",
        "two_sided": "Both agencies say yes" if version.two_sided else "The owning agency says yes",
        "response_hours": f"Within {version.response_hours} hours",
        "retention_days": f"{version.retention_days} days",
        "starts_on": version.starts_on,
        "ends_on": version.ends_on,
        "review_on": version.review_on,
    }
    return [
        {"name": name, "label": LABELS[name], "value": value, "many": isinstance(value, list)}
        for name, value in said.items()
    ]


def changes_in_words(before: AgreementVersion, after: AgreementVersion) -> list[dict[str, Any]]:
    """What an amendment changes: {label, before, after} of each term in which the two differ."""
    was = {row["name"]: row for row in terms_in_words(before)}
    now = {row["name"]: row for row in terms_in_words(after)}
    return [
        {"label": LABELS[name], "before": was[name]["value"], "after": now[name]["value"], "many": now[name]["many"]}
        for name in differences(before, after)
    ]
