"""Re-exports for Django. Nothing imports this module."""

from sharing.access.models import Circle, CircleUnit, Grant, KeptAnswer
from sharing.agreements.models import Agreement, AgreementParty, AgreementVersion, Allowance, Signature
from sharing.notices.models import (
    Claim,
    Delivery,
    InboxItem,
    NoticePreference,
    NoticeTimes,
    OutboxEvent,
    Webhook,
    WebhookSecret,
)

__all__ = [
    "Agreement",
    "AgreementParty",
    "AgreementVersion",
    "Allowance",
    "Circle",
    "CircleUnit",
    "Claim",
    "Delivery",
    "Grant",
    "InboxItem",
    "KeptAnswer",
    "NoticePreference",
    "NoticeTimes",
    "OutboxEvent",
    "Signature",
    "Webhook",
    "WebhookSecret",
]
