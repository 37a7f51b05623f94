"""My account: where I work, for whom I act, how I sign in."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from agencies.directory.querysets import live_memberships


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """The account page; in it the switch for people who work for several agencies."""
    rows = list(live_memberships(int(request.user.pk or 0)))
    agencies = {row.group.unit.agency_id: row.group.unit.agency for row in rows}
    now = request.actor.agency.pk if request.actor else None  # type: ignore[attr-defined]
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
        "agencies": [
            {"id": agency.pk, "name": agency.name, "shape": agency.shape, "current": agency.pk == now}
            for agency in agencies.values()
        ],
    }
    return render(request, "agencies/accounts/account.html", context)


@require_POST
def act_for(request: HttpRequest) -> HttpResponse:
    """Act for another of one's own agencies from the next page on."""
    wanted = request.POST.get("agency", "")
    rows = live_memberships(int(request.user.pk or 0))
    agencies = {str(row.group.unit.agency_id): row.group.unit.agency for row in rows}
    if wanted not in agencies:
        raise BadRequest("agency: choose one of the agencies you work for.")
    request.session["agency_id"] = agencies[wanted].pk
    messages.success(request, f"You act for {agencies[wanted].name} now.")
    return redirect("account")
