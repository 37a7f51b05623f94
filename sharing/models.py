"""Re-exports for Django. Nothing imports this module."""

from sharing.access.models import Circle, CircleUnit, Grant, KeptAnswer
from sharing.agreements.models import Agreement, AgreementParty
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
    "Webhook",
    "WebhookSecret",
]
