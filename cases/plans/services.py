"""Changing a joint plan: goals and actions. Lock, check, change, trail, outbox; the outer transaction commits."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, Max

from agencies.directory.categories import Category
from agencies.directory.clock import database_now
from agencies.directory.models import Agency
from agencies.trail.services import record_change
from cases.plans import events
from cases.plans.models import Action, ActionVersion, Audience, Goal, GoalVersion, Plan, PlanPart
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from cases.supervision.services import finish_part, move_to_top, shown_to_both
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale, refusing
from sharing.access.registry import shareable_of
from sharing.access.services import lock_record, sent_before
from sharing.notices.outbox import publish

P = TypeVar("P", Goal, Action)

_VERSION_MODELS: dict[type[PlanPart], tuple[type[GoalVersion] | type[ActionVersion], str]] = {
    Goal: (GoalVersion, "goal"),
    Action: (ActionVersion, "action"),
}


@transaction.atomic
def start_plan(*, actor: Actor, case_uuid: uuid.UUID, purpose: str, strengths: str = "") -> Plan:
    """Start the joint plan of a case. Returns it; where one is open already, that one, and nothing is written.

    Raises NotVisible, NotAllowed or Refused.
    """
    case = lock_record(actor, shareable_of(Case), case_uuid)
    if not Case.objects.permitted(actor, Category.PLAN_CHANGE).filter(pk=case.pk).exists():
        raise NotAllowed("Your role or your agency's access does not let you start a plan here.")
    current = Plan.objects.permitted(actor).filter(case=case).exclude(status="closed").first()
    if current:
        return current
    now = database_now()
    plan = Plan(case=case, purpose=purpose, strengths=strengths, active_since=now.date(), updated_at=now)
    _check(plan, but=["case"])
    plan.save()
    move_to_top(case.pk, now)
    record_change(
        actor=actor,
        verb=events.STARTED,
        obj=plan,
        record_type=CASE,
        record_id=case.uuid,
        after={"purpose": purpose, "strengths": strengths},
    )
    publish(actor=actor, kind=events.STARTED, record=case, obj=plan)
    return plan


@transaction.atomic
def add_goal(
    *, actor: Actor, plan_uuid: uuid.UUID, values: Mapping[str, Any], goal_uuid: uuid.UUID | None = None
) -> Goal:
    """Add a goal at the end of a plan. Returns it. Raises NotVisible, NotAllowed or Refused.

    With `goal_uuid`, given out with the form, adding the same again returns what the first time added.
    """
    plan = _locked(actor, Plan, plan_uuid)
    added = Goal.objects.permitted(actor).filter(plan=plan, uuid=goal_uuid).first() if goal_uuid else None
    if added:
        return _added_before(actor, added, Goal(plan=plan, case=plan.case), values)
    last = plan.goals.aggregate(last=Max("position"))["last"] or 0
    goal = Goal(plan=plan, case=plan.case, position=last + 1, uuid=goal_uuid or uuid.uuid4())
    return _save_new(actor, goal, values, kind=events.GOAL_ADDED)


@transaction.atomic
def add_action(
    *, actor: Actor, goal_uuid: uuid.UUID, values: Mapping[str, Any], action_uuid: uuid.UUID | None = None
) -> Action:
    """Add an action at the end of a goal, for the goal's readers unless `values` says otherwise.

    Returns it. Raises NotVisible, NotAllowed or Refused.
    With `action_uuid`, given out with the form, adding the same again returns what the first time added.
    """
    goal = _locked(actor, Goal, goal_uuid)
    added = Action.objects.permitted(actor).filter(goal=goal, uuid=action_uuid).first() if action_uuid else None
    if added:
        again = Action(goal=goal, plan_id=goal.plan_id, case=goal.case, audience=goal.audience)
        return _added_before(actor, added, again, values)
    last = goal.actions.aggregate(last=Max("position"))["last"] or 0
    action = Action(
        goal=goal,
        plan_id=goal.plan_id,
        case=goal.case,
        audience=goal.audience,
        position=last + 1,
        uuid=action_uuid or uuid.uuid4(),
    )
    return _save_new(actor, action, values, kind=events.ACTION_ADDED)


@transaction.atomic
def update_goal(
    *, actor: Actor, goal_uuid: uuid.UUID, changes: Mapping[str, Any], seen_version: int, reason: str = ""
) -> Goal:
    """Change a goal that the actor read at `seen_version`. Where it becomes one side's own, its actions become so too.

    Returns the goal as it is now; where nothing differs, nothing is written and nobody is told. Raises NotVisible,
    NotAllowed, Refused, or Stale with the current goal where somebody saved in between.
    """
    return _update(actor, Goal, goal_uuid, changes, seen_version, reason)


@transaction.atomic
def update_action(
    *, actor: Actor, action_uuid: uuid.UUID, changes: Mapping[str, Any], seen_version: int, reason: str = ""
) -> Action:
    """Change an action that the actor read at `seen_version`. As update_goal()."""
    return _update(actor, Action, action_uuid, changes, seen_version, reason)


def _update(
    actor: Actor, model: type[P], part_uuid: uuid.UUID, changes: Mapping[str, Any], seen_version: int, reason: str
) -> P:
    part: P = _locked(actor, model, part_uuid)
    if part.version != seen_version:
        raise Stale(part)
    return _change(actor, part, changes, reason)


def _change(actor: Actor, part: P, changes: Mapping[str, Any], reason: str) -> P:
    before = values_of(part)
    _apply(part, changes)
    after = values_of(part)
    changed = [name for name in part.VERSIONED if before[name] != after[name]]
    if not changed:
        return part
    part.version += 1
    _check_part(actor, part)
    closing = before["audience"] == Audience.BOTH != part.audience
    if closing:
        _close(actor, part, reason)
    _save(actor, part)
    _keep_version(actor, part, changed, reason)
    kind = events.GOAL_CHANGED if isinstance(part, Goal) else events.ACTION_CHANGED
    _finish(
        actor, part, kind, before={n: before[n] for n in changed}, after={n: after[n] for n in changed}, reason=reason
    )
    if closing:
        versions = {"before": part.version - 1, "after": part.version}
        publish(actor=actor, kind=events.PART_CLOSED, record=part.case, obj=part, versions=versions)
    return part


def _close(actor: Actor, part: Goal | Action, reason: str) -> None:
    """What both sides see is to be one side's: check that it is the actor's to take away, and a goal's actions with it.

    What the other side kept to itself under the goal is left to it: a refusal would tell of it.
    """
    theirs = part.case.agency_id != actor.agency_id
    versions: Any = part.versions
    if theirs and not versions.permitted(actor).filter(version=1, changed_by_agency=actor.agency_id).exists():
        raise Refused(
            f"Only the agency that owns the case, or the one that added “{part.title}”, may keep it to one side.",
            "audience",
        )
    if isinstance(part, Goal):
        shared = Action.objects.permitted(actor, Category.PLAN_CHANGE).filter(goal=part, audience=Audience.BOTH)
        for action in shared.select_for_update(no_key=True, of=("self",)).order_by("pk"):
            _change(actor, action, {"audience": part.audience}, reason)


def _save_new(actor: Actor, part: P, values: Mapping[str, Any], *, kind: str) -> P:
    _apply(part, values)
    _check_part(actor, part)
    _save(actor, part)
    _keep_version(actor, part, list(part.VERSIONED), "")
    _finish(actor, part, kind, before={}, after=values_of(part), reason="")
    return part


def _added_before(actor: Actor, added: P, again: P, values: Mapping[str, Any]) -> P:
    """What a form added the first time, if it asks the same now. Raises Refused."""
    again.position = added.position
    _apply(again, values)
    _check_part(actor, again)
    versions: Any = added.versions
    first = versions.permitted(actor).filter(version=1).first()
    sent_before(first and first.values, values_of(again))
    return added


def _locked(actor: Actor, model: type[Any], part_uuid: uuid.UUID) -> Any:
    """The part, with its case locked first and then itself, if the actor may change it.

    Raises NotVisible, or NotAllowed where the actor may see it and no more, or where the plan is closed.
    """
    seen = model.objects.permitted(actor).filter(uuid=part_uuid).values_list("case__uuid", flat=True).first()
    if seen is None:
        raise NotVisible
    lock_record(actor, shareable_of(Case), seen)
    part = (
        model.objects.permitted(actor, Category.PLAN_CHANGE)
        .select_for_update(no_key=True, of=("self",))
        .filter(uuid=part_uuid)
        .first()
    )
    if part is None and not model.objects.permitted(actor).filter(uuid=part_uuid).exists():
        raise NotVisible  # hidden while we waited for the lock
    if part is None:
        raise NotAllowed("You can read this plan, but your role or your agency's access does not let you change it.")
    plan = part if isinstance(part, Plan) else part.plan
    if plan.status == "closed":
        raise NotAllowed("This plan is closed. Start a new plan to go on working.")
    return part


def _apply(part: PlanPart, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(part.VERSIONED)
    if unknown:
        raise Refused(f"{sorted(unknown)[0]} cannot be changed.", sorted(unknown)[0])
    for name, value in values.items():
        setattr(part, name, value)


def _check(row: Plan | PlanPart, *, but: list[str]) -> None:
    """Every field but those that forms and callers cannot set. What must be unique, the database says itself."""
    with refusing():
        row.full_clean(exclude=but, validate_unique=False, validate_constraints=False)


def _check_part(actor: Actor, part: PlanPart) -> None:
    _check(part, but=["case", "plan", "goal", "changed_by", "owner_agency"])
    # Nobody edits something out of their own sight. Row security refuses the write as well, but with no sentence.
    if part.audience not in (Audience.BOTH, actor.side):
        raise Refused("With this audience you could no longer see it yourself.", "audience")
    if isinstance(part, Action) and part.audience == Audience.BOTH and not _goal_is_for_both(actor, part):
        raise Refused("Its goal is for one side only, and so are the actions under it.", "audience")


def _goal_is_for_both(actor: Actor, action: Action) -> bool:
    # Asked at the door: the goal may be hidden from whoever kept an action under it to their own side.
    return Goal.objects.permitted(actor).filter(pk=action.goal_id, audience=Audience.BOTH).exists()


def _save(actor: Actor, part: PlanPart) -> None:
    part.updated_at = database_now()
    part.changed_by = actor.user
    part.save()
    if not type(part).objects.permitted(actor, Category.PLAN_CHANGE).filter(pk=part.pk).exists():
        raise NotVisible


def _keep_version(actor: Actor, part: Any, changed: list[str], reason: str) -> None:
    model, link = _VERSION_MODELS[type(part)]
    model.objects.create(
        **{link: part},
        case_id=part.case_id,
        plan_id=part.plan_id,
        audience=part.audience,
        version=part.version,
        values=values_of(part),
        changed_fields=changed,
        reason=reason,
        changed_by=actor.user,
        changed_by_agency=actor.agency,
        changed_at=part.updated_at,
    )


def _finish(actor: Actor, part: Any, kind: str, *, before: dict[str, Any], after: dict[str, Any], reason: str) -> None:
    """The plan moves with its case."""
    if shown_to_both(part, before):
        Plan.objects.filter(pk=part.plan_id).update(updated_at=part.updated_at, version=F("version") + 1)
    finish_part(actor=actor, part=part, kind=kind, before=before, after=after, reason=reason)


def values_of(part: PlanPart) -> dict[str, Any]:
    """What a version keeps of a goal or an action, as JSON can hold it: dates as ISO text, an agency as its UUID."""
    values: dict[str, Any] = {}
    for name in part.VERSIONED:
        value = getattr(part, name)
        if isinstance(value, datetime.date):
            value = value.isoformat()
        elif isinstance(value, Agency):
            value = str(value.uuid)
        values[name] = value
    return values
