"""E-mails about an account: a link with which its owner chooses a password, or word of a change; and no name.

The link is allauth's own for a forgotten password: signed, good for PASSWORD_RESET_TIMEOUT seconds, and for one use,
since it is bound to the password and the last sign-in that it replaces.
"""

from __future__ import annotations

import datetime

import structlog
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from agencies.accounts.models import AccountLetter
from agencies.directory.clock import DatabaseNow, database_now
from agencies.directory.models import User

RETRY_AFTER = (5, 300, 1800, 7200, 18000)  # seconds until the next attempt; a day later the link would be of little use
LEASE = datetime.timedelta(minutes=2)  # much longer than a mail server is waited for
_SUBJECTS = {
    AccountLetter.Kind.INVITATION: "Your account in Concord",
    AccountLetter.Kind.PASSWORD: "A new password for Concord",
    AccountLetter.Kind.DETAILS: "Your details in Concord",
    AccountLetter.Kind.COVER: "Who answers for you in Concord",
}
_BODY = """{opening}

Choose your password here: {link}

The link works once, for {days} days. Whoever did not expect this letter leaves it alone and tells the administrator of
their agency. Nobody from Concord ever asks for your password.
"""
_CORRECTED = """An administrator of your agency has corrected what Concord says of you: name, title, badge or phone.

How it reads now: {link}

If something in it is wrong, tell the administrator of your agency. Your address and your password are as they were.
"""
_COVERED = """An administrator of your agency has arranged or ended a cover for you: who answers while you are away.

How it stands now: {link}

If it is not as it should be, end it there, or tell the administrator of your agency.
"""
_OPENINGS = {
    AccountLetter.Kind.INVITATION: "An account in Concord has been opened for this address.",
    AccountLetter.Kind.PASSWORD: "An administrator of your agency asks you to choose a new password for Concord.",
}

_log = structlog.get_logger(__name__)


def password_link(user: User) -> str:
    """The address, with the host, at which the account's owner chooses a password."""
    names = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return settings.PUBLIC_URL.rstrip("/") + reverse("account_reset_password_from_key", kwargs=names)


def _body(kind: AccountLetter.Kind, user: User) -> str:
    if kind == AccountLetter.Kind.DETAILS:
        return _CORRECTED.format(link=settings.PUBLIC_URL.rstrip("/") + reverse("account"))
    if kind == AccountLetter.Kind.COVER:
        return _COVERED.format(link=settings.PUBLIC_URL.rstrip("/") + reverse("cover"))
    days = settings.PASSWORD_RESET_TIMEOUT // (24 * 60 * 60)
    return _BODY.format(opening=_OPENINGS[kind], link=password_link(user), days=days)


def send_due(limit: int = 100) -> int:
    """Send the letters that wait, oldest first. Returns how many went out.

    Each is claimed in one transaction, sent outside any, and marked in another: a slow mail server holds none open. One
    that fails is tried again later and given up after the last attempt, never deleted. A suspended account's waits.
    """
    sent = 0
    for _ in range(limit):
        letter = _claim()
        if letter is None:
            break
        sent += _send(letter)
    return sent


@transaction.atomic
def _claim() -> AccountLetter | None:
    """The letter that is due longest, which nobody else takes until its lease has run out."""
    letter = (
        AccountLetter.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("user")
        .filter(sent_at__isnull=True, next_attempt_at__lte=DatabaseNow(), user__is_active=True)
        .filter(attempts__lte=len(RETRY_AFTER))
        .order_by("next_attempt_at")
        .first()
    )
    if letter is not None:
        letter.attempts += 1
        letter.next_attempt_at = database_now() + LEASE
        letter.save(update_fields=["attempts", "next_attempt_at"])
    return letter


def _send(letter: AccountLetter) -> bool:
    kind = AccountLetter.Kind(letter.kind)
    try:
        EmailMessage(
            subject=_SUBJECTS[kind],
            body=_body(kind, letter.user),
            to=[letter.user.email],
            headers={"Auto-Submitted": "auto-generated"},
        ).send()
    except Exception as error:  # whatever a mail server does, the other letters go out
        _log.error("letter_failed", letter_id=letter.pk, error=type(error).__name__)
        wait = RETRY_AFTER[min(letter.attempts, len(RETRY_AFTER)) - 1]
        _ours(letter).update(next_attempt_at=database_now() + datetime.timedelta(seconds=wait))
        return False
    _ours(letter).update(sent_at=DatabaseNow())
    return True


def _ours(letter: AccountLetter) -> QuerySet[AccountLetter]:
    """The letter, unless its lease ran out and somebody else claimed it since."""
    return AccountLetter.objects.filter(pk=letter.pk, attempts=letter.attempts)
