"""The search, and the overview of one case."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from cases.supervision.codes import CASE
from cases.supervision.forms import SearchForm
from cases.supervision.models import Case
from cases.supervision.overview import overview_of
from cases.supervision.rows import ON_A_LIST, dressed, knows_status, record_shown
from sharing.access import explain
from sharing.access.pages import Blocks, Page, RecordPage

FOUND_AT_MOST = 50
SEARCHES_KEPT = 5


class Search(Page):
    """Find a person. The words travel in the body and rest in the session: no name ever stands in an address."""

    needs = {"get": NOTHING, "post": Category.EXISTENCE}

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty form."""
        return render(request, "cases/supervision/search.html", {"section": "find"})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the words under a token and go where it leads; straight to the case on one hit of a number."""
        form = SearchForm(request.POST)
        if not form.is_valid():
            context = {"section": "find", "form": form, "query": request.POST.get("q", "")}
            return render(request, "cases/supervision/search.html", context, status=400)
        words = form.cleaned_data["words"]
        if len(words) == 1 and any(character.isdigit() for character in words[0]):
            found = Case.objects.search(self.actor, words=words, limit=2)
            if len(found) == 1:
                return redirect("case_overview", found[0].uuid)
        token = secrets.token_urlsafe(16)
        kept = list(request.session.get("searches", {}).items())[-(SEARCHES_KEPT - 1) :]
        request.session["searches"] = {**dict(kept), token: form.cleaned_data["q"]}
        return redirect("case_found", token)


class Found(Page):
    """What a search found, asked anew each time: access may have ended since."""

    needs = {"get": Category.EXISTENCE}

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """The hits, best first, or word that the search is no longer kept."""
        query = request.session.get("searches", {}).get(token)
        form = SearchForm({"q": query})
        if query is None or not form.is_valid():
            return render(request, "cases/supervision/search.html", {"section": "find", "expired": True}, status=404)
        asked = form.cleaned_data
        cases = Case.objects.search(
            self.actor, words=asked["words"], birth_date=asked["birth_date"], limit=FOUND_AT_MOST + 1, full=True
        )
        more, cases = len(cases) > FOUND_AT_MOST, cases[:FOUND_AT_MOST]
        dressed(self.actor, cases, Blocks())
        record_shown(self.actor, "search", cases)
        context = {
            "section": "find",
            "asked": True,
            "query": query,
            "cases": cases,
            "knows_status": knows_status(self.actor),
            "note": _note(asked["words"], cases, more),
        }
        return render(request, "cases/supervision/search.html", context)


def _note(words: list[str], cases: list[Case], more: bool) -> str:
    if more:
        return f"There are more than {FOUND_AT_MOST}; add a birth date or a number"
    names = {part.lower() for case in cases for part in case.person.display.split()}
    missing = [word for word in words if word.isalpha() and not any(n.startswith(word.lower()) for n in names)]
    return f"Nobody is called “{missing[0]}”; close spellings and aliases are shown" if cases and missing else ""


class CaseOverview(RecordPage):
    """One case at a glance."""

    record_type = CASE
    needs = {"get": Category.EXISTENCE}

    def get(self, request: HttpRequest, record: str) -> HttpResponse:
        """Conditions in force, term, plan, dates, what is withheld and who else can see it."""
        case, opened = self.frame.record, self.frame.opened
        context = {
            **overview_of(self.actor, case, self.blocks),
            "tab": "overview",
            "asked_at": timezone.now(),
            "withheld": explain.withheld(opened) if case.agency_id != self.actor.agency_id else [],
        }
        shown = ON_A_LIST | Category.CONDITIONS | Category.PLAN_VIEW | Category.LOCATION
        return self.show("cases/supervision/overview.html", shown, context)
