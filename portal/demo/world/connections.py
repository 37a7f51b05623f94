"""The webhook of the probation agency's own system. Its other end is a page of the demo itself."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.urls import reverse

from agencies.directory.models import User
from portal.demo.world.directory import CLIENTS, COUNTY_PROBATION, Directory
from sharing.notices.models import Webhook, WebhookSecret
from sharing.notices.webhooks.messages import new_secret


def add_webhook(directory: Directory, now: datetime.datetime) -> None:
    """A webhook that takes every message. Nobody knows its secret: replace it to try one's own receiver."""
    webhook = Webhook.objects.create(
        client=User.objects.get(kind=User.Kind.CLIENT, name=CLIENTS[COUNTY_PROBATION][0]),
        agency=directory.agencies[COUNTY_PROBATION],
        url=settings.PUBLIC_URL.rstrip("/") + reverse("demo_receiver"),
        created_at=now,
        created_by=directory.personas["administrator"],
    )
    secret = new_secret()
    WebhookSecret.objects.create(webhook=webhook, secret=secret, hint=secret[:10], created_at=now)
