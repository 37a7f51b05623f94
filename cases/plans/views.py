"""The joint plan: reading it, and adding and changing goals and actions without anybody's work being lost."""

from __future__ import annotations

import copy
import re
import uuid
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.models import Agency
from agencies.directory.words import listed
from cases.plans import services
from cases.plans.forms import ActionForm, GoalForm, PartForm, PlanForm
from cases.plans.merging import Merge, compare, resolve
from cases.plans.models import Action, Goal
from cases.plans.querysets import PlanView, latest_changes, open_plan, part_for, version_at
from cases.plans.wording import changes_between
from cases.supervision.codes import CASE
from cases.supervision.readers import readers_of
from sharing.access.errors import NotVisible, Refused, Stale
from sharing.access.pages import RecordPage, add_refusal

PLAN_SHOWN = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS | Category.PLAN_VIEW
STATUS_ORDER = ["active", "later", "reached", "dropped"]
AUDIENCE_NOTES = {0: "Supervision’s and police’s own parts", 1: "Police’s own parts", 2: "Supervision’s own parts"}


class CasePlan(RecordPage):
    """The joint plan of a case."""

    record_type = CASE
    action = "plan"
    needs = {"get": Category.PLAN_VIEW}

    def get(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """Goals with their actions and newest changes, active first."""
        view = open_plan(self.actor, self.frame.record)
        may_change = Category.PLAN_CHANGE in self.frame.opened
        context: dict[str, Any] = {"tab": "plan", "plan": view.plan if view else None, "may_change": may_change}
        if view:
            context |= _plan_context(view, latest_changes(self.actor, view.goals))
        context["audience_notes"] = [AUDIENCE_NOTES[int(self.actor.side)]]
        return self.show("cases/plans/plan.html", PLAN_SHOWN, context)


def _plan_context(view: PlanView, newest: dict[int, Any]) -> dict[str, Any]:
    cards: list[dict[str, Any]] = []
    for number, goal in enumerate(view.goals, start=1):
        change = newest.get(goal.pk)
        cards.append(
            {
                "goal": goal,
                "number": number,
                "actions": view.actions.get(goal.pk, []),
                "change": change
                and {
                    "by": change.after.changed_by.display if change.after.changed_by else "Somebody",
                    "agency": change.after.changed_by_agency,
                    "at": change.after.changed_at,
                    "reason": change.after.reason,
                    "fields": changes_between(change.before.values, change.after.values, change.after.changed_fields),
                },
            }
        )
    cards.sort(key=lambda card: STATUS_ORDER.index(card["goal"].status))
    today = timezone.localdate()
    waiting = [action for actions in view.actions.values() for action in actions if action.status == "open"]
    return {
        "cards": cards,
        "counts": {
            **{status: sum(1 for goal in view.goals if goal.status == status) for status in STATUS_ORDER},
            "late": sum(1 for action in waiting if action.due_on and action.due_on < today),
        },
        "balance": {kind: sum(1 for a in waiting if a.kind == kind) for kind in ("support", "supervise", "enforce")},
    }


class PlanStart(RecordPage):
    """Start the joint plan of a case."""

    record_type = CASE
    action = "plan"
    needs = {"get": Category.PLAN_CHANGE, "post": Category.PLAN_CHANGE}

    def get(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """The empty form."""
        return self.show_form(PlanForm())

    def post(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """Start it and go on to its first goal; where one is open already, to that one."""
        form = PlanForm(request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        try:
            services.start_plan(actor=self.actor, case_uuid=record, **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
            return self.show_form(form, status=400)
        messages.success(request, "Plan started. It needs its first goal.")
        return redirect("case_plan", record)

    def show_form(self, form: PlanForm, status: int = 200) -> HttpResponse:
        """The form page."""
        read_by, told = readers_of(self.actor, self.frame.record, Category.PLAN_VIEW, 0)
        context = {"tab": "plan", "form": form, "read_by": read_by, "told": told}
        return self.show("cases/plans/plan_form.html", PLAN_SHOWN, context, status=status)


class PlanEdit(RecordPage):
    """Adding to a plan or changing a part of it. Subclasses say what."""

    record_type = CASE
    action = "plan"
    needs = {"get": Category.PLAN_CHANGE, "post": Category.PLAN_CHANGE}
    template: ClassVar[str] = ""
    noun: ClassVar[str] = ""
    part: Any = None  # what is being changed; None when adding
    goal: Any = None  # the goal that it is, or that an action belongs to
    view: PlanView

    def enter(self, category: Category) -> None:
        """Besides the case: the open plan, and the part that the address names, if it is this case's."""
        super().enter(category)
        view = open_plan(self.actor, self.frame.record)
        if view is None:
            raise NotVisible
        self.view = view
        self.find()

    def find(self) -> None:
        """Find the part or goal that the address names. Raises NotVisible."""

    def get(self, request: HttpRequest, record: uuid.UUID, **names: uuid.UUID) -> HttpResponse:
        """The form, as the part stands now."""
        return self.show_form(self.make_form())

    def post(self, request: HttpRequest, record: uuid.UUID, **names: uuid.UUID) -> HttpResponse:
        """Save; what cannot be saved comes back as typed, and a stale edit beside what was saved meanwhile."""
        data: Any = request.POST
        if self.part is not None and "merge" in request.POST:
            data, answer = self.settle()
            if answer is not None:
                return answer
        form = self.make_form(data)
        if not form.is_valid():
            return self.show_form(form, status=400)
        try:
            saved = self.save(form)
        except Refused as refusal:
            add_refusal(form, refusal)
            return self.show_form(form, status=400)
        except Stale as stale:
            current: Any = stale.current
            if services.values_of(current) != form.kept_values():
                return self.show_merge(form, current)
            saved = current  # the same form sent twice, or both typed the same
        self.say(form, saved)
        goal = saved if isinstance(saved, Goal) else saved.goal
        return redirect(f"{reverse('case_plan', args=[record])}#goal-{goal.uuid}")

    # What subclasses give

    def make_form(self, data: Any = None) -> PartForm:
        """The form, over a copy of the part: validation writes into it."""
        raise NotImplementedError

    def save(self, form: PartForm) -> Goal | Action:
        """Call the one service. Raises Refused or Stale."""
        raise NotImplementedError

    def named(self) -> str:
        """The part in words: "Goal 1"."""
        return self.noun

    # What all of them share

    def number_of(self, goal: Goal) -> int:
        """The goal's number on this actor's plan page."""
        return [other.pk for other in self.view.goals].index(goal.pk) + 1

    def told(self, audience: int) -> tuple[list[str], list[str]]:
        """Who will read the part, and who is told of it: names."""
        return readers_of(self.actor, self.frame.record, Category.PLAN_VIEW, audience)

    def say(self, form: PartForm, saved: Any) -> None:
        """The message after saving: who will be told. It stands at the goal, where the saver lands."""
        place = str((saved if isinstance(saved, Goal) else saved.goal).uuid)
        if self.part is not None and not form.has_changed():
            messages.info(self.request, f"{self.named()} is as it was. Nobody is told.", extra_tags=place)
            return
        told = self.told(form.cleaned_data["audience"])[1]
        who = f"{listed(told)} will be told." if told else "Nobody else reads it."
        messages.success(self.request, f"{self.named()} saved. {who}", extra_tags=place)

    def show_form(self, form: PartForm, status: int = 200) -> HttpResponse:
        """The form page."""
        context = {
            "tab": "plan",
            "form": form,
            "goal": self.goal,
            "action": self.part if isinstance(self.part, Action) else None,
            "number": self.number_of(self.goal) if self.goal else None,
        }
        return self.show(self.template, PLAN_SHOWN, context, status=status)

    def show_merge(self, form: PartForm, current: Any) -> HttpResponse:
        """Both versions side by side."""
        base = version_at(self.actor, self.part, form.cleaned_data["seen_version"])
        merge = compare(
            current.VERSIONED, base.values if base else None, services.values_of(current), form.kept_values()
        )
        merge.kept.append(("reason", form.cleaned_data["reason"]))
        return self._merge_page(merge, current)

    def settle(self) -> tuple[dict[str, str], HttpResponse | None]:
        """What the reader of the merge page chose, as form data; or the page again where a choice is missing."""
        posted, names = self.request.POST, self.part.VERSIONED
        seen = posted.get("seen_version", "")
        row = version_at(self.actor, self.part, int(seen) if re.fullmatch("[0-9]{1,9}", seen) else 0)
        theirs = row.values if row else services.values_of(self.part)
        values, missing = resolve(posted, names, theirs)
        data = {**values, "seen_version": seen, "reason": posted.get("reason", "")}
        if not missing:
            return data, None
        open_names = tuple(name for name in names if f"mine_{name}" in posted)
        settled_names = tuple(name for name in names if name not in open_names)
        merge = compare(open_names, None, theirs, {name: posted[f"mine_{name}"] for name in open_names})
        rest = compare(settled_names, theirs, theirs, {name: posted.get(name, "") for name in settled_names})
        merge.settled = rest.settled
        merge.kept += [*rest.kept, ("reason", data["reason"])]
        for dispute in merge.fields:
            dispute.choice = posted.get(f"choice_{dispute.name}", "")
            dispute.written = posted.get(f"text_{dispute.name}", "")
            dispute.error = missing.get(dispute.name, "")
        return data, self._merge_page(merge, self.part, status=400)

    def _merge_page(self, merge: Merge, current: Any, status: int = 409) -> HttpResponse:
        by = version_at(self.actor, current, current.version)
        context = {
            "tab": "plan",
            "what": self.named(),
            "save_label": f"Save {self.named()[0].lower()}{self.named()[1:]}",
            "theirs": {
                "by": current.changed_by.display if current.changed_by else "Somebody",
                "agency": by.changed_by_agency if by else None,
                "at": current.updated_at,
            },
            "version": current.version,
            "fields": merge.fields,
            "settled": merge.settled,
            "kept": merge.kept,
            "total": len(current.VERSIONED),
            "told": self.told(current.audience)[1],
            "back_url": reverse("case_plan", args=[self.record_uuid]),
        }
        return self.show("cases/plans/merge.html", PLAN_SHOWN, context, status=status)


class GoalAdd(PlanEdit):
    """Add a goal."""

    template = "cases/plans/goal_form.html"
    noun = "Goal"

    def make_form(self, data: Any = None) -> PartForm:
        """An empty form with a token."""
        return GoalForm(data, actor=self.actor, case=self.frame.record, instance=Goal(), adding=True)

    def save(self, form: PartForm) -> Goal:
        """Add it; a second post of the same form finds the first one's goal."""
        return services.add_goal(
            actor=self.actor,
            plan_uuid=self.view.plan.uuid,
            values=form.changes(),
            goal_uuid=form.cleaned_data["token"],
        )


class GoalEdit(PlanEdit):
    """Change a goal."""

    template = "cases/plans/goal_form.html"
    noun = "Goal"

    def find(self) -> None:
        """The goal of the address, if it is this plan's."""
        self.part = self.goal = next((g for g in self.view.goals if g.uuid == self.kwargs["goal"]), None)
        if self.part is None:
            raise NotVisible

    def named(self) -> str:
        """Goal 1."""
        return f"Goal {self.number_of(self.goal)}"

    def make_form(self, data: Any = None) -> PartForm:
        """The goal as it stands."""
        return GoalForm(data, actor=self.actor, case=self.frame.record, instance=copy.copy(self.part), adding=False)

    def save(self, form: PartForm) -> Goal:
        """Change it."""
        return services.update_goal(
            actor=self.actor,
            goal_uuid=self.part.uuid,
            changes=form.changes(),
            seen_version=form.cleaned_data["seen_version"],
            reason=form.cleaned_data["reason"],
        )


class ActionEditing(PlanEdit):
    """What adding and changing an action share."""

    template = "cases/plans/action_form.html"
    noun = "Action"

    def agencies(self) -> list[Agency]:
        """Who may be named as doing it: the owner, the actor's own agency, and whoever is named now."""
        named = {agency.pk: agency for agency in (self.frame.record.agency, self.actor.agency)}
        if self.part is not None and self.part.owner_agency:
            named[self.part.owner_agency_id] = self.part.owner_agency
        return list(named.values())


class ActionAdd(ActionEditing):
    """Add an action to a goal."""

    def find(self) -> None:
        """The goal of the address, if it is this plan's."""
        self.goal = next((g for g in self.view.goals if g.uuid == self.kwargs["goal"]), None)
        if self.goal is None:
            raise NotVisible

    def make_form(self, data: Any = None) -> PartForm:
        """An empty form with a token, for the same readers as the goal."""
        new = Action(goal=self.goal, audience=self.goal.audience if self.goal else 0)
        return ActionForm(
            data, actor=self.actor, case=self.frame.record, instance=new, adding=True, agencies=self.agencies()
        )

    def save(self, form: PartForm) -> Action:
        """Add it; a second post of the same form finds the first one's action."""
        return services.add_action(
            actor=self.actor,
            goal_uuid=self.goal.uuid,
            values=form.changes(),
            action_uuid=form.cleaned_data["token"],
        )


class ActionEdit(ActionEditing):
    """Change an action."""

    def find(self) -> None:
        """The action of the address, if it is this plan's."""
        part = part_for(self.actor, "action", self.kwargs["action"])
        goal = next((g for g in self.view.goals if part and g.pk == part.goal_id), None)  # type: ignore[union-attr]
        if part is None or goal is None:
            raise NotVisible
        self.part, self.goal = part, goal
        self.part.goal = goal

    def make_form(self, data: Any = None) -> PartForm:
        """The action as it stands."""
        return ActionForm(
            data,
            actor=self.actor,
            case=self.frame.record,
            instance=copy.copy(self.part),
            adding=False,
            agencies=self.agencies(),
        )

    def save(self, form: PartForm) -> Action:
        """Change it."""
        return services.update_action(
            actor=self.actor,
            action_uuid=self.part.uuid,
            changes=form.changes(),
            seen_version=form.cleaned_data["seen_version"],
            reason=form.cleaned_data["reason"],
        )
