"""The search, and the overview of one case."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from cases.supervision.card import card_of, headline, phone_of, usual_light
from cases.supervision.codes import CASE
from cases.supervision.conditions import elapsed, grouped
from cases.supervision.forms import SearchForm
from cases.supervision.models import Case
from cases.supervision.overview import overview_of
from cases.supervision.querysets import cautions_in_force, conditions_in_force, conditions_of
from cases.supervision.reasons import reasons_of, to_read
from cases.supervision.rows import ON_A_LIST, dress, knows_status, page_of, record_shown
from sharing.access import explain
from sharing.access.pages import Blocks, Page, RecordPage

FOUND_AT_MOST = 50
SEARCHES_KEPT = 5


class Search(Page):
    """Find a person. The words travel in the body and rest in the session: no name ever stands in an address."""

    needs = {"get": NOTHING, "post": Category.EXISTENCE}
    rates = {"post": "search"}

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
            found = Case.objects.search(self.actor, words=words, limit=2, full=True)
            if len(found) == 1:
                return redirect(page_of(found[0]))
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
        beside = to_read(self.actor, cases)
        read = Blocks().together({"cautions": cautions_in_force(self.actor, cases), **beside})
        dress(cases, read["cautions"])
        told = read["aliases"] or [], read["identifiers"] or []
        reasons = reasons_of(cases, asked["words"], asked["birth_date"], *told)
        for case in cases:
            case.reasons = reasons[case.pk]  # type: ignore[attr-defined]
        record_shown(self.actor, "search", cases)
        context = {
            "section": "find",
            "asked": True,
            "query": query,
            "cases": cases,
            "knows_status": knows_status(self.actor),
            "note": _note(more),
        }
        return render(request, "cases/supervision/search.html", context)


def _note(more: bool) -> str:
    return f"There are more than {FOUND_AT_MOST}; add a birth date or a number" if more else ""


class CaseConditions(RecordPage):
    """The order a case rests on, and its conditions: those that bind, those to come, those that are past."""

    record_type = CASE
    action = "conditions"
    needs = {"get": Category.EXISTENCE}

    def get(self, request: HttpRequest, record: str) -> HttpResponse:
        """In groups, each condition with who may act on it; or that they are not shared, or could not be loaded."""
        case, now = self.frame.record, timezone.now()
        context: dict[str, Any] = {"tab": "conditions", "asked_at": now, "term": elapsed(case)}
        if Category.CONDITIONS in self.frame.opened:
            found = self.blocks.read(lambda: list(conditions_of(self.actor, case)))
            context["groups"] = None if found is None else grouped(case, found, now)
        return self.show("cases/supervision/conditions.html", ON_A_LIST | Category.CONDITIONS, context)


class CaseCard(RecordPage):
    """The status card; on a desk with the read-back beside it."""

    record_type = CASE
    action = "card"
    needs = {"get": Category.SUPERVISION}
    pane = "card"

    def get(self, request: HttpRequest, record: str) -> HttpResponse:
        """Who, what is dangerous, who answers, what police may act on, what may be searched."""
        asked_for = request.GET.get("light")
        if asked_for in ("night", "day"):
            request.session["light"] = asked_for
        case, now = self.frame.record, timezone.now()
        conditions = None
        if Category.CONDITIONS in self.frame.opened:
            conditions = self.blocks.read(lambda: list(conditions_in_force(self.actor, case)))
        here, other = ("case_card", "case_read_back") if self.pane == "card" else ("case_read_back", "case_card")
        light = request.session.get("light") or usual_light()
        context = {
            "card": card_of(case, self.around["cautions"], conditions, now),
            "headline": headline(case),
            "pane": self.pane,
            "light": light,
            "phone": phone_of(case),
            "other_url": reverse(other, args=[record]),
            "light_url": f"{reverse(here, args=[record])}?light={'day' if light == 'night' else 'night'}",
        }
        return self.show("cases/supervision/card.html", ON_A_LIST | Category.CONDITIONS, context)


class CaseReadBack(CaseCard):
    """The read-back; on a desk with the status card beside it."""

    pane = "read_back"


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
