"""The demo's own pages: choose who you are, and read the mail. They exist only in demo settings, on this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from agencies.directory.models import Agency, User
from agencies.directory.roles import ROLES
from portal.demo.mail import letters, mail_folder
from portal.demo.personas import PERSONAS, Persona
from portal.demo.world.directory import AGENCIES

ZONE = "America/New_York"  # where the demo's county lies
SIGNS_IN = "agencies.accounts.backends.PasswordBackend"

View = Callable[..., HttpResponse]


def demo_only(view: View) -> View:
    """Answers 404 outside demo settings, to a request that somebody passed on, and to any other machine."""

    @login_not_required
    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO or is_forwarded(request) or not is_local(request):
            raise Http404
        with timezone.override(ZONE):
            return view(request, *args, **kwargs)

    return guarded


def is_forwarded(request: HttpRequest) -> bool:
    """Whether a proxy has passed the request on: then it may come from anywhere."""
    return any(
        name.startswith(("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")) for name in request.META
    )


def is_local(request: HttpRequest) -> bool:
    """Whether the request comes from this machine."""
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


@demo_only
@require_GET
def personas(request: HttpRequest) -> HttpResponse:
    """The eight people; one click signs in."""
    return render(request, "portal/demo/personas.html", {"personas": [_shown(persona) for persona in PERSONAS]})


@demo_only
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign the visitor in as the persona they chose, and open Today."""
    persona = next((one for one in PERSONAS if one.code == request.POST.get("persona")), None)
    user = User.objects.filter(email=persona.email, is_active=True).first() if persona else None
    if user is None:
        raise Http404
    request.session.flush()
    login(request, user, backend=SIGNS_IN)
    return redirect("/")


@csrf_exempt  # a system sends no cookie; the answer is the same for everybody
@demo_only
@require_POST
def receiver(request: HttpRequest) -> HttpResponse:
    """The other end of the demo's webhook: takes every message and keeps none."""
    return HttpResponse(status=204)


@demo_only
@require_GET
def mailbox(request: HttpRequest) -> HttpResponse:
    """Every e-mail the demo would have sent, newest first."""
    return render(request, "portal/demo/mailbox.html", {"letters": letters(mail_folder())})


@demo_only
@require_GET
def message(request: HttpRequest, letter: str) -> HttpResponse:
    """One e-mail."""
    found = next((one for one in letters(mail_folder()) if one.id == letter), None)
    if found is None:
        raise Http404
    return render(request, "portal/demo/message.html", {"letter": found})


def _shown(persona: Persona) -> dict[str, Any]:
    agency, unit = persona.unit.split("/")
    plan = AGENCIES[agency]
    return {
        "code": persona.code,
        "name": f"{persona.title} {persona.name}".strip(),
        "agency": Agency(name=plan.name, kind=plan.kind),
        "role_label": f"{ROLES[persona.role].label}, {plan.units[unit]}",
        "text": persona.text,
    }
