"""Changing a case and its person, reassigning it, closing it and reopening it."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import Category
from cases.casework.forms import (
    CaseEditForm,
    CloseForm,
    Deciding,
    NewAddressForm,
    PersonEditForm,
    ReassignForm,
    ReopenForm,
    words,
)
from cases.people.models import Address, Alias, Identifier
from cases.people.services import add_address, confirm_address, end_address, update_person
from cases.supervision.closing import open_work
from cases.supervision.codes import CASE
from cases.supervision.services import close_case, reassign_case, reopen_case, state_of, update_case
from sharing.access.errors import Refused, Stale
from sharing.access.pages import RecordPage, add_refusal
from sharing.access.registry import shareable_of

SHOWN = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS
SAVED_MEANWHILE = "Somebody changed this case after you opened this page. Look at what it says now, and send it again."


class CasePage(RecordPage):
    """A page on which somebody changes a case. Subclasses say what, and call one service."""

    record_type = CASE
    action = "detail"
    needs = {"get": Category.SHARE, "post": Category.SHARE}
    template: ClassVar[str] = "cases/casework/edit.html"
    title: ClassVar[str] = ""
    text: ClassVar[str] = ""
    button: ClassVar[str] = ""
    done: ClassVar[str] = ""

    def get(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """The form, as things stand."""
        return self.show_form(self.make_form())

    def post(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """Save; what cannot be saved comes back as typed, and a stale edit beside what was saved meanwhile."""
        form = self.make_form(request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        try:
            seen = self.save(form)
        except Refused as refusal:
            add_refusal(form, refusal)
            return self.show_form(form, status=400)
        except Stale:
            self.frame = shareable_of(CASE).frame(self.actor, record)
            if not self.is_so(self.make_form(request.POST)):
                return self.show_stale(request.POST.copy())
            seen = True  # the same form sent twice
        messages.success(request, self.done)
        return redirect("case_overview", record) if seen else redirect("case_list")

    # What subclasses give

    def make_form(self, data: Any = None) -> Any:
        """The form."""
        raise NotImplementedError

    def save(self, form: Any) -> bool:
        """Call the one service. Returns whether the actor still sees the case. Raises Refused or Stale."""
        raise NotImplementedError

    def is_so(self, form: Any) -> bool:
        """Whether the case already is as the form, made over it as it stands, would have it."""
        return form.is_valid() and not set(form.changed_data) - {"reason", "seen", "seen_version"}

    # What all of them share

    @property
    def seen(self) -> str:
        """The state of the case as this page read it."""
        return state_of(self.frame.record)

    def show_form(self, form: forms.BaseForm, status: int = 200, **more: Any) -> HttpResponse:
        """The page."""
        context = {
            "tab": "overview",
            "form": form,
            "title": self.title,
            "text": self.text,
            "button": self.button,
            **more,
        }
        return self.show(self.template, SHOWN, context, status=status)

    def show_stale(self, typed: Any) -> HttpResponse:
        """The form as typed, over the newest state; and what that says where the two differ."""
        now = self.make_form()
        for name in ("seen", "seen_version"):
            if name in now.fields:
                typed[name] = now.initial[name]
        form = self.make_form(typed)
        if form.is_valid():
            form.add_error(None, SAVED_MEANWHILE)
        visible = [name for name, field in now.fields.items() if not isinstance(field.widget, forms.HiddenInput)]
        differ = [
            {"label": now.fields[name].label, "now": words(now, name), "typed": words(form, name)}
            for name in visible
            if name != "reason" and words(now, name) != words(form, name)
        ]
        return self.show_form(form, status=409, differ=differ)


class CaseEdit(CasePage):
    """Change status, level, term and offense."""

    title = "Change the supervision"
    text = "Agencies that may see status and level are told that something changed."
    button = "Save the supervision"
    done = "Supervision saved. Agencies that may see it will be told."

    def make_form(self, data: Any = None) -> CaseEditForm:
        """The case as it stands."""
        return CaseEditForm(data, instance=self.frame.record, seen=self.seen)

    def save(self, form: CaseEditForm) -> bool:
        """Change it."""
        asked = form.cleaned_data
        update_case(
            actor=self.actor,
            case_uuid=self.record_uuid,
            changes=form.changes(),
            seen=asked["seen"],
            reason=asked["reason"],
        )
        return True


class PersonEdit(CasePage):
    """Change names, birth date, numbers and other names."""

    title = "Change the person’s details"
    text = "Saving also confirms that the details are right today."
    button = "Save the details"
    done = "Details saved. Agencies that may see them will be told."

    def make_form(self, data: Any = None) -> PersonEditForm:
        """The person as they are known."""
        person = self.frame.record.person
        numbers = Identifier.objects.permitted(self.actor).filter(person=person).values_list("kind", "value")
        aliases = list(Alias.objects.permitted(self.actor).filter(person=person).order_by("pk"))
        return PersonEditForm(data, instance=person, numbers=dict(numbers), aliases=aliases)

    def save(self, form: PersonEditForm) -> bool:
        """Change them."""
        update_person(
            actor=self.actor,
            record_uuid=self.record_uuid,
            changes=form.person(),
            numbers=form.numbers(),
            aliases=form.names(),
            seen_version=form.cleaned_data["seen_version"],
            reason=form.cleaned_data["reason"],
        )
        return True


class Decision(CasePage):
    """A page for those who manage the case."""

    needs = {"get": Category.MANAGE, "post": Category.MANAGE}
    form: ClassVar[type[Deciding]]

    def make_form(self, data: Any = None) -> Deciding:
        """The question."""
        return self.form(data, case=self.frame.record, seen=self.seen)


class CaseReassign(Decision):
    """Give the case to another officer or unit."""

    form = ReassignForm
    title = "Reassign the case"
    text = "The new unit sees the case at once; one that no longer works it stops seeing it."
    button = "Reassign the case"
    done = "Case reassigned. The new officer of record will be told."

    def save(self, form: ReassignForm) -> bool:
        """Move it; whoever gives it away from all of their units no longer sees it."""
        asked = form.cleaned_data
        moved = reassign_case(
            actor=self.actor,
            case_uuid=self.record_uuid,
            officer_id=asked["officer"],
            unit_id=asked["unit"],
            reason=asked["reason"],
            seen=asked["seen"],
        )
        return moved is not None


class CaseClose(Decision):
    """Close the case, after a look at what is still open."""

    form = CloseForm
    template = "cases/casework/close.html"
    title = "Close the case"
    text = "The record stays, and can be reopened. What is open below goes on unless you end it first."
    button = "Close the case"
    done = "Case closed. Agencies that may see its status will be told."

    def show_form(self, form: forms.BaseForm, status: int = 200, **more: Any) -> HttpResponse:
        """The page, with the open work first."""
        work = self.blocks.read(lambda: open_work(self.actor, self.frame.record))
        return super().show_form(form, status, open_work=work, asked_at=timezone.now(), **more)

    def is_so(self, form: CloseForm) -> bool:
        """Whether it ended on the same day and in the same way."""
        case = self.frame.record
        return form.is_valid() and all(
            getattr(case, name) == form.cleaned_data[name] for name in ("status", "closed_on")
        )

    def save(self, form: CloseForm) -> bool:
        """Close it."""
        asked = form.cleaned_data
        close_case(
            actor=self.actor,
            case_uuid=self.record_uuid,
            status=asked["status"],
            closed_on=asked["closed_on"],
            reason=asked["reason"],
            seen=asked["seen"],
        )
        return True


class CaseReopen(Decision):
    """Take a closed case up again."""

    form = ReopenForm
    title = "Reopen the case"
    text = "It becomes active again, in the unit and with the officer that it had."
    button = "Reopen the case"
    done = "Case reopened. Agencies that may see its status will be told."

    def is_so(self, form: ReopenForm) -> bool:
        """Whether it is open."""
        return bool(self.frame.record.is_open)

    def save(self, form: ReopenForm) -> bool:
        """Reopen it."""
        asked = form.cleaned_data
        reopen_case(actor=self.actor, case_uuid=self.record_uuid, reason=asked["reason"], seen=asked["seen"])
        return True


class CaseAddresses(CasePage):
    """The addresses of the person, and the form to add one."""

    needs = {"get": Category.SHARE | Category.LOCATION, "post": Category.SHARE | Category.LOCATION}
    template = "cases/casework/addresses.html"
    title = "Addresses"
    text = "An address that nobody confirmed for half a year is shown as stale."
    button = "Add the address"
    done = "Address added. Agencies that may see addresses will be told."

    def make_form(self, data: Any = None) -> NewAddressForm:
        """An empty form with a token."""
        return NewAddressForm(data, actor=self.actor)

    def save(self, form: NewAddressForm) -> bool:
        """Add it; a second post of the same form finds the first one's."""
        values = dict(form.cleaned_data)
        token = values.pop("token")
        add_address(actor=self.actor, record_uuid=self.record_uuid, values=values, address_uuid=token)
        return True

    def show_form(self, form: forms.BaseForm, status: int = 200, **more: Any) -> HttpResponse:
        """The page, with the addresses as last confirmed."""

        def read() -> list[Address]:
            rows = Address.objects.permitted(self.actor).filter(person=self.frame.record.person_id)
            return sorted(rows, key=lambda row: (row.ended_on is not None, row.kind != "residence", -row.pk))

        return super().show_form(form, status, addresses=self.blocks.read(read), asked_at=timezone.now(), **more)


class AddressAct(RecordPage):
    """One press of a button at an address: found right today, or ended."""

    record_type = CASE
    needs = {"post": Category.SHARE | Category.LOCATION}

    def post(self, request: HttpRequest, record: uuid.UUID, address: uuid.UUID, act: str) -> HttpResponse:
        """Do it, and go back to the list."""
        service = confirm_address if act == "confirm" else end_address
        try:
            service(actor=self.actor, record_uuid=record, address_uuid=address)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            done = "Address confirmed today." if act == "confirm" else "Address ended. It stays in the list."
            messages.success(request, f"{done} Agencies that may see addresses will be told.")
        return redirect(reverse("case_addresses", args=[record]))
