"""The joint plan of a case: goals, and the actions by which both agencies reach them."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from agencies.directory.categories import Category
from cases.plans.codes import ActionKind, ActionStatus, GoalStatus, Need, PlanStatus
from cases.supervision.codes import Audience
from cases.supervision.models import CasePart
from sharing.access.querysets import PartQuerySet


class Plan(CasePart):
    """What both agencies want to reach with the person, and by when they look again."""

    access_category = Category.PLAN_VIEW
    status = models.CharField(max_length=20, choices=PlanStatus.choices, default=PlanStatus.ACTIVE)
    purpose = models.CharField(max_length=300)
    strengths = models.CharField(max_length=500, blank=True)
    active_since = models.DateField(null=True, blank=True)
    review_on = models.DateField(null=True, blank=True)

    class Meta(CasePart.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(status__in=["draft", "active"]), name="plan_one_open_per_case"
            ),
        ]


class PlanPart(CasePart):
    """A goal or an action: versioned by itself, seen by its audience."""

    # What a version keeps and an edit may change, in the order of the form.
    VERSIONED: ClassVar[tuple[str, ...]] = ()

    access_category = Category.PLAN_VIEW
    access_audience = "audience"
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="%(class)ss")
    audience = models.PositiveSmallIntegerField(choices=Audience.choices, default=Audience.BOTH)
    position = models.PositiveSmallIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True


class Goal(PlanPart):
    """Something to reach, with a measure."""

    title = models.CharField(max_length=160)
    need = models.CharField(max_length=30, choices=Need.choices)
    target = models.CharField(max_length=500)
    baseline = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=20, choices=GoalStatus.choices, default=GoalStatus.ACTIVE)
    progress_now = models.PositiveSmallIntegerField(default=0)
    progress_target = models.PositiveSmallIntegerField(default=0, help_text="0 where progress is not counted")
    progress_unit = models.CharField(max_length=30, blank=True)
    progress_note = models.CharField(max_length=500, blank=True)

    VERSIONED = (
        "title",
        "need",
        "target",
        "baseline",
        "status",
        "progress_now",
        "progress_target",
        "progress_unit",
        "progress_note",
        "audience",
    )


class Action(PlanPart):
    """One step toward a goal: who does what, by when."""

    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, related_name="actions")
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=ActionKind.choices, default=ActionKind.SUPPORT)
    owner_agency = models.ForeignKey(
        "agencies.Agency", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    owner_text = models.CharField(max_length=120, blank=True, help_text="Who does it: an officer, a unit, the person")
    due_on = models.DateField(null=True, blank=True)
    rhythm = models.CharField(max_length=60, blank=True, help_text="Weekly; Thursdays; when asked")
    status = models.CharField(max_length=10, choices=ActionStatus.choices, default=ActionStatus.OPEN)

    VERSIONED = ("title", "kind", "owner_agency", "owner_text", "due_on", "rhythm", "status", "audience")


class PlanPartVersion(models.Model):
    """A goal or an action as it was after one change, so that before and after can be shown.

    Belongs to its part and is seen with it: same case, same category, same audience.
    """

    access_category = Category.PLAN_VIEW
    access_audience = "audience"
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    audience = models.PositiveSmallIntegerField(choices=Audience.choices)
    version = models.PositiveIntegerField()
    values = models.JSONField()
    changed_fields = ArrayField(models.CharField(max_length=30), default=list)
    reason = models.CharField(max_length=300, blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    changed_by_agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    objects = PartQuerySet.as_manager()

    class Meta:
        abstract = True


class GoalVersion(PlanPartVersion):
    """A goal as it was after one change."""

    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, related_name="versions")

    class Meta(PlanPartVersion.Meta):
        constraints = [models.UniqueConstraint(fields=["goal", "version"], name="goal_version_once")]


class ActionVersion(PlanPartVersion):
    """An action as it was after one change."""

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="versions")

    class Meta(PlanPartVersion.Meta):
        constraints = [models.UniqueConstraint(fields=["action", "version"], name="action_version_once")]
