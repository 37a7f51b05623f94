"""Opening a case: a question a page, a look at who may be the same person, and the answers read back.

What was typed rests in the session until the case is opened, and is never part of an address.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from agencies.directory.categories import Category
from agencies.directory.dates import day_text
from agencies.directory.models import Unit
from cases.casework.forms import HomeForm, NewCaseForm, PersonForm, words
from cases.people.models import Person
from cases.supervision.services import (
    Duplicate,
    PossibleDuplicate,
    open_case,
    possible_duplicates,
    units_to_open_in,
)
from sharing.access.errors import NotAllowed, NotVisible, Refused
from sharing.access.pages import Page, add_refusal

WHO, SAME, HOME, CASE, CHECK = "case_new", "case_new_same", "case_new_home", "case_new_case", "case_new_check"


class Opening(Page):
    """A page on the way to a new case. `draft` holds what was typed on the pages before, by page."""

    needs = {"get": Category.EXISTENCE, "post": Category.EXISTENCE}
    units: list[Unit]
    draft: dict[str, Any]

    def enter(self, category: Category) -> None:
        """Whoever opens no cases is not asked about one."""
        self.units = units_to_open_in(self.actor)
        if not self.units:
            raise NotAllowed("Your role does not open cases.")
        self.draft = self.request.session.get(self.kept_under) or {"token": str(uuid.uuid4())}

    @property
    def kept_under(self) -> str:
        """Where the session keeps the draft: whoever acts for two agencies types for one of them."""
        return f"opening:{self.actor.agency_id}"

    def keep(self) -> None:
        """Keep the draft for the next page."""
        self.request.session[self.kept_under] = self.draft

    def form_of(self, page: str, data: Any = None) -> Any:
        """A page's form, with what was typed there before."""
        initial = self.draft.get(page)
        if page == WHO:
            return PersonForm(data, initial=initial)
        if page == HOME:
            return HomeForm(data, initial=initial)
        return NewCaseForm(data, actor=self.actor, units=self.units, initial=dict(initial or {}))

    def answered(self, page: str) -> Any:
        """A page's form as it was sent, valid; None where the page was not answered yet."""
        typed = self.draft.get(page)
        form = self.form_of(page, typed) if typed is not None else None
        return form if form is not None and form.is_valid() else None

    def known(self) -> Person | None:
        """The person whose case the actor works already, where they were chosen. Raises NotVisible."""
        chosen = self.draft.get("known")
        if not chosen:
            return None
        found = Person.objects.permitted(self.actor, Category.SHARE).filter(uuid=chosen).first()
        if found is None:
            raise NotVisible
        return found

    def duplicates(self, who: PersonForm) -> list[Duplicate]:
        """Who may be the person just described."""
        return possible_duplicates(actor=self.actor, person=who.person(), numbers=who.numbers())


