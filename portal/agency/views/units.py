"""The agency's units, and what each role sees and does."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from agencies.directory import services as directory
from agencies.directory.categories import NOTHING, Category
from agencies.directory.models import Unit
from agencies.directory.roles import ROLES
from portal.agency.forms import UnitForm
from portal.agency.querysets import (
    units_of,
)
from portal.agency.views.base import AdministratorPage, AgencyPage
from sharing.access.errors import NotVisible, Refused
from sharing.access.pages import add_refusal


class Units(AgencyPage):
    """The agency's units."""

    tab = "units"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Every unit with how many work in it, closed ones last."""
        return self.show("units.html", {"units": units_of(self.actor.agency_id, closed=True)})


class AddUnit(AdministratorPage):
    """Make a unit."""

    tab = "units"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self.show("unit.html", {"form": UnitForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it."""
        form = UnitForm(request.POST)
        if form.is_valid():
            try:
                unit = directory.add_unit(actor=self.actor, **form.cleaned_data)
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, f"{unit.name} is there. Nobody works in it yet, and it holds no case.")
                return redirect("agency_units")
        return self.show("unit.html", {"form": form}, 400)


class OfUnit(AdministratorPage):
    """A page about one unit of the agency."""

    tab = "units"
    unit: Unit

    def enter(self, category: Category) -> None:
        """Besides: a unit of the own agency. Raises NotVisible for any other."""
        super().enter(category)
        found = units_of(self.actor.agency_id, closed=True).filter(pk=self.kwargs["unit"]).first()
        if found is None:
            raise NotVisible
        self.unit = found


class ChangeUnit(OfUnit):
    """Rename a unit, or close it."""

    def get(self, request: HttpRequest, unit: int) -> HttpResponse:
        """The form, filled."""
        return self.show_form(UnitForm(initial={"name": self.unit.name, "phone": self.unit.phone}))

    def post(self, request: HttpRequest, unit: int) -> HttpResponse:
        """Save it."""
        form = UnitForm(request.POST)
        if form.is_valid():
            try:
                changed = directory.change_unit(actor=self.actor, group_id=self.unit.pk, **form.cleaned_data)
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, f"{changed.name} is saved.")
                return redirect("agency_units")
        return self.show_form(form, status=400)

    def show_form(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """The page with the form and, below it, the way to close the unit."""
        return self.show("unit.html", {"form": form, "unit": self.unit}, status)


class CloseUnit(OfUnit):
    """Close a unit in which nobody works any more."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest, unit: int) -> HttpResponse:
        """Close it; where a rule forbids it, its page says which."""
        try:
            closed = directory.close_unit(actor=self.actor, group_id=self.unit.pk)
        except Refused as refusal:
            messages.warning(request, str(refusal))
            return redirect("unit", self.unit.pk)
        messages.success(
            request, f"{closed.name} is closed. Cases left in it stay with headquarters until they are moved."
        )
        return redirect("agency_units")


class Roles(AgencyPage):
    """What each role sees and does, in words."""

    tab = "roles"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The table of roles, as the door reads it."""
        return self.show("roles.html", {"roles": role_rows()})


def role_rows() -> list[dict[str, Any]]:
    """Each role in words: what it sees and does."""
    return [
        {"label": role.label, "explanation": role.explanation, "sees": role.sees, "does": role.does}
        for role in ROLES.values()
    ]
