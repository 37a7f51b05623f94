"""Pages of words alone: help, types of problems, what is new, accessibility. Whoever cannot sign in needs them too."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.problems import TYPES, title_of


@login_not_required
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """The ten things people ask first, and whom to call."""
    return render(request, "portal/help/help.html", {"section": "help"})


@login_not_required
@require_safe
def problem_type(request: HttpRequest, kind: str) -> HttpResponse:
    """What a type of problem of the API means, below the address that its answers name (RFC 9457)."""
    if kind not in TYPES:
        raise Http404
    others = [(other, title_of(other)) for other in TYPES if other != kind]
    context = {"section": "help", "title": title_of(kind), "text": TYPES[kind], "others": others}
    return render(request, "portal/help/problem.html", context)


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
