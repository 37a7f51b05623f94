"""My account: where I work, for whom I act, how I sign in, and where I am signed in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agencies.accounts import services
from agencies.accounts.models import AccountSession
from agencies.directory.querysets import live_memberships
from agencies.trail.services import record_change


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """The account page; in it the switch for people who work for several agencies."""
    user_id = int(request.user.pk or 0)
    rows = list(live_memberships(user_id))
    agencies = {row.group.unit.agency_id: row.group.unit.agency for row in rows}
    now = request.actor.agency.pk if request.actor else None  # type: ignore[attr-defined]
    sessions = AccountSession.objects.filter(user_id=user_id, expire_date__gt=timezone.now())
    context = {
        "section": "account",
        "memberships": [
            {
                "unit": row.group.unit,
                "role_label": row.role_details.label,
                "explanation": row.role_details.explanation,
                "until": row.until,
            }
            for row in rows
            if row.group.unit.agency_id == now
        ],
        "administers": any(row.role_details.administers for row in rows if row.group.unit.agency_id == now),
        "agencies": [
            {"id": agency.pk, "name": agency.name, "shape": agency.shape, "current": agency.pk == now}
            for agency in agencies.values()
        ],
        "sessions": [
            {
                "device": session.device or "Another program",
                "used_at": session.used_at,
                "started_at": session.started_at,
                "current": session.session_key == request.session.session_key,
            }
            for session in sessions.order_by("-used_at")
        ],
    }
    return render(request, "agencies/accounts/account.html", context)


@require_POST
def act_for(request: HttpRequest) -> HttpResponse:
    """Act for another of one's own agencies from the next page on."""
    actor = request.actor  # type: ignore[attr-defined]
    wanted = request.POST.get("agency", "")
    rows = live_memberships(int(request.user.pk or 0))
    agencies = {str(row.group.unit.agency_id): row.group.unit.agency for row in rows}
    if actor is None or wanted not in agencies:
        raise BadRequest("agency: choose one of the agencies you work for.")
    agency = agencies[wanted]
    if agency.pk != actor.agency.pk:
        record_change(
            actor=actor,
            verb="account.acts_for",
            obj=request.user,
            before={"agency": actor.agency.pk},
            after={"agency": agency.pk},
        )
    request.session["agency_id"] = agency.pk
    messages.success(request, f"You act for {agency.name} now.")
    back = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return redirect(back if own else "account")


@require_POST
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End one's sessions on every other device."""
    actor = request.actor  # type: ignore[attr-defined]
    if actor is None:
        raise PermissionDenied("This account belongs to no unit at present.")
    ended = services.sign_out_elsewhere(actor=actor, session_key=request.session.session_key or "")
    many = "session" if ended == 1 else "sessions"
    messages.success(request, f"{ended} other {many} ended." if ended else "You are signed in nowhere else.")
    return redirect("account")


@login_not_required
@require_http_methods(["GET", "POST"])
def session_left(request: HttpRequest) -> JsonResponse:
    """How long the session still lasts, in seconds: 0 where it has ended. Asking is no use of it; a POST is.

    With it the token that forms of an open page need after their owner signed in again elsewhere.
    """
    if not request.user.is_authenticated:
        return JsonResponse({"left": 0})
    left = request.session.seconds_left()  # type: ignore[attr-defined]
    answer = JsonResponse({"left": left, "account": request.user.pk, "token": get_token(request)})
    answer["Cache-Control"] = "no-store"
    return answer
