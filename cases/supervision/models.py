"""Supervision cases: the shareable record of Concord, its parts, and its keys."""

import datetime
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from cases.supervision.bundles import BUNDLES
from cases.supervision.codes import (
    OPEN_STATUSES,
    ConditionKind,
    Enforcer,
    RiskLevel,
    SupervisionLevel,
    SupervisionStatus,
    SupervisionType,
)
from cases.supervision.querysets import CaseQuerySet
from sharing.access.models import NamedPrincipal, RecordExclusion, RecordKey
from sharing.access.querysets import PartQuerySet


class Case(models.Model):
    """One term of supervision of one person by one agency."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(
        max_length=30, help_text="The agency's own number (SupervisionAgencyRecordIdentification)"
    )
    person = models.ForeignKey("cases.Person", on_delete=models.PROTECT, related_name="cases")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+", db_index=False)
    unit = models.ForeignKey("agencies.Unit", on_delete=models.PROTECT, related_name="+")
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    kind = models.PositiveSmallIntegerField(choices=SupervisionType.choices, default=SupervisionType.UNSPECIFIED)
    status = models.PositiveSmallIntegerField(choices=SupervisionStatus.choices, default=SupervisionStatus.ACTIVE)
    risk_level = models.PositiveSmallIntegerField(choices=RiskLevel.choices, default=RiskLevel.NOT_APPLICABLE)
    supervision_level = models.PositiveSmallIntegerField(
        choices=SupervisionLevel.choices, default=SupervisionLevel.INTAKE
    )
    offense = models.CharField(max_length=120, blank=True)
    offense_degree = models.CharField(max_length=10, blank=True)
    offense_date = models.DateField(null=True, blank=True)
    term_start = models.DateField(null=True, blank=True)
    term_end = models.DateField(null=True, blank=True)
    next_review = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    restricted = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    # What the actor who read the case may use of it; set by the reads of CaseQuerySet that say so.
    opened = NOTHING
    objects = CaseQuerySet.as_manager()

    class Meta:
        # A bundle is a permission on the record, so that guardian's own tables tell what a key opens.
        permissions = [(bundle.code, bundle.label) for bundle in BUNDLES.values()]
        constraints = [
            models.UniqueConstraint(fields=["agency", "number"], name="case_number_once"),
            models.CheckConstraint(
                condition=models.Q(term_end__isnull=True) | models.Q(term_end__gte=models.F("term_start")),
                name="case_term_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="case_latest"),
            models.Index(fields=["status", "risk_level", "-updated_at", "-id"], name="case_filtered"),
            models.Index(fields=["next_review", "id"], name="case_by_review"),
            models.Index(fields=["officer", "-updated_at", "-id"], name="case_of_officer"),
            models.Index(fields=["number"], name="case_by_number"),
        ]

    def __str__(self) -> str:
        return f"Case {self.uuid}"

    @property
    def is_open(self) -> bool:
        """Whether the person is under supervision in this case, present or not."""
        return self.status in OPEN_STATUSES


class CaseKey(RecordKey):
    """A key to a case, with copies of the columns that lists sort and filter by (a trigger keeps them).

    The indexes by latest change and by next review are made by hand in 0004, since most hold only some of the keys:
    what a unit owns, what it was given, what is sensitive.
    """

    pk = models.CompositePrimaryKey("content_object", "grant")
    content_object = models.ForeignKey(Case, on_delete=models.PROTECT, db_index=False, related_name="keys")
    updated_at = models.DateTimeField()
    next_review = models.DateField(help_text="9999-12-31 where the case has none")
    status = models.PositiveSmallIntegerField()
    risk_level = models.PositiveSmallIntegerField()

    class Meta(RecordKey.Meta):
        indexes = [
            models.Index(
                fields=["group", "status", "risk_level", "-updated_at", "-content_object"],
                include=["until", "mask", "agreement_id", "restricted"],
                name="ck_filtered",
            )
        ]


class CaseExclusion(RecordExclusion):
    """A person who may not see one case."""

    record = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="exclusions", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "record"], name="case_exclusion_once")]


class CaseNamedPrincipal(NamedPrincipal):
    """A unit or circle named on a restricted case."""

    record = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="named_principals", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "group"], name="case_named_once")]


class CasePart(models.Model):
    """Something a case has; seen by those whose key to the case opens its category."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="%(class)ss")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    objects = PartQuerySet.as_manager()

    class Meta:
        abstract = True


class Condition(CasePart):
    """A rule the person is under, as a plain row."""

    access_category = Category.CONDITIONS
    kind = models.CharField(max_length=40, choices=ConditionKind.choices)
    text = models.CharField(max_length=500, help_text="In plain words")
    enforcer = models.CharField(max_length=20, choices=Enforcer.choices, default=Enforcer.SUPERVISION)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    daily_from = models.TimeField(null=True, blank=True, help_text="Where it binds for some hours of the day alone")
    daily_until = models.TimeField(null=True, blank=True, help_text="Earlier than daily_from: past midnight")

    class Meta(CasePart.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(daily_from__isnull=True, daily_until__isnull=True)
                | models.Q(daily_from__isnull=False, daily_until__isnull=False),
                name="condition_hours_have_two_ends",
            ),
        ]

    def binds_at(self, moment: datetime.datetime) -> bool:
        """Whether it binds at this moment, by its days and, in the agency's time zone, by its hours."""
        local = timezone.localtime(moment)
        day, hour = local.date(), local.time()
        if (self.starts_on and day < self.starts_on) or (self.ends_on and day > self.ends_on):
            return False
        if self.daily_from is None or self.daily_until is None:
            return True
        if self.daily_from <= self.daily_until:
            return self.daily_from <= hour < self.daily_until
        return hour >= self.daily_from or hour < self.daily_until


class StandingPart(CasePart):
    """Something that somebody set, that is looked at again by a day, and that stands until somebody ends it."""

    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    set_on = models.DateField()
    review_on = models.DateField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    reviewed_on = models.DateField(null=True, blank=True)
    review_note = models.CharField(max_length=300, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    ended_on = models.DateField(null=True, blank=True)
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


class Caution(StandingPart):
    """A fact that may get somebody hurt: worst first, never a judgement."""

    access_category = Category.CAUTIONS
    rank = models.PositiveSmallIntegerField(default=5, help_text="1 is worst")
    text = models.CharField(max_length=60)
    detail = models.CharField(max_length=200, blank=True)


class RiskAssessment(CasePart):
    """Raw scores of a risk tool. The level in words stands on the case; the numbers need their own category."""

    access_category = Category.ASSESSMENT
    tool = models.CharField(max_length=60)
    assessed_on = models.DateField(null=True, blank=True)
    risk_decile = models.PositiveSmallIntegerField(null=True, blank=True)
    violence_level = models.PositiveSmallIntegerField(choices=RiskLevel.choices, default=RiskLevel.NOT_APPLICABLE)
    violence_decile = models.PositiveSmallIntegerField(null=True, blank=True)
    prior_count = models.PositiveSmallIntegerField(null=True, blank=True)
