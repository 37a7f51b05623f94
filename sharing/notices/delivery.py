"""The way out of the house: e-mail with a reference and a link, and nothing about anyone."""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage

from sharing.notices.models import Delivery, InboxItem

SUBJECT = "A shared case has changed ({reference})"
BODY = """There is news about a case that you work on with another agency.

Reference: {reference}
Read it in Concord: {link}

This message carries no details on purpose. You need to sign in to read them.
"""


def inbox_link(item: InboxItem) -> str:
    """The address of an inbox item, with the host, for a message that leaves the house."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/inbox/{item.uuid}/"


def message_id(delivery: Delivery) -> str:
    """The same for every attempt, so that a second copy can be told from a second message."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{delivery.uuid}@{host}>"


def send_email(delivery: Delivery, item: InboxItem) -> None:
    """Hand one e-mail to the mail server. Raises what the mail backend raises when it does not take it."""
    reference = str(item.uuid)[:8].upper()
    EmailMessage(
        subject=SUBJECT.format(reference=reference),
        body=BODY.format(reference=reference, link=inbox_link(item)),
        to=[delivery.user.email],
        headers={"Message-ID": message_id(delivery), "Auto-Submitted": "auto-generated"},
    ).send()
