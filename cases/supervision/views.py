"""The case list, the search, and the overview of one case."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category, union
from agencies.directory.models import Side
from agencies.trail.services import record_read
from cases.supervision.codes import CASE
from cases.supervision.forms import SCOPES, SORTS, CaseListForm, SearchForm, cursor_text
from cases.supervision.frame import names_for_templates
from cases.supervision.models import Case
from cases.supervision.overview import overview_of
from cases.supervision.querysets import MINE, REVIEW, SHARED, UNIT, cautions_of
from sharing.access import explain
from sharing.access.actors import Actor
from sharing.access.pages import Blocks, Page, RecordPage

FOUND_AT_MOST = 50
SEARCHES_KEPT = 5
ON_A_LIST = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS
EMPTY = {
    MINE: "You are officer of record of no case.",
    UNIT: "Your units hold no case.",
    SHARED: "No case is shared with your units now.",
}
NOUNS = {MINE: "in your caseload", UNIT: "in your units", SHARED: "shared with you"}


def scopes_of(actor: Actor) -> tuple[list[tuple[str, str]], str]:
    """The tabs that can hold something for this actor, and the one to begin with."""
    if actor.side != Side.SUPERVISION:
        return [scope for scope in SCOPES if scope[0] == SHARED], SHARED
    mask = actor.role_mask
    works_cases = Category.SHARE in mask and Category.MANAGE not in mask
    return SCOPES, MINE if works_cases else UNIT


def knows_status(actor: Actor) -> bool:
    """Whether the actor's roles open status, level and cautions at all; when a case last changed goes with them."""
    return Category.SUPERVISION in actor.role_mask


def dressed(actor: Actor, cases: list[Case], blocks: Blocks) -> list[Case]:
    """The cases of a list with `sees` and `shown_cautions`, as templates/cases/supervision/list.html takes them."""
    cautions = blocks.read(lambda: cautions_of(actor, cases))
    for case in cases:
        case.sees = names_for_templates(case.opened)  # type: ignore[attr-defined]
        case.shown_cautions = None if cautions is None else cautions.get(case.pk, [])  # type: ignore[attr-defined]
    return cases


def record_shown(actor: Actor, action: str, cases: list[Case]) -> None:
    """The read event of a list."""
    record_read(
        actor=actor,
        action=action,
        record_type=CASE,
        record_ids=[case.uuid for case in cases],
        categories=union(case.opened for case in cases) & ON_A_LIST,
    )


class CaseList(Page):
    """Cases: mine, of my units, or shared with us."""

    needs = {"get": Category.EXISTENCE}

    def get(self, request: HttpRequest) -> HttpResponse:
        """One page of the list; a filter that is not understood shows none (400)."""
        actor = self.actor
        scopes, default = scopes_of(actor)
        knows = knows_status(actor)
        form = CaseListForm(request.GET, scopes=scopes, default=default, knows_status=knows)
        if not form.is_valid():
            context = {"form": form, "tabs": _tabs(scopes, default), "section": "cases", "clear_url": request.path}
            return render(request, "cases/supervision/list.html", context, status=400)
        narrowed = form.narrowed
        page = Case.objects.page(actor, narrowed, after=form.cleaned_data["after"], full=True)
        cases = dressed(actor, page.cases, Blocks())
        record_shown(actor, "list", cases)
        chosen = _chosen(form)
        filtered = bool(narrowed.statuses or narrowed.risk_levels)
        context = {
            "section": "cases",
            "tabs": _tabs(scopes, narrowed.scope),
            "form": form,
            "chips": _chips(form, chosen),
            "clear_url": _url([pair for pair in chosen if pair[0] in ("tab", "sort")]),
            "keep": [pair for pair in chosen if pair[0] in ("tab", "sort")],
            "cases": cases,
            "knows_status": knows,
            "sort": narrowed.sort,
            "sorts": _sorts(form, chosen, narrowed.sort) if knows else [],
            "show_officer": narrowed.scope != MINE,
            "shown": len(cases),
            "count": page.count,
            "noun": NOUNS[narrowed.scope],
            "first_url": _url(chosen) if form.cleaned_data["after"] else "",
            "next_url": _url([*chosen, ("after", cursor_text(page.next, narrowed.sort))]) if page.next else "",
            "empty_text": "No case fits these filters." if filtered else EMPTY[narrowed.scope],
            "empty_url": request.path if filtered else reverse("case_search"),
            "empty_label": "Remove all filters" if filtered else "Find a person",
        }
        return render(request, "cases/supervision/list.html", context)


def _url(pairs: list[tuple[str, str]]) -> str:
    return f"{reverse('case_list')}{'?' if pairs else ''}{urlencode(pairs)}"


def _tabs(scopes: list[tuple[str, str]], current: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "count": None, "url": _url([("tab", scope)]), "current": scope == current}
        for scope, label in scopes
    ]


def _chosen(form: CaseListForm) -> list[tuple[str, str]]:
    """Every parameter that was given and understood, without the page."""
    asked = form.cleaned_data
    single = [(name, asked[name]) for name in ("tab", "sort") if asked[name]]
    return single + [(name, str(value)) for name in ("status", "risk") for value in asked.get(name) or ()]


def _chips(form: CaseListForm, chosen: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [
        {
            "label": dict(form.fields[name].choices)[int(value)],  # type: ignore[attr-defined]
            "url": _url([other for other in chosen if other != (name, value)]),
        }
        for name, value in chosen
        if name in ("status", "risk")
    ]


def _sorts(form: CaseListForm, chosen: list[tuple[str, str]], current: str) -> list[dict[str, Any]]:
    kept = [pair for pair in chosen if pair[0] != "sort"]
    return [
        {
            "key": key,
            "label": label,
            "url": _url([*kept, ("sort", key)]),
            "current": key == current,
            "direction": "ascending" if key == REVIEW else "descending",
        }
        for key, label in SORTS
        if key in dict(form.fields["sort"].choices)  # type: ignore[attr-defined]
    ]


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
            **overview_of(self.actor, case, self.blocks.read),
            "tab": "overview",
            "asked_at": timezone.now(),
            "withheld": explain.withheld(opened) if case.agency_id != self.actor.agency_id else [],
        }
        shown = ON_A_LIST | Category.CONDITIONS | Category.PLAN_VIEW | Category.LOCATION
        return self.show("cases/supervision/overview.html", shown, context)
