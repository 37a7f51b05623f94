"""Who works for the agency: the list, an invitation, one member and what administrators do for them."""

from __future__ import annotations

import secrets
from typing import Any, cast
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agencies.accounts import services as accounts
from agencies.accounts.services import details_state
from agencies.directory import services as directory
from agencies.directory.categories import NOTHING, Category
from agencies.directory.models import Unit, User
from agencies.directory.querysets import works_elsewhere
from agencies.directory.roles import ROLES
from agencies.directory.services import NOT_AN_ADMINISTRATOR
from portal.agency.forms import CorrectForm, CoverForm, DetailsForm, InviteForm, PeopleSearchForm, ReasonForm, RoleForm
from portal.agency.querysets import (
    HERE,
    INVITED,
    LEFT,
    STATES,
    SUSPENDED,
    administrators_of,
    covers_of,
    letters_to,
    people_of,
    roles_here,
    stand_in,
    units_of,
)
from portal.agency.views.base import AdministratorPage, AgencyPage, is_number
from portal.agency.views.units import role_rows
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.access.pages import add_refusal

PAGE_SIZE = 50
SEARCHES_KEPT = 5


_STATE_LABELS = {HERE: "Working here", INVITED: "Invited", SUSPENDED: "Suspended", LEFT: "No role now"}


_EMPTY = {
    HERE: "Nobody works in this unit.",
    INVITED: "Every invitation has been accepted.",
    SUSPENDED: "No account is suspended.",
    LEFT: "Everybody who has an account here has a role.",
}


class People(AgencyPage):
    """Who works for the agency. What is searched for rests in the session: no name ever stands in an address."""

    tab = "people"
    needs = {"get": NOTHING, "post": NOTHING}

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the words under a token, and go where it leads; no words, and everybody is shown again."""
        form = PeopleSearchForm(request.POST)
        if not form.is_valid():
            raise BadRequest("q: type a name or an e-mail, 120 characters at most.")
        words, token = form.cleaned_data["q"], ""
        if words:
            token = secrets.token_urlsafe(8)
            kept = list(request.session.get("people", {}).items())[-(SEARCHES_KEPT - 1) :]
            request.session["people"] = {**dict(kept), token: words}
        state, unit, _ = self._asked()
        return redirect(_people_url(state, unit, found=token))

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of people in one state, of one unit or all, or of those whom a search found."""
        state, unit, page = self._asked()
        found = request.GET.get("found", "")
        words = request.session.get("people", {}).get(found, "") if found else ""
        if found and not words:
            raise BadRequest("found: that search is no longer kept. Search again.")
        first = (page - 1) * PAGE_SIZE
        people: list[Any] = list(people_of(self.actor.agency_id, state, unit, words)[first : first + PAGE_SIZE])
        total = people[0].total if people else 0
        context = {
            "people": [{"person": person, "cover": stand_in(person)} for person in people],
            "total": total,
            "states": [
                {"label": label, "url": _people_url(code, found=found), "current": code == state}
                for code, label in _STATE_LABELS.items()
                if code == HERE or self.may_administer
            ],
            "state": state,
            "units": units_of(self.actor.agency_id),
            "unit": unit,
            "words": words,
            "found": found,
            "search_url": _people_url(state, unit),
            "empty_text": "Nobody in this list has this in their name or address." if words else _EMPTY[state],
            "next_url": _people_url(state, unit, page + 1, found) if first + len(people) < total else "",
            "first_url": _people_url(state, unit, found=found) if page > 1 else "",
        }
        return self.show("people.html", context)

    def _asked(self) -> tuple[str, int | None, int]:
        """Which people. Raises BadRequest rather than showing others, NotAllowed for what administrators alone see."""
        state, unit = self.request.GET.get("state", HERE), self.request.GET.get("unit", "")
        page = self.request.GET.get("page", "1")
        if not is_number(page) or not int(page):
            raise BadRequest("page: follow the link to the next page.")
        if state not in STATES:
            raise BadRequest("state: choose one of the tabs.")
        if state != HERE and not self.may_administer:
            raise NotAllowed(NOT_AN_ADMINISTRATOR)
        if not unit:
            return state, None, int(page)
        if not is_number(unit) or not Unit.objects.filter(pk=int(unit), agency=self.actor.agency).exists():
            raise BadRequest("unit: choose a unit of your agency.")
        return state, int(unit), int(page)


