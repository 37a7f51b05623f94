"""The case list; and the pages on which people keep filters of it, choose its columns and take rows out of it."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import Category
from cases.lists.addresses import list_address
from cases.lists.beside import beside, needed, put_beside
from cases.lists.columns import CHOICES
from cases.lists.forms import (
    RECENT,
    SORTS,
    CaseListForm,
    ChosenCases,
    ColumnsForm,
    ExportForm,
    ReassignForm,
    SavedFilterForm,
    cursor_text,
    opens_cases,
)
from cases.lists.models import SavedFilter
from cases.lists.services import EXPORT_AT_MOST, choose_columns, columns_for, export_cases, remove_filter, save_filter
from cases.supervision.models import Case
from cases.supervision.querysets import ALL, MINE, REVIEW, SHARED, UNIT, CappedCount, CasePage, cautions_in_force
from cases.supervision.rows import ON_A_LIST, dress, knows_status, record_shown
from cases.supervision.services import reassign_cases
from sharing.access.errors import NotAllowed, Refused
from sharing.access.pages import Blocks, Page, add_refusal

# Tab → what an empty one says: that there is nothing, and how something comes to be here.
EMPTY = {
    MINE: "You are officer of record of no case. A case comes here when a supervisor names you on it.",
    UNIT: "Your units hold no case. Cases come here when they are opened in, or assigned to, one of your units.",
    SHARED: (
        "No case is shared with your units now. A partner agency shares a case with a unit under an agreement; it is"
        " then here, and in your inbox."
    ),
    RECENT: "You have opened no case yet. The last 25 that you open are kept here, for you alone.",
}
NOUNS = {MINE: "in your caseload", UNIT: "in your units", SHARED: "shared with you", RECENT: "that you opened last"}
HEADINGS = {
    MINE: "your caseload",
    UNIT: "your units’ cases",
    SHARED: "the cases shared with you",
    RECENT: "what you opened last",
}


class CaseList(Page):
    """Cases: mine, of my units, shared with us, or opened last."""

    needs = {"get": Category.EXISTENCE}

    def get(self, request: HttpRequest) -> HttpResponse:
        """One page of the list; a filter that is not understood shows none (400)."""
        actor = self.actor
        form = CaseListForm(request.GET, actor=actor)
        if not form.is_valid():
            tabs = _tabs(form.scopes, form.default)
            context = {"form": form, "tabs": tabs, "section": "cases", "clear_url": request.path}
            return render(request, "cases/lists/list.html", context, status=400)
        page = _page(self, form)
        scope, sort, chosen = form.narrowed.scope, form.narrowed.sort, form.chosen
        knows = knows_status(actor)
        # Who may not know status sees who holds the case and no more.
        columns = columns_for(actor, scope) if knows else ("held",)
        if sort == REVIEW and "review" not in columns:
            columns = (*columns, "review")  # by what a list is sorted, it shows
        asked = beside(actor, page.cases, columns)
        read = Blocks().together({"cautions": cautions_in_force(actor, page.cases), **asked})
        cases = dress(page.cases, read.pop("cautions"))
        put_beside(cases, read)
        record_shown(actor, "list", cases, ON_A_LIST | needed(columns))
        context = {
            "section": "cases",
            "may_open": opens_cases(actor),
            "tabs": _tabs(form.scopes, scope),
            "form": form,
            "filters": not form.recent and bool(form.visible_fields()),
            "chips": _chips(form),
            "clear_url": list_address([pair for pair in chosen if pair[0] in ("tab", "sort")]),
            "keep": [pair for pair in chosen if pair[0] in ("tab", "sort")],
            "cases": cases,
            "knows_status": knows,
            "columns": {code: code in columns for code in CHOICES},
            "missing": [code for code, rows in read.items() if rows is None],
            "sort": sort,
            "sorts": _sorts(form, sort) if knows and not form.recent else [],
            "shown": len(cases),
            "count": page.count,
            "noun": NOUNS[scope],
            "first_url": list_address(chosen) if form.cleaned_data["after"] else "",
            "next_url": list_address([*chosen, ("after", cursor_text(page.next, sort))]) if page.next else "",
            "save_url": f"{reverse('saved_filters')}?{urlencode(chosen)}" if form.chips else "",
            "carried": chosen,
            "may_reassign": Category.MANAGE in actor.role_mask,
            **_empty(form),
        }
        return render(request, "cases/lists/list.html", context)


class SavedFilters(Page):
    """The filters that somebody keeps, and keeping one more."""

    needs = {"get": Category.EXISTENCE, "post": Category.EXISTENCE}

    def get(self, request: HttpRequest) -> HttpResponse:
        """The kept filters; with a filter in the address, the form that keeps it. A piece of page for the menu."""
        if request.headers.get("HX-Request"):
            return render(request, "cases/lists/saved_menu.html", {"saved": self._kept()})
        return self._page(CaseListForm(request.GET, actor=self.actor), SavedFilterForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the filter under the name, and go to the list that it makes."""
        form, asked = SavedFilterForm(request.POST), CaseListForm(request.GET, actor=self.actor)
        if form.is_valid() and asked.is_valid() and asked.chips:
            try:
                kept = save_filter(actor=self.actor, name=form.cleaned_data["name"], query=asked.chosen)
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, f"Filter “{kept.name}” kept. It is under Saved filters.")
                return redirect(list_address(asked.chosen))
        return self._page(asked, form, status=400)

    def _kept(self) -> list[dict[str, Any]]:
        rows = SavedFilter.objects.filter(user=self.actor.user).order_by(Lower("name"))
        return [
            {"uuid": row.uuid, "name": row.name, "url": list_address([(name, value) for name, value in row.query])}
            for row in rows
        ]

    def _page(self, asked: CaseListForm, form: SavedFilterForm, status: int = 200) -> HttpResponse:
        saves = asked.is_valid() and bool(asked.chips)
        context = {
            "section": "cases",
            "saved": self._kept(),
            "form": form if saves else None,
            "chips": [words for _, _, words in asked.chips] if saves else [],
            "asked": asked,
            "list_url": list_address(asked.chosen) if asked.is_valid() else reverse("case_list"),
        }
        return render(self.request, "cases/lists/saved.html", context, status=400 if asked.errors else status)


