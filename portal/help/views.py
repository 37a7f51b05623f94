"""Pages of words alone: help, what is new, accessibility. Whoever cannot sign in needs them too."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """The ten things people ask first, and whom to call."""
    return render(request, "portal/help/help.html", {"section": "help"})


@login_not_required
@require_safe
def whats_new(request: HttpRequest) -> HttpResponse:
    """What changed for those who use it, newest first."""
    return render(request, "portal/help/whats_new.html", {"section": "help"})


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement."""
    return render(request, "portal/help/accessibility.html", {"section": "help"})
