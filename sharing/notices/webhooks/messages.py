"""What a webhook's message says, and how it is signed (Standard Webhooks, https://www.standardwebhooks.com).

The body names what happened and where to read it: numbers and addresses, no name and no text of a record. The receiver
fetches the rest over the API, where the door answers.
"""

from __future__ import annotations

import base64
import datetime
import json
import secrets
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse
from standardwebhooks import Webhook as Signer

from sharing.notices.models import Delivery, InboxItem

TEST = "connection.test"
SECRET_BYTES = 32  # the specification asks for 24 to 64
PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh secret in the specification's form."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def body_of(delivery: Delivery, item: InboxItem | None, *, seen: bool) -> bytes:
    """The message as JSON. `item` is the receiver's inbox item; None for a test.

    Unless it is `seen`, what it is about has no number here, as the API gives the receiver none.
    """
    event = delivery.event
    data: dict[str, Any] = {}
    if event is not None and item is not None:
        data = {
            "event_id": str(event.uuid),
            "record_type": event.record_type,
            "record_id": str(event.record_id) if seen else None,
            "object_type": event.object_type or None,
            "object_id": (event.object_id or None) if seen else None,
            "news": settings.PUBLIC_URL.rstrip("/") + reverse("api:news", args=[item.uuid]),
        }
    happened_at = event.created_at if event else delivery.created_at
    said = {"type": event.kind if event else TEST, "timestamp": happened_at.isoformat(), "data": data}
    return json.dumps(said, separators=(",", ":")).encode()


def headers_for(delivery: Delivery, body: bytes, secrets_: Iterable[str], now: datetime.datetime) -> dict[str, str]:
    """The headers that let the receiver know the sender: one signature for each secret that is valid now.

    `webhook-id` is the same for every attempt, so that a receiver can pass over what it has already.
    """
    number = f"msg_{delivery.uuid.hex}"
    signatures = [Signer(secret).sign(number, now, body.decode()) for secret in secrets_]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Concord",
        "webhook-id": number,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
