"""Joint plans with goals and actions that fit the charge, each in its first version."""

from __future__ import annotations

import datetime
import json
import random
from typing import Any

from agencies.directory.models import User
from cases.imports.staging import insert, reserve
from cases.plans.codes import ActionKind, ActionStatus, GoalStatus, Need
from cases.plans.models import Action, ActionVersion, Audience, Goal, GoalVersion, Plan
from cases.plans.services import values_of
from portal.demo.world.directory import BEATS, Directory
from portal.demo.world.goals import GOALS, PERSON, POLICE, PURPOSES, STRENGTHS, ActionPlan, GoalPlan
from portal.demo.world.terms import Term

_PART = ["id", "plan_id", "case_id", "audience", "position", "changed_by_id", "created_at", "updated_at"]
_VERSION = [
    "case_id",
    "plan_id",
    "audience",
    "version",
    "values",
    "changed_fields",
    "changed_by_id",
    "changed_by_agency_id",
    "changed_at",
]


class Plans:
    """Collects plans, and writes them in sets."""

    def __init__(self, rng: random.Random, directory: Directory, now: datetime.datetime, today: datetime.date) -> None:
        self.rng, self.directory, self.now, self.today = rng, directory, now, today
        self.plans: list[Plan] = []
        self.goals: list[Goal] = []
        self.actions: list[Action] = []
        self._at: dict[int, datetime.datetime] = {}

    def draw(self, term: Term) -> None:
        """Make up a plan that fits the case."""
        plan = self.begin(term, self.rng.choice(PURPOSES), self.rng.choice(STRENGTHS))
        fitting = [goal for goal in GOALS if term.family in goal.families]
        general = [goal for goal in GOALS if not goal.families]
        count = self.rng.choice([1, 2, 2, 3])
        chosen = [self.rng.choice(fitting)] if fitting else []
        chosen += self.rng.sample(general, count - len(chosen))
        for suggestion in chosen:
            chance = self.rng.random()
            audience = Audience.SUPERVISION if chance < 0.05 else Audience.BOTH
            goal = self.add_goal(plan, term, suggestion, audience)
            steps = self.rng.sample(suggestion.actions, min(len(suggestion.actions), self.rng.randint(2, 4)))
            for step in steps:
                self.add_action(goal, term, step)
        if self.rng.random() < 0.08:
            self.add_approach(plan, term)

    def begin(self, term: Term, purpose: str, strengths: str) -> Plan:
        """A plan without goals."""
        since = max(term.term_start, self.today - datetime.timedelta(days=self.rng.randint(5, 150)))
        plan = Plan(
            case_id=term.id,
            purpose=purpose,
            strengths=strengths,
            active_since=since,
            review_on=self.today + datetime.timedelta(days=self.rng.randint(-6, 75)),
        )
        begun = datetime.datetime.combine(since, datetime.time(14, 0), datetime.UTC)
        plan.created_at = plan.updated_at = min(begun, self.now)
        self.plans.append(plan)
        return plan

    def add_goal(
        self, plan: Plan, term: Term, suggestion: GoalPlan, audience: int = Audience.BOTH, progress: int | None = None
    ) -> Goal:
        """A goal with some progress; the officer of record wrote it."""
        status = self.rng.choice([GoalStatus.ACTIVE] * 8 + [GoalStatus.LATER, GoalStatus.REACHED])
        done = {GoalStatus.LATER: 0, GoalStatus.REACHED: suggestion.total}.get(
            status, self.rng.randint(0, suggestion.total - 1)
        )
        if progress is not None:
            status, done = GoalStatus.ACTIVE, progress
        goal = Goal(
            title=suggestion.title,
            need=suggestion.need,
            target=suggestion.target,
            baseline=suggestion.baseline,
            status=status,
            progress_now=done,
            progress_target=suggestion.total,
            progress_unit=suggestion.unit,
        )
        self._place(goal, plan, term, audience, term.officer)
        goal.position = 1 + sum(other.case_id == term.id for other in self.goals[-8:])
        self.goals.append(goal)
        return goal

    def add_approach(self, plan: Plan, term: Term) -> None:
        """What only the police side sees: how a patrol approaches."""
        unit = BEATS[term.district]
        author = self.rng.choice(self.directory.officers(unit, "police_officer"))
        goal = Goal(
            title="Approach on patrol", need=Need.COMPLIANCE, target="Every contact ends calmly", progress_target=0
        )
        self._place(goal, plan, term, Audience.POLICE, author)
        goal.position = 9
        self.goals.append(goal)
        action = self.add_action(
            goal,
            term,
            ActionPlan(
                "Two officers; speak before stepping out of the car", ActionKind.SUPERVISE, POLICE, "Every contact"
            ),
        )
        action.status = ActionStatus.OPEN

    def add_action(self, goal: Goal, term: Term, step: ActionPlan, due_in: int | None = None) -> Action:
        """A step toward a goal, with its owner and its day."""
        action = Action(title=step.title, kind=step.kind, rhythm=step.rhythm)
        action.owner_agency, action.owner_text = self._owner(term, step.who)
        chance = self.rng.random()
        if due_in is None and not (step.rhythm and chance < 0.5):
            due_in = self.rng.randint(-12, -1) if chance > 0.96 else self.rng.randint(1, 60)
        action.due_on = None if due_in is None else self.today + datetime.timedelta(days=due_in)
        if chance < 0.12:
            action.status = ActionStatus.DONE
        self._place(action, goal.plan, term, goal.audience, goal.changed_by)
        self._at[id(action)] = self._at[id(goal)]
        action.goal = goal
        action.position = 1 + sum(other.goal is goal for other in self.actions[-6:])
        self.actions.append(action)
        return action

    def save(self) -> None:
        """Write everything, and the first version of each goal and action."""
        for kind, objects in (("cases_plan", self.plans), ("cases_goal", self.goals), ("cases_action", self.actions)):
            for one, number in zip(objects, reserve(kind, len(objects)), strict=True):
                one.pk = number
        insert(
            Plan,
            ["id", "case_id", "purpose", "strengths", "active_since", "review_on", "created_at", "updated_at"],
            (
                (p.pk, p.case_id, p.purpose, p.strengths, p.active_since, p.review_on, p.created_at, p.updated_at)
                for p in self.plans
            ),
        )
        words = ["title", "need", "target", "baseline", "status", "progress_now", "progress_target", "progress_unit"]
        insert(
            Goal,
            [*_PART, *words],
            ([*self._part(goal), *(getattr(goal, word) for word in words)] for goal in self.goals),
        )
        words = ["title", "kind", "owner_agency_id", "owner_text", "due_on", "rhythm", "status"]
        insert(
            Action,
            [*_PART, "goal_id", *words],
            ([*self._part(one), one.goal.pk, *(getattr(one, word) for word in words)] for one in self.actions),
        )
        insert(GoalVersion, ["goal_id", *_VERSION], ([one.pk, *self._version(one)] for one in self.goals))
        insert(ActionVersion, ["action_id", *_VERSION], ([one.pk, *self._version(one)] for one in self.actions))

    def _place(self, part: Any, plan: Plan, term: Term, audience: int, author: User | None) -> None:
        part.plan, part.case_id, part.audience, part.changed_by = plan, term.id, audience, author
        days = max((self.now - plan.created_at).days, 1)
        self._at[id(part)] = min(plan.created_at + datetime.timedelta(days=self.rng.random() * days), self.now)

    def _owner(self, term: Term, who: str) -> tuple[Any, str]:
        agencies = self.directory.agencies
        if who == POLICE:
            unit = BEATS[term.district]
            if self.rng.random() < 0.5:
                return self.directory.agency_of(unit), self.rng.choice(
                    self.directory.officers(unit, "police_officer")
                ).display
            return self.directory.agency_of(unit), self.directory.units[unit].name
        if who == PERSON:
            return None, "The person"
        return agencies[term.agency], term.officer.display if term.officer else ""

    def _part(self, part: Any) -> list[Any]:
        at = self._at[id(part)]
        author = part.changed_by and part.changed_by.pk
        return [
            part.pk,
            part.plan.pk,
            part.case_id,
            int(part.audience),
            part.position,
            author,
            part.plan.created_at,
            at,
        ]

    def _version(self, part: Any) -> list[Any]:
        values, author = values_of(part), part.changed_by
        agency = self.directory.agency_of("probation/root")
        if part.audience == Audience.POLICE:
            agency = next(
                a
                for unit, a in ((u, self.directory.agency_of(u)) for u in BEATS.values())
                if author in self.directory.officers(unit, "police_officer")
            )
        fields = "{" + ",".join(part.VERSIONED) + "}"
        return [
            part.case_id,
            part.plan.pk,
            int(part.audience),
            1,
            json.dumps(values),
            fields,
            author and author.pk,
            agency.pk,
            self._at[id(part)],
        ]
