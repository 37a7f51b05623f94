"""How much each carries, moving a caseload, and who covers for whom."""

from __future__ import annotations

from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from agencies.directory import services as directory
from agencies.directory.categories import NOTHING, Category
from agencies.directory.models import Cover
from agencies.trail.services import record_read
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from cases.supervision.querysets import OWN_OPEN_BY_REVIEW
from cases.supervision.services import Reassigned, reassign_cases
from portal.agency.forms import CoverForm, ReassignForm
from portal.agency.querysets import (
    COVERED_AT_MOST,
    DUE_WITHIN,
    Load,
    caseload,
    caseloads,
    covered_by,
    covered_cases,
    own_covers,
    workload,
)
from portal.agency.views.base import AgencyPage, is_number
from sharing.access.errors import NotAllowed, NotVisible, Refused
from sharing.access.pages import Page, add_refusal


class WorkloadPage(AgencyPage):
    """How much each officer and unit carries, of what the viewer may see."""

    tab = "workload"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Counts by unit, and of one unit by officer."""
        found = workload(self.actor)
        asked = request.GET.get("unit", "")
        if asked and asked not in map(str, found.units):
            raise BadRequest("unit: choose one of the units on the page.")
        units = sorted(found.units.items(), key=lambda pair: pair[1].name)
        chosen = int(asked) if asked else (units[0][0] if len(units) == 1 else None)
        for number, load in units:
            load.cases_url = load.reviews_url = f"?unit={number}"
        rows: list[Load] = found.officers[chosen] if chosen else [load for _, load in units]
        total = Load("All", "")
        if not chosen or len(units) == 1:  # no list holds the cases of one unit of several
            total.stand_on(OWN_OPEN_BY_REVIEW)
        for row in rows:
            total.add(row)
        context = {
            "rows": rows,
            "total": total,
            "by": "officer" if chosen else "unit",
            "days": DUE_WITHIN.days,
            "may_reassign": Category.MANAGE in self.actor.role_mask,
            "chosen": found.units[chosen] if chosen else None,
            "units": [
                {"label": load.name, "url": f"?unit={number}", "current": number == chosen, "count": load.cases}
                for number, load in units
            ],
        }
        return self.show("workload.html", context)


class Reassign(AgencyPage):
    """Move the caseload of an officer who leaves, all of it or some, to a colleague."""

    tab = "workload"
    needs = {"get": NOTHING, "post": NOTHING}

    def enter(self, category: Category) -> None:
        """Refuse whoever manages no case."""
        super().enter(category)
        if Category.MANAGE not in self.actor.role_mask:
            raise NotAllowed("Whoever manages cases, such as a supervisor, moves them to another officer.")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Whose caseload; once that is chosen, its cases and the question to whom."""
        asked = request.GET.get("officer", "")
        if not asked:
            return self.show("reassign.html", {"caseloads": caseloads(self.actor)})
        return self.show_caseload(self._caseload(asked), None)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Move the chosen cases; the page says what became of each that did not move."""
        cases = self._caseload(request.GET.get("officer", ""))
        form = ReassignForm(request.POST, actor=self.actor, cases=cases)
        if form.is_valid():
            given = form.cleaned_data
            try:
                done = reassign_cases(
                    actor=self.actor,
                    case_uuids=given["cases"],
                    officer_id=given["officer"],
                    unit_id=given["unit"],
                    reason=given["reason"],
                )
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                return self._told(done, form, cases)
        return self.show_caseload(cases, form, status=400)

    def _caseload(self, asked: str) -> list[Case]:
        found = caseload(self.actor, int(asked)) if is_number(asked) else []
        if not found:
            raise NotVisible
        return found

    def _told(self, done: Reassigned, form: ReassignForm, cases: list[Case]) -> HttpResponse:
        moved, stayed = len(done.changed), len(done.refused)
        if moved:
            told = f"{moved} case{'' if moved == 1 else 's'} moved to {form.officer_name()}"
            told += f", {stayed} did not." if stayed else "."
            messages.success(self.request, f"{told} Both officers will be told.")
        address = reverse("agency_reassign")
        left = caseload(self.actor, cases[0].officer_id or 0)
        if stayed and left:
            form.keep_refused(done.refused, cases)
            return self.show_caseload(left, form, status=200 if moved else 400, moved=moved)
        return redirect(f"{address}?{urlencode({'officer': cases[0].officer_id})}" if left else address)

    def show_caseload(
        self, cases: list[Case], form: forms.Form | None, status: int = 200, moved: int = 0
    ) -> HttpResponse:
        """The cases of one officer, each with a box, and the form; leaves the one read event."""
        record_read(
            actor=self.actor,
            action="list",
            record_type=CASE,
            record_ids=[case.uuid for case in cases],
            categories=Category.EXISTENCE | Category.SUPERVISION,
        )
        form = form or ReassignForm(actor=self.actor, cases=cases)
        chosen = set(form["cases"].value() or [])
        context = {
            "from_officer": cases[0].officer,
            "cases": [{"case": case, "chosen": str(case.uuid) in chosen} for case in cases],
            "form": form,
            "summary": "These cases did not move" if moved else "Nothing has moved",
        }
        return self.show("reassign_caseload.html", context, status)


class CoverPage(Page):
    """Who answers while I am away, and for whom I answer."""

    needs = {"get": NOTHING, "post": NOTHING}

    def get(self, request: HttpRequest) -> HttpResponse:
        """Both lists, and the form."""
        return self.show(CoverForm(actor=self.actor))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Arrange a cover, whole days."""
        form = CoverForm(request.POST, actor=self.actor)
        if form.is_valid():
            try:
                cover = directory.arrange_cover(actor=self.actor, **form.asked())
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                name = cover.colleague.display
                messages.success(request, f"{name} covers for you. They get your news; it opens no case to them.")
                return redirect("cover")
        return self.show(form, status=400)

    def show(self, form: CoverForm, status: int = 200) -> HttpResponse:
        """The page."""
        context = {
            "section": "account",
            "form": form,
            "own": own_covers(self.actor),
            "covering": covered_by(self.actor),
            "now": timezone.now(),
        }
        return render(self.request, "portal/agency/cover.html", context, status=status)


class EndCover(Page):
    """End one's own cover."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest, cover: str) -> HttpResponse:
        """It ends now."""
        directory.end_cover(actor=self.actor, cover_uuid=cover)  # type: ignore[arg-type]
        messages.success(request, "The cover has ended. Your news reaches you alone again.")
        return redirect("cover")


class Covered(Page):
    """The cases of a colleague for whom one answers, as far as one's own keys open them."""

    needs = {"get": NOTHING}
    cover: Cover

    def enter(self, category: Category) -> None:
        """A cover in force that names the actor. Raises NotVisible for any other."""
        found = covered_by(self.actor).filter(uuid=self.kwargs["cover"]).first()
        if found is None:
            raise NotVisible
        self.cover = found

    def get(self, request: HttpRequest, cover: str) -> HttpResponse:
        """The list, next review first."""
        found = covered_cases(self.actor, self.cover)
        cases = found[:COVERED_AT_MOST]
        record_read(
            actor=self.actor,
            action="list",
            record_type=CASE,
            record_ids=[case.uuid for case in cases],
            categories=Category.EXISTENCE | Category.SUPERVISION,
        )
        context = {
            "section": "account",
            "cover": self.cover,
            "cases": cases,
            "more": len(found) > len(cases),
        }
        return render(request, "portal/agency/covered.html", context)
