"""Re-exports for Django. Nothing imports this module."""

from sharing.access.models import Circle, CircleUnit, Grant, KeptAnswer
from sharing.agreements.models import Agreement, AgreementParty
from sharing.notices.models import Delivery, InboxItem, OutboxEvent

__all__ = [
    "Agreement",
    "AgreementParty",
    "Circle",
    "CircleUnit",
    "Delivery",
    "Grant",
    "InboxItem",
    "KeptAnswer",
    "OutboxEvent",
]
