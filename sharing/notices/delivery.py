"""The way out of the house by mail: letters with a reference and a link, and nothing about anyone.

Messages to systems go through sharing/notices/webhooks/.
"""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from sharing.notices.models import Delivery, InboxItem
from sharing.notices.subjects import subject_of

RECORD = ("A shared case has changed", "There is news about a case that you work on with another agency.")
CONNECTION = ("A connection needs attention", "There is news about a connection of your agency.")
SUMMARY = "News in Concord ({number})"

BODY = """{opening}

Reference: {reference}
Read it in Concord: {link}

This message carries no details on purpose. You need to sign in to read them.
"""
SUMMARY_BODY = """{number} in your inbox that you have not read.

Read it in Concord: {link}

This message carries no details on purpose. You need to sign in to read them.
You asked for one summary a day. You can change that in Concord: {preferences}
"""


def send_email(delivery: Delivery, item: InboxItem) -> None:
    """Hand one e-mail to the mail server. Raises what the mail backend raises when it does not take it."""
    reference = str(item.uuid)[:8].upper()
    assert delivery.event is not None  # noqa: S101 - only a webhook has a test without an event
    title, opening = RECORD if subject_of(delivery.event.record_type).is_record else CONNECTION
    link = _address("inbox_item", item.uuid)
    _hand_over(delivery, f"{title} ({reference})", BODY.format(opening=opening, reference=reference, link=link))


def send_digest(deliveries: list[Delivery]) -> None:
    """Hand somebody's daily summary to the mail server: how much news waits, and where. Raises like send_email()."""
    number = "1 piece of news" if len(deliveries) == 1 else f"{len(deliveries)} pieces of news"
    body = SUMMARY_BODY.format(
        number=f"There {'is' if len(deliveries) == 1 else 'are'} {number}",
        link=_address("inbox"),
        preferences=_address("inbox_preferences"),
    )
    _hand_over(deliveries[0], SUMMARY.format(number=number), body)


def _hand_over(delivery: Delivery, subject: str, body: str) -> None:
    EmailMessage(
        subject=subject,
        body=body,
        to=[delivery.user.email],
        headers={"Message-ID": message_id(delivery), "Auto-Submitted": "auto-generated"},
    ).send()


def message_id(delivery: Delivery) -> str:
    """The same for every attempt, so that a second copy can be told from a second message."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{delivery.uuid}@{host}>"


def _address(name: str, *arguments: object) -> str:
    """An address of ours with the host, for a message that leaves the house."""
    return settings.PUBLIC_URL.rstrip("/") + reverse(name, args=arguments)
