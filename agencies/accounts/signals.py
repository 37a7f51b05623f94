"""What follows from signing in and out: notes in the session, and rows on the trail.

The one place where signals are received: Django sends them for every way to sign in, ours and its libraries'.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest

from agencies.accounts.sessions import device_of
from agencies.directory.querysets import live_memberships
from agencies.trail.models import SignIn
from agencies.trail.services import record_sign_in


@receiver(user_logged_in)
def note_sign_in(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """When, on what device, and for which agencies the person may act: the bar on top offers the switch from there."""
    request.session["signed_in_at"] = time.time()
    request.session["device"] = _device(request)
    agencies = {row.group.unit.agency_id: row.group.unit.agency.name for row in live_memberships(user.pk)}
    request.session["agencies"] = list(agencies.items())
    _record(request, SignIn.Outcome.IN, user)


@receiver(user_logged_out)
def note_sign_out(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """That somebody ended their session."""
    if user is not None:
        _record(request, SignIn.Outcome.OUT, user)


@receiver(user_login_failed)
def note_refusal(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """That somebody was refused, and from where; not what they typed."""
    if request is not None:
        _record(request, SignIn.Outcome.FAILED, None)


def _record(request: HttpRequest, outcome: SignIn.Outcome, user: Any) -> None:
    record_sign_in(
        outcome=outcome,
        user=user,
        device=_device(request),
        address=_address(request),
        request_id=getattr(request, "request_id", ""),
    )


def _address(request: HttpRequest) -> str | None:
    """The visitor's address, as the limits on sign-in take it; None where a request has none."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return None


def _device(request: HttpRequest) -> str:
    return device_of(request.headers.get("User-Agent", ""))