def _people_url(state: str, unit: int | None = None, page: int = 1, found: str = "") -> str:
    shown = {"state": "" if state == HERE else state, "unit": unit or "", "page": page if page > 1 else ""}
    given = {**shown, "found": found}
    asked = urlencode({name: value for name, value in given.items() if value})
    return reverse("agency") + (f"?{asked}" if asked else "")


class Invite(AdministratorPage):
    """Open an account for somebody."""

    tab = "people"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self.show_form(InviteForm(actor=self.actor))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Open it and have the invitation sent."""
        form = InviteForm(request.POST, actor=self.actor)
        if form.is_valid():
            given = dict(form.cleaned_data)
            try:
                person = accounts.invite(actor=self.actor, group_id=given.pop("unit"), **given)
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _invited(person))
                return redirect("member", person.pk)
        return self.show_form(form, status=400)

    def show_form(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """The page with the form."""
        return self.show("invite.html", {"form": form, "roles": role_rows()}, status)


def _invited(person: User) -> str:
    if person.has_usable_password():
        return f"{person.display} has an account already, and the role in it now. Nothing was sent."
    return f"{person.display} is invited. A letter with a link for the password is on its way; it carries no name."


class OfMember(AdministratorPage):
    """A page about one account of the agency."""

    tab = "people"
    person: User

    def enter(self, category: Category) -> None:
        """Besides: somebody of the own agency. Raises NotVisible for anybody else."""
        super().enter(category)
        self.person = directory.member(self.actor, self.kwargs["member"])


class Member(OfMember):
    """One account: its roles, and what an administrator does with it."""

    def get(self, request: HttpRequest, member: int) -> HttpResponse:
        """The account as it is."""
        return self.show_member()

    def post(self, request: HttpRequest, member: int) -> HttpResponse:
        """Give the account a further role."""
        form = RoleForm(request.POST, actor=self.actor)
        if form.is_valid():
            given = form.cleaned_data
            try:
                directory.give_role(
                    actor=self.actor, user_id=self.person.pk, group_id=given["unit"], role=given["role"]
                )
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(
                    request, f"{ROLES[given['role']].label} from now on. The next page they open knows it."
                )
                return redirect("member", self.person.pk)
        return self.show_member(form, status=400)

    def show_member(self, form: forms.Form | None = None, status: int = 200) -> HttpResponse:
        """The page, with a form for a further role."""
        roles = roles_here(self.actor.agency_id, self.person)
        shared = works_elsewhere(self.person.pk, self.actor.agency_id)
        context = {
            "person": self.person,
            "roles": roles,
            "shared": shared,
            "may_link": bool(roles) and (not shared or not self.person.has_usable_password()),
            "may_unlock": bool(roles) and not shared and get_adapter().is_locked_out(self.request, self.person.email),
            "own": self.person.pk == self.actor.user_id,
            "alone": administrators_of(self.actor.agency_id).count() == 1,
            "is_person": self.person.kind == User.Kind.PERSON,
            "letters": letters_to(self.person) if roles else [],
            "form": form or RoleForm(actor=self.actor),
        }
        return self.show("member.html", context, status)


class Details(OfMember):
    """What the account says of its owner, corrected."""

    def get(self, request: HttpRequest, member: int) -> HttpResponse:
        """The form with what it says now."""
        return self.show_form(CorrectForm(person=self.person))

    def post(self, request: HttpRequest, member: int) -> HttpResponse:
        """Correct it."""
        form = CorrectForm(request.POST, person=self.person)
        if form.is_valid():
            try:
                person = accounts.correct(actor=self.actor, user_id=self.person.pk, **form.cleaned_data)
            except Refused as refusal:
                add_refusal(form, refusal)
            except Stale as stale:
                self.person = cast(User, stale.current)
                return self.show_stale(form)
            else:
                messages.success(request, self._said(person))
                return redirect("member", self.person.pk)
        return self.show_form(form, 400)

    def show_stale(self, form: CorrectForm) -> HttpResponse:
        """What was typed, and where a colleague saved something else meanwhile; sent again, it takes its place."""
        typed = form.cleaned_data
        differ = [
            {"label": field.label, "now": getattr(self.person, name), "typed": typed[name]}
            for name, field in DetailsForm.base_fields.items()
            if getattr(self.person, name) != typed[name]
        ]
        form = CorrectForm({**typed, "seen": details_state(self.person)}, person=self.person)
        form.add_error(None, "Somebody corrected this account meanwhile. Save again to put yours in its place.")
        return self.show_form(form, 409, differ)

    def _said(self, now: User) -> str:
        """What was done, and whether its owner is told: see agencies.accounts.services.correct()."""
        if details_state(now) == details_state(self.person):
            return f"{now.display} is as it was. Nobody is told."
        saved = f"The details of {now.display} are saved."
        if now.pk == self.actor.user_id:
            return saved
        if now.is_invited:
            return f"{saved} They see them when they first sign in."
        return f"{saved} A letter tells them that something changed."

    def show_form(self, form: forms.Form, status: int = 200, differ: Any = None) -> HttpResponse:
        """The page with the form."""
        return self.show("details.html", {"person": self.person, "form": form, "differ": differ}, status)


class MemberAct(OfMember):
    """One act on an account, sent from its page, which then says what came of it."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest, member: int, **names: Any) -> HttpResponse:
        """Do it; where a rule forbids it, the page says which."""
        try:
            messages.success(request, self.act(**names))
        except Refused as refusal:
            messages.warning(request, str(refusal))
        return redirect("member", self.person.pk)

    def act(self, **names: Any) -> str:
        """Call the one service. Returns the sentence that says what was done."""
        raise NotImplementedError


