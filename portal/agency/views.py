"""The agency's own pages: who works here, in which unit and role, how much each carries, and who covers for whom.

They stand at the roof because they show what every floor knows: people and units, and counts of cases through the door.
"""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from agencies.accounts import services as accounts
from agencies.directory import services as directory
from agencies.directory.categories import NOTHING, Category
from agencies.directory.models import Cover, Unit, User
from agencies.directory.querysets import administers
from agencies.directory.roles import ROLES
from agencies.directory.services import NOT_AN_ADMINISTRATOR
from agencies.trail.services import record_read
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from cases.supervision.services import Reassigned, reassign_cases
from portal.agency.forms import CoverForm, InviteForm, ReasonForm, ReassignForm, RoleForm, UnitForm
from portal.agency.querysets import (
    COVERED_AT_MOST,
    DUE_WITHIN,
    HERE,
    INVITED,
    LEFT,
    STATES,
    SUSPENDED,
    Load,
    administrators_of,
    caseload,
    caseloads,
    covered_by,
    covered_cases,
    letters_to,
    own_covers,
    people_of,
    roles_here,
    stand_in,
    units_of,
    workload,
)
from sharing.access.errors import NotAllowed, NotVisible, Refused
from sharing.access.forms import end_of_day
from sharing.access.pages import Page, add_refusal

PAGE_SIZE = 50
_STATE_LABELS = {HERE: "Working here", INVITED: "Invited", SUSPENDED: "Suspended", LEFT: "No role now"}
_EMPTY = {
    HERE: "Nobody works in this unit.",
    INVITED: "Every invitation has been accepted.",
    SUSPENDED: "No account is suspended.",
    LEFT: "Everybody who has an account here has a role.",
}


class AgencyPage(Page):
    """A page of the actor's own agency; `may_administer` says whether its acts are offered."""

    needs = {"get": NOTHING}
    tab = ""
    may_administer: bool

    def enter(self, category: Category) -> None:
        """Learn whether the actor administers the agency."""
        self.may_administer = administers(self.actor.user_id, self.actor.agency_id)

    def show(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """The page under the agency's tabs."""
        around = {"section": "agency", "tab": self.tab, "may_administer": self.may_administer}
        return render(self.request, f"portal/agency/{template}", {**around, **context}, status=status)


class AdministratorPage(AgencyPage):
    """A page for the agency's administrators. Whoever changes something there has typed their password of late."""

    needs = {"get": NOTHING, "post": NOTHING}
    weighty = frozenset({"post"})

    def enter(self, category: Category) -> None:
        """Refuse everybody else."""
        super().enter(category)
        if not self.may_administer:
            raise NotAllowed(NOT_AN_ADMINISTRATOR)


class People(AgencyPage):
    """Who works for the agency."""

    tab = "people"

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of people in one state, of one unit or all."""
        state, unit, page = self._asked()
        first = (page - 1) * PAGE_SIZE
        people: list[Any] = list(people_of(self.actor.agency_id, state, unit)[first : first + PAGE_SIZE])
        total = people[0].total if people else 0
        context = {
            "people": [{"person": person, "cover": stand_in(person)} for person in people],
            "total": total,
            "states": [
                {"label": label, "url": _people_url(code), "current": code == state}
                for code, label in _STATE_LABELS.items()
                if code == HERE or self.may_administer
            ],
            "state": state,
            "units": units_of(self.actor.agency_id),
            "unit": unit,
            "empty_text": _EMPTY[state],
            "next_url": _people_url(state, unit, page + 1) if first + len(people) < total else "",
            "first_url": _people_url(state, unit) if page > 1 else "",
        }
        return self.show("people.html", context)

    def _asked(self) -> tuple[str, int | None, int]:
        """Which people. Raises BadRequest rather than showing others, NotAllowed for what administrators alone see."""
        state, unit = self.request.GET.get("state", HERE), self.request.GET.get("unit", "")
        page = self.request.GET.get("page", "1")
        if not _is_number(page) or not int(page):
            raise BadRequest("page: follow the link to the next page.")
        if state not in STATES:
            raise BadRequest("state: choose one of the tabs.")
        if state != HERE and not self.may_administer:
            raise NotAllowed(NOT_AN_ADMINISTRATOR)
        if not unit:
            return state, None, int(page)
        if not _is_number(unit) or not Unit.objects.filter(pk=int(unit), agency=self.actor.agency).exists():
            raise BadRequest("unit: choose a unit of your agency.")
        return state, int(unit), int(page)


def _is_number(asked: str) -> bool:
    """Whether an address asks by a number that a row may have."""
    return asked.isascii() and asked.isdecimal() and len(asked) < 10


def _people_url(state: str, unit: int | None = None, page: int = 1) -> str:
    given = {"state": "" if state == HERE else state, "unit": unit or "", "page": page if page > 1 else ""}
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
        return self.show("invite.html", {"form": form, "roles": _role_rows()}, status)


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
        context = {
            "person": self.person,
            "roles": roles_here(self.actor.agency_id, self.person),
            "own": self.person.pk == self.actor.user_id,
            "alone": administrators_of(self.actor.agency_id).count() == 1,
            "is_person": self.person.kind == User.Kind.PERSON,
            "letters": letters_to(self.person),
            "form": form or RoleForm(actor=self.actor),
        }
        return self.show("member.html", context, status)


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
        row = directory.end_role(actor=self.actor, membership_id=names["membership"])
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
        return self.show("roles.html", {"roles": _role_rows()})


def _role_rows() -> list[dict[str, Any]]:
    return [
        {"label": role.label, "explanation": role.explanation, "sees": role.sees, "does": role.does}
        for role in ROLES.values()
    ]


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
        rows: list[Load] = found.officers[chosen] if chosen else [load for _, load in units]
        total = Load("All", "")
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
                return self._told(done, form.officer_name(), cases)
        return self.show_caseload(cases, form, status=400)

    def _caseload(self, asked: str) -> list[Case]:
        found = caseload(self.actor, int(asked)) if _is_number(asked) else []
        if not found:
            raise NotVisible
        return found

    def _told(self, done: Reassigned, officer: str, cases: list[Case]) -> HttpResponse:
        moved = len(done.changed)
        messages.success(
            self.request, f"{moved} case{'' if moved == 1 else 's'} moved to {officer}. Both officers will be told."
        )
        numbers = {case.uuid: case.number for case in cases}
        for case_uuid, why in done.refused:
            messages.warning(self.request, f"{numbers.get(case_uuid, 'A case')} did not move. {why}")
        left = caseload(self.actor, cases[0].officer_id or 0)
        address = reverse("agency_reassign")
        return redirect(f"{address}?{urlencode({'officer': cases[0].officer_id})}" if left else address)

    def show_caseload(self, cases: list[Case], form: forms.Form | None, status: int = 200) -> HttpResponse:
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
            given = form.cleaned_data
            try:
                cover = directory.arrange_cover(
                    actor=self.actor,
                    colleague_id=given["colleague"],
                    starts_at=timezone.make_aware(datetime.datetime.combine(given["starts"], datetime.time())),
                    until=end_of_day(given["until"]),
                )
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