class Question(Opening):
    """One question page: its form, and the page that follows."""

    page: ClassVar[str] = ""
    follows: ClassVar[str] = ""
    title: ClassVar[str] = ""
    text: ClassVar[str] = ""
    number: ClassVar[int] = 0
    back: ClassVar[str] = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form, as it was left."""
        if self.page != WHO and not self.answered(WHO) and not self.draft.get("known"):
            return redirect(WHO)
        return self.show_form(self.form_of(self.page))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep what was typed, and go on."""
        form = self.form_of(self.page, request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        self.draft[self.page] = {name: request.POST.get(name, "") for name in form.fields}
        goes_on = self.settled(form)
        self.keep()
        return redirect(goes_on)

    def settled(self, form: Any) -> str:
        """What a valid answer leads to."""
        return CHECK if CASE in self.draft else self.follows

    def show_form(self, form: forms.BaseForm, status: int = 200) -> HttpResponse:
        """The page."""
        context = {
            "section": "cases",
            "form": form,
            "title": self.title,
            "text": self.text,
            "number": self.number,
            "back_url": reverse(self.back) if self.back else "",
            "person": self.known(),
        }
        return render(self.request, "cases/casework/open_step.html", context, status=status)


class OpenWho(Question):
    """Who the person is."""

    rates = {"post": "openings"}  # looks for namesakes, as OpenSame and OpenCheck do
    page, follows, back, number = WHO, HOME, "", 1
    title = "Who is it?"
    text = "As the order names them. Numbers help to find out whether your agency knows the person already."

    def settled(self, form: Any) -> str:
        """To those who may be the same person, if there are any."""
        self.draft.pop("known", None)
        self.draft["apart"] = False
        return SAME if self.duplicates(form) else super().settled(form)


class OpenHome(Question):
    """Where the person lives."""

    page, follows, back, number = HOME, CASE, WHO, 2
    title = "Where do they live?"
    text = "Leave it empty where that is not known yet."


class OpenTerm(Question):
    """What the supervision is, and who works it."""

    page, follows, back, number = CASE, CHECK, WHO, 3
    title = "What is the supervision?"
    text = "Conditions, flags and documents are added once the case is open."


class OpenSame(Opening):
    """Who may be the same person: an interruption, which somebody has to answer."""

    rates = {"get": "openings", "post": "openings"}

    def get(self, request: HttpRequest) -> HttpResponse:
        """Those found, or on where there are none."""
        who = self.answered(WHO)
        if who is None:
            return redirect(WHO)
        found = self.duplicates(who)
        return self.show(found) if found else redirect(HOME)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Another person, or one of those found."""
        who = self.answered(WHO)
        if who is None:
            return redirect(WHO)
        found = self.duplicates(who)
        chosen = next((d.case for d in found if d.case and str(d.case.uuid) == request.POST.get("same")), None)
        if chosen is not None and Category.SHARE in chosen.opened:
            self.draft["known"], self.draft["apart"] = str(chosen.person.uuid), False
        elif "apart" in request.POST:
            self.draft["known"], self.draft["apart"] = "", True
        else:
            return self.show(found, status=400)
        self.keep()
        return redirect(CHECK if CASE in self.draft else CASE if self.draft["known"] else HOME)

    def show(self, found: list[Duplicate], status: int = 200) -> HttpResponse:
        """The page."""
        rows = [
            {
                "why": duplicate.why,
                "unit": duplicate.unit,
                "case": duplicate.case,
                "may_see": duplicate.case is not None and Category.SUPERVISION in duplicate.case.opened,
                "may_use": duplicate.case is not None and Category.SHARE in duplicate.case.opened,
            }
            for duplicate in found
        ]
        context = {"section": "cases", "found": rows, "back_url": reverse(WHO)}
        return render(self.request, "cases/casework/open_same.html", context, status=status)


class OpenCheck(Opening):
    """The answers read back, and the one button that opens the case."""

    rates = {"post": "openings"}

    def get(self, request: HttpRequest) -> HttpResponse:
        """The answers; back to the first page that lacks one."""
        return self.missing() or self.show()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Open the case; sent twice, the second finds the first one's."""
        lacking = self.missing()
        if lacking is not None:
            return lacking
        who, home, case, known = self.answered(WHO), self.answered(HOME), self.answered(CASE), self.known()
        try:
            opened = open_case(
                actor=self.actor,
                person=known.uuid if known else who.person(),
                numbers={} if known else who.numbers(),
                address=home.home() if home and not known else None,
                case=case.case(),
                unit_id=case.cleaned_data["unit"],
                officer_id=case.cleaned_data["officer"],
                not_a_duplicate=bool(self.draft.get("apart")),
                case_uuid=uuid.UUID(self.draft["token"]),
            )
        except PossibleDuplicate:
            return redirect(SAME)
        except Refused as refusal:
            return self.show(refusal)
        del request.session[self.kept_under]
        messages.success(request, "Case opened. Add its conditions next; nobody outside your agency sees it yet.")
        return redirect("case_overview", opened.uuid)

    def missing(self) -> HttpResponse | None:
        """The way to the first page without an answer."""
        if not self.draft.get("known") and self.answered(WHO) is None:
            return redirect(WHO)
        return redirect(CASE) if self.answered(CASE) is None else None

    def show(self, refusal: Refused | None = None) -> HttpResponse:
        """The page."""
        known = self.known()
        forms_of = {page: self.answered(page) for page in ((CASE,) if known else (WHO, HOME, CASE))}
        case = forms_of[CASE]
        if refusal:
            form = next((f for f in forms_of.values() if f is not None and refusal.field in f.fields), case)
            add_refusal(form, refusal)
        context = {
            "section": "cases",
            "person": known,
            "form": next((f for f in forms_of.values() if f is not None and f.errors), None),
            "sections": [_section(page, form) for page, form in forms_of.items() if form is not None],
        }
        return render(self.request, "cases/casework/open_check.html", context, status=400 if refusal else 200)


_TITLES = {WHO: "Who it is", HOME: "Where they live", CASE: "The supervision"}


def _section(page: str, form: Any) -> dict[str, Any]:
    answers = []
    for name, field in form.fields.items():
        value = form.cleaned_data.get(name)
        if isinstance(value, datetime.date):
            said = day_text(value)
        else:
            said = value if isinstance(value, str) and value and type(field) is forms.CharField else words(form, name)
        if said:
            answers.append({"label": field.label, "value": said})
    if not answers:
        answers = [{"label": "Address", "value": "Not known yet"}]
    return {"title": _TITLES[page], "url": reverse(page), "answers": answers}