class EndRole(MemberAct):
    """Take a role from somebody."""

    def act(self, **names: Any) -> str:
        """The role ends now."""
        row = directory.end_role(actor=self.actor, user_id=self.person.pk, membership_id=names["membership"])
        return f"{row.role_details.label} in {row.group.unit.name} has ended. It opens nothing from now on."


class SendLink(MemberAct):
    """Have a link for a new password sent."""

    def act(self, **names: Any) -> str:
        """A worker sends the letter."""
        accounts.send_link(actor=self.actor, user_id=self.person.pk)
        return "A letter with a link is on its way. The link works once, for three days."


class Reinstate(MemberAct):
    """Open a suspended account again."""

    def act(self, **names: Any) -> str:
        """It may sign in again."""
        accounts.reinstate(actor=self.actor, user_id=self.person.pk)
        return f"{self.person.display} may sign in again, with the roles below."


class EndLockOut(MemberAct):
    """Let somebody sign in who mistyped too often."""

    def act(self, **names: Any) -> str:
        """Forget the failures."""
        accounts.note_end_of_lock_out(actor=self.actor, user_id=self.person.pk)
        get_adapter().end_lock_out(self.request, self.person.email)
        return f"{self.person.display} may try to sign in again at once."


class MemberCover(OfMember):
    """Who answers for somebody who is away and cannot say so, as when they fall ill."""

    def get(self, request: HttpRequest, member: int) -> HttpResponse:
        """Their covers, and the form."""
        return self.show_form(CoverForm(actor=self.actor, officer=self.person))

    def post(self, request: HttpRequest, member: int) -> HttpResponse:
        """Arrange one."""
        form = CoverForm(request.POST, actor=self.actor, officer=self.person)
        if form.is_valid():
            try:
                cover = accounts.arrange_cover(actor=self.actor, officer_id=self.person.pk, **form.asked())
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(
                    request,
                    f"{cover.colleague.display} covers for {self.person.display}.{_told(self.actor, self.person)}",
                )
                return redirect("member_cover", self.person.pk)
        return self.show_form(form, status=400)

    def show_form(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """The page."""
        covers = covers_of(self.actor, self.person)
        return self.show("member_cover.html", {"person": self.person, "form": form, "covers": covers}, status)


def _told(actor: Actor, person: User) -> str:
    """That a letter goes out, where it does."""
    return "" if person.pk == actor.user_id else " A letter tells them."


class EndMemberCover(MemberAct):
    """End a cover of somebody."""

    def act(self, **names: Any) -> str:
        """It ends now."""
        if not covers_of(self.actor, self.person).filter(uuid=names["cover"]).exists():
            raise NotVisible
        accounts.end_cover(actor=self.actor, cover_uuid=names["cover"])
        return f"The cover has ended.{_told(self.actor, self.person)}"


class Suspend(OfMember):
    """Shut an account, with a reason."""

    def get(self, request: HttpRequest, member: int) -> HttpResponse:
        """What it does, and the question why."""
        return self.show("suspend.html", {"person": self.person, "form": ReasonForm()})

    def post(self, request: HttpRequest, member: int) -> HttpResponse:
        """Shut it now."""
        form = ReasonForm(request.POST)
        if form.is_valid():
            try:
                accounts.suspend(actor=self.actor, user_id=self.person.pk, reason=form.cleaned_data["reason"])
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, f"{self.person.display} is suspended. Their sessions have ended.")
                return redirect("member", self.person.pk)
        return self.show("suspend.html", {"person": self.person, "form": form}, 400)
