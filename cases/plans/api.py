"""Joint plans over the API: the plan, its goals and actions, and what each was before."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from agencies.directory.categories import Category
from cases.plans import services
from cases.plans.events import told_by
from cases.plans.models import Action, ActionVersion, Goal, GoalVersion
from cases.plans.querysets import PlanView, open_plan, part_for
from cases.plans.serializers import (
    ActionAnswer,
    ActionChange,
    ActionInput,
    ActionList,
    ActionParameters,
    GoalAnswer,
    GoalChange,
    GoalInput,
    GoalList,
    GoalParameters,
    PlanAnswer,
    PlanInput,
    VersionAnswer,
    VersionList,
)
from cases.supervision.codes import CASE
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible
from sharing.access.rest import DoorView, PageParameters, digest_tag, page_of
from sharing.notices.models import OutboxEvent

TAGS = ["Plans"]


class CasePlanView(DoorView):
    """The open plan of a case."""

    categories = {"get": Category.PLAN_VIEW, "post": Category.PLAN_CHANGE}
    shows = PlanAnswer
    expands = {"case": "case_url"}

    @extend_schema(operation_id="read_plan", responses=PlanAnswer, tags=TAGS)
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Read the open plan of a case with its goals and actions."""
        case = self.record(CASE, case_uuid)
        data = self.shown(case)
        self.note_read("plan", [case], Category.PLAN_VIEW)
        return self.tagged(data, digest_tag(data))

    @extend_schema(
        operation_id="start_plan", request=PlanInput, responses={200: PlanAnswer, 201: PlanAnswer}, tags=TAGS
    )
    def post(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Start the joint plan of a case (201). Where one is open, nothing changes and that one is given (200)."""
        case = self.record(CASE, case_uuid)
        values = self.body(PlanInput)
        status = 201 if open_plan(self.actor, case) is None else 200
        services.start_plan(actor=self.actor, case_uuid=case_uuid, **values)
        return Response(self.shown(case), status=status)

    def shown(self, case: Any) -> Any:
        """The open plan of the case as JSON. Raises NotVisible."""
        view = _plan_of(self.actor, case)
        return PlanAnswer(view.plan, context={"goals": view.goals, "actions": view.actions}).data


class PlanGoalsView(DoorView):
    """The goals of a case's open plan."""

    categories = {"get": Category.PLAN_VIEW, "post": Category.PLAN_CHANGE}
    parameters = GoalParameters
    shows = GoalAnswer
    expands = {"actions": "id", "case": "case_url"}

    @extend_schema(operation_id="list_goals", parameters=[GoalParameters], responses=GoalList, tags=TAGS)
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """List the goals of the open plan, as far as the caller may see them."""
        case = self.record(CASE, case_uuid)
        plan = _plan_of(self.actor, case).plan
        goals = Goal.objects.permitted(self.actor).filter(plan=plan).select_related("case")
        found, following = page_of(self, self.narrowed(goals), name="goals", order=("position", "pk"))
        self.note_read("plan", [case], Category.PLAN_VIEW)
        return Response({"results": GoalAnswer(found, many=True).data, "next": following})

    @extend_schema(operation_id="add_goal", request=GoalInput, responses={201: GoalAnswer}, tags=TAGS)
    def post(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Add a goal at the end of the open plan."""
        case = self.record(CASE, case_uuid)
        values = self.body(GoalInput)
        plan = _plan_of(self.actor, case).plan
        goal = services.add_goal(actor=self.actor, plan_uuid=plan.uuid, values=values)
        return self.tagged(GoalAnswer(goal).data, self.tag_of(goal), status=201)


class PartView(DoorView):
    """A goal or an action by its own address."""

    model_name = ""
    answer: type[Serializer] = Serializer

    def part(self, part_uuid: uuid.UUID) -> Any:
        """The part, if the caller may see it and the declared category is open. Raises NotVisible or NotAllowed."""
        found: Any = part_for(self.actor, self.model_name, part_uuid)
        if found is None:
            raise NotVisible
        if not type(found).objects.permitted(self.actor, self.category).filter(pk=found.pk).exists():
            raise NotAllowed(
                "You can read this plan, but your role or your agency's access does not let you change it."
            )
        self.tells_of(CASE, found.case.uuid)
        return found

    def shown(self, part_uuid: uuid.UUID) -> Response:
        """The part with its ETag, and the read on the trail."""
        part = self.part(part_uuid)
        self.note_read("plan", [part.case], Category.PLAN_VIEW)
        return self.tagged(self.answer(part).data, self.tag_of(part))

    def versions(self, part_uuid: uuid.UUID, model: type[GoalVersion] | type[ActionVersion]) -> Response:
        """Every version of the part that the caller may see, latest first, each with the one before it."""
        part = self.part(part_uuid)
        rows: Any = model.objects.permitted(self.actor).filter(**{self.model_name: part})
        rows = rows.select_related("changed_by", "changed_by_agency")
        found, following = page_of(self, rows, name="versions", order=("-version",))
        before = rows.filter(version__in=[row.version - 1 for row in found])
        earlier = {row.version + 1: row for row in before}
        self.note_read("plan", [part.case], Category.PLAN_VIEW)
        shown = VersionAnswer(found, many=True, context={"earlier": earlier}).data
        return Response({"results": shown, "next": following})


class GoalView(PartView):
    """A goal."""

    categories = {"get": Category.PLAN_VIEW, "patch": Category.PLAN_CHANGE}
    model_name, answer = "goal", GoalAnswer
    shows = GoalAnswer
    expands = {"actions": "id", "case": "case_url"}

    @extend_schema(operation_id="read_goal", responses=GoalAnswer, tags=TAGS)
    def get(self, request: Request, goal_uuid: uuid.UUID) -> Response:
        """Read a goal."""
        return self.shown(goal_uuid)

    @extend_schema(operation_id="change_goal", request=GoalChange, responses=GoalAnswer, tags=TAGS)
    def patch(self, request: Request, goal_uuid: uuid.UUID) -> Response:
        """Change a goal from the version named in If-Match. Everybody entitled is told."""
        seen = self.part(goal_uuid)
        self.must_match(self.tag_of(seen))
        changes = self.body(GoalChange, partial=True)
        reason = changes.pop("reason", "")
        goal = services.update_goal(
            actor=self.actor, goal_uuid=goal_uuid, changes=changes, seen_version=seen.version, reason=reason
        )
        return self.tagged(GoalAnswer(goal).data, self.tag_of(goal))


class GoalVersionsView(PartView):
    """What a goal was before."""

    categories = {"get": Category.PLAN_VIEW}
    model_name = "goal"
    parameters = PageParameters
    shows = VersionAnswer

    @extend_schema(operation_id="list_goal_versions", parameters=[PageParameters], responses=VersionList, tags=TAGS)
    def get(self, request: Request, goal_uuid: uuid.UUID) -> Response:
        """List a goal's versions, latest first, each with before and after."""
        return self.versions(goal_uuid, GoalVersion)


class GoalActionsView(PartView):
    """The actions of a goal."""

    categories = {"get": Category.PLAN_VIEW, "post": Category.PLAN_CHANGE}
    model_name = "goal"
    parameters = ActionParameters
    shows = ActionAnswer
    expands = {"case": "case_url"}

    @extend_schema(operation_id="list_actions", parameters=[ActionParameters], responses=ActionList, tags=TAGS)
    def get(self, request: Request, goal_uuid: uuid.UUID) -> Response:
        """List the actions of a goal, as far as the caller may see them."""
        goal = self.part(goal_uuid)
        actions = Action.objects.permitted(self.actor).filter(goal=goal).select_related("owner_agency", "case")
        found, following = page_of(self, self.narrowed(actions), name="actions", order=("position", "pk"))
        self.note_read("plan", [goal.case], Category.PLAN_VIEW)
        return Response({"results": ActionAnswer(found, many=True).data, "next": following})

    @extend_schema(operation_id="add_action", request=ActionInput, responses={201: ActionAnswer}, tags=TAGS)
    def post(self, request: Request, goal_uuid: uuid.UUID) -> Response:
        """Add an action at the end of a goal."""
        self.part(goal_uuid)
        values = self.body(ActionInput)
        action = services.add_action(actor=self.actor, goal_uuid=goal_uuid, values=values)
        return self.tagged(ActionAnswer(action).data, self.tag_of(action), status=201)


class ActionView(PartView):
    """An action."""

    categories = {"get": Category.PLAN_VIEW, "patch": Category.PLAN_CHANGE}
    model_name, answer = "action", ActionAnswer
    shows = ActionAnswer
    expands = {"case": "case_url"}

    @extend_schema(operation_id="read_action", responses=ActionAnswer, tags=TAGS)
    def get(self, request: Request, action_uuid: uuid.UUID) -> Response:
        """Read an action."""
        return self.shown(action_uuid)

    @extend_schema(operation_id="change_action", request=ActionChange, responses=ActionAnswer, tags=TAGS)
    def patch(self, request: Request, action_uuid: uuid.UUID) -> Response:
        """Change an action from the version named in If-Match. Everybody entitled is told."""
        seen = self.part(action_uuid)
        self.must_match(self.tag_of(seen))
        changes = self.body(ActionChange, partial=True)
        reason = changes.pop("reason", "")
        action = services.update_action(
            actor=self.actor, action_uuid=action_uuid, changes=changes, seen_version=seen.version, reason=reason
        )
        return self.tagged(ActionAnswer(action).data, self.tag_of(action))


class ActionVersionsView(PartView):
    """What an action was before."""

    categories = {"get": Category.PLAN_VIEW}
    model_name = "action"
    parameters = PageParameters
    shows = VersionAnswer

    @extend_schema(operation_id="list_action_versions", parameters=[PageParameters], responses=VersionList, tags=TAGS)
    def get(self, request: Request, action_uuid: uuid.UUID) -> Response:
        """List an action's versions, latest first, each with before and after."""
        return self.versions(action_uuid, ActionVersion)


def compared(actor: Actor, event: OutboxEvent) -> dict[str, Any] | None:
    """The version of a goal or action that an event tells of, with before and after; None as told_by()."""
    told = told_by(actor, event)
    if told is None:
        return None
    earlier = {told.after.version: told.before} if told.before else {}
    return dict(VersionAnswer(told.after, context={"earlier": earlier}).data)


def _plan_of(actor: Actor, case: Any) -> PlanView:
    view = open_plan(actor, case)
    if view is None:
        raise NotVisible
    return view