class SavedFilterRemove(Page):
    """Forgetting a filter."""

    needs = {"post": Category.EXISTENCE}

    def post(self, request: HttpRequest, filter: uuid.UUID) -> HttpResponse:
        """Remove it, and show what is left."""
        remove_filter(actor=self.actor, filter_uuid=filter)
        messages.success(request, "The filter is removed.")
        return redirect("saved_filters")


class Columns(Page):
    """Which columns the lists show."""

    needs = {"get": Category.EXISTENCE, "post": Category.EXISTENCE}

    def get(self, request: HttpRequest) -> HttpResponse:
        """The choice as it is."""
        return self._page(ColumnsForm(initial={"columns": list(columns_for(self.actor, ALL))}))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the choice, or go back to the usual columns, and show the list."""
        form = ColumnsForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=400)
        usual = "usual" in request.POST
        choose_columns(actor=self.actor, columns=[] if usual else form.cleaned_data["columns"])
        messages.success(request, "Lists show the usual columns." if usual else "Your lists show these columns.")
        return redirect("case_list")

    def _page(self, form: ColumnsForm, status: int = 200) -> HttpResponse:
        context = {"section": "cases", "form": form, "knows_status": knows_status(self.actor)}
        return render(self.request, "cases/lists/columns.html", context, status=status)


class Export(Page):
    """Cases as a file: what is in it, what it is for, and that it is recorded."""

    needs = {"get": Category.EXISTENCE, "post": Category.EXISTENCE}

    def get(self, request: HttpRequest) -> HttpResponse:
        """What would be exported, and the question what for."""
        form = ExportForm(request.GET, actor=self.actor, asks=True)
        return self._page(form, status=200 if form.is_valid() else 400)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """The file. What is in it is in the trail before the first line leaves."""
        form = ExportForm(request.POST, actor=self.actor)
        if not form.is_valid():
            return self._page(form, status=400)
        ticked = form.cleaned_data["case"]
        if form.recent and not ticked:
            ticked = [case.uuid for case in Case.objects.recent(self.actor)]
        try:
            export = export_cases(
                actor=self.actor,
                purpose=form.cleaned_data["purpose"],
                narrowed=form.narrowed,
                case_uuids=ticked,
            )
        except Refused as refusal:
            add_refusal(form, refusal)
            return self._page(form, status=400)
        name = f"cases-{timezone.localdate().isoformat()}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(export.lines(), content_type="text/csv; charset=utf-8", headers=headers)

    def _page(self, form: ExportForm, status: int) -> HttpResponse:
        clean = getattr(form, "cleaned_data", {})
        ticked = clean.get("case") or []
        context: dict[str, Any] = {"section": "cases", "form": form, "at_most": EXPORT_AT_MOST, "ticked": len(ticked)}
        if "tab" in clean and not form.has_error("tab"):
            scope = form.narrowed.scope
            context |= {
                "heading": HEADINGS[scope],
                "chips": [words for _, _, words in form.chips],
                "count": None if ticked or form.recent else Case.objects.capped_count(self.actor, form.narrowed),
                "columns": [CHOICES[code] for code in columns_for(self.actor, scope)],
                "list_url": list_address(form.chosen),
            }
        return render(self.request, "cases/lists/export.html", context, status=status)


class Reassign(Page):
    """The ticked cases to another officer; each is asked about by itself."""

    needs = {"get": Category.MANAGE, "post": Category.MANAGE}

    def enter(self, category: Category) -> None:
        """Refuse whose roles reassign nothing at all; of each case the database asks again."""
        if category & ~self.actor.role_mask:
            raise NotAllowed("A supervisor reassigns cases.")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Which of the ticked cases may be reassigned, and the question to whom."""
        return self._page(ReassignForm(actor=self.actor), ChosenCases.read(request.GET))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Move them, and say what moved and what did not."""
        form = ReassignForm(request.POST, actor=self.actor)
        if not form.is_valid():
            return self._page(form, ChosenCases.read(request.POST), status=400)
        asked = form.cleaned_data
        try:
            done = reassign_cases(
                actor=self.actor,
                case_uuids=asked["case"],
                officer_id=asked["officer"].pk,
                unit_id=asked["unit"].pk if asked["unit"] else None,
                reason=asked["reason"],
            )
        except Refused as refusal:
            add_refusal(form, refusal)
            return self._page(form, asked["case"], status=400)
        named = {case.uuid: case for case in Case.objects.listed(self.actor, asked["case"])}
        record_shown(self.actor, "list", list(named.values()))
        context = {
            "section": "cases",
            "officer": asked["officer"],
            "moved": len(done.changed),
            "refused": [(named.get(case_uuid), why) for case_uuid, why in done.refused],
        }
        return render(request, "cases/lists/reassigned.html", context)

    def _page(self, form: ReassignForm, ticked: list[uuid.UUID], status: int = 200) -> HttpResponse:
        cases = Case.objects.listed(self.actor, ticked, Category.EXISTENCE | Category.MANAGE)
        record_shown(self.actor, "list", cases)
        context = {"section": "cases", "form": form, "cases": cases, "left_out": len(set(ticked)) - len(cases)}
        return render(self.request, "cases/lists/reassign.html", context, status=status)


def _page(view: Page, form: CaseListForm) -> CasePage:
    if form.recent:
        cases = Case.objects.recent(view.actor)
        return CasePage(cases, None, CappedCount(len(cases), True))
    return Case.objects.page(view.actor, form.narrowed, after=form.cleaned_data["after"], full=True)


def _tabs(scopes: list[tuple[str, str]], current: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": list_address([("tab", scope)]), "current": scope == current} for scope, label in scopes
    ]


def _chips(form: CaseListForm) -> list[dict[str, str]]:
    return [
        {"label": words, "url": list_address([other for other in form.chosen if other != (name, value)])}
        for name, value, words in form.chips
    ]


def _sorts(form: CaseListForm, current: str) -> list[dict[str, Any]]:
    kept = [pair for pair in form.chosen if pair[0] != "sort"]
    return [
        {
            "key": key,
            "label": label,
            "url": list_address([*kept, ("sort", key)]),
            "current": key == current,
            "direction": "ascending" if key == REVIEW else "descending",
        }
        for key, label in SORTS
        if key in dict(form.fields["sort"].choices)  # type: ignore[attr-defined]
    ]


def _empty(form: CaseListForm) -> dict[str, Any]:
    """What stands where no row does, and the next step."""
    if form.chips:
        return {
            "empty_text": "No case fits these filters.",
            "empty_steps": [("Remove all filters", reverse("case_list"))],
        }
    scope = form.narrowed.scope
    steps = [("See the cases of your unit", list_address([("tab", UNIT)]))] if scope == MINE else []
    return {"empty_text": EMPTY[scope], "empty_steps": [*steps, ("Find a person", reverse("case_search"))]}
