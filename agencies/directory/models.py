"""Agencies, their units, the people and systems who act, and in which role."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from agencies.directory.roles import ROLE_CHOICES, ROLES, Role

FOREVER = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC)
"""No end. psycopg cannot read PostgreSQL's 'infinity', so the calendar's last day stands for it."""


class Side(models.IntegerChoices):
    """On which side of the partnership an agency stands: decides the audience of plan sections."""

    OTHER = 0, "Other"
    SUPERVISION = 1, "Supervision"
    POLICE = 2, "Police"


class AgencyKind(models.TextChoices):
    """Kinds of agency (field list 1.9.1)."""

    MUNICIPAL_POLICE = "municipal_police", "Municipal police"
    SHERIFF = "sheriff", "Sheriff"
    STATE_POLICE = "state_police", "State police"
    CAMPUS_POLICE = "campus_police", "Campus police"
    TRIBAL_POLICE = "tribal_police", "Tribal police"
    PROBATION_ADULT = "probation_adult", "Adult probation"
    PROBATION_JUVENILE = "probation_juvenile", "Juvenile probation"
    PAROLE = "parole", "Parole"
    PRETRIAL = "pretrial", "Pretrial services"
    CORRECTIONS = "corrections", "Department of corrections"
    PROSECUTOR = "prosecutor", "Prosecutor"
    COURT = "court", "Court"
    FUSION_CENTER = "fusion_center", "Fusion center"
    TREATMENT_PROVIDER = "treatment_provider", "Treatment provider"
    COMMUNITY_ORGANIZATION = "community_organization", "Community organization"
    FEDERAL = "federal", "Federal agency"

    @property
    def side(self) -> Side:
        """The side of the partnership this kind of agency stands on."""
        return _SIDES.get(self, Side.OTHER)

    @property
    def shape(self) -> str:
        """The shape that marks the agency on screen: disc, shield, star or square."""
        if self is AgencyKind.SHERIFF:
            return "star"
        return {Side.SUPERVISION: "disc", Side.POLICE: "shield"}.get(self.side, "square")


_POLICE = ("MUNICIPAL_POLICE", "SHERIFF", "STATE_POLICE", "CAMPUS_POLICE", "TRIBAL_POLICE")
_SUPERVISION = ("PROBATION_ADULT", "PROBATION_JUVENILE", "PAROLE", "PRETRIAL", "CORRECTIONS")
_SIDES = {AgencyKind[name]: Side.POLICE for name in _POLICE} | {
    AgencyKind[name]: Side.SUPERVISION for name in _SUPERVISION
}


class Agency(models.Model):
    """A body that employs officers, owns records and signs agreements."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120, unique=True)
    short_name = models.CharField(max_length=40)
    kind = models.CharField(max_length=30, choices=AgencyKind.choices)
    ori = models.CharField(max_length=9, blank=True, help_text="Originating agency identifier, nine characters")
    phone = models.CharField(max_length=30, blank=True)
    time_zone = models.CharField(max_length=40, default="America/New_York")
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "agencies"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def side(self) -> Side:
        """The side of the partnership the agency stands on."""
        return AgencyKind(self.kind).side

    @property
    def shape(self) -> str:
        """The shape that marks the agency on screen."""
        return AgencyKind(self.kind).shape


class Unit(models.Model):
    """A team in an agency: exactly one group, so that its number is a principal's number.

    Every agency has one root unit for its agency-wide roles.
    """

    group = models.OneToOneField(Group, on_delete=models.PROTECT, primary_key=True, related_name="unit")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="units")
    name = models.CharField(max_length=80)
    phone = models.CharField(max_length=30, blank=True)
    is_root = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Takes no members and no shares from then on")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("agency", Lower("name"), name="unit_name_once_per_agency"),
            models.UniqueConstraint(
                fields=["agency"], condition=models.Q(is_root=True), name="unit_one_root_per_agency"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Creates accounts. There is deliberately no create_superuser: nobody is above the rules."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new, saved account; without a password nobody can sign in to it."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """The account with this e-mail address, in whatever case it is written."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Anyone who acts: an officer, or a system that acts for an agency through the API."""

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        CLIENT = "client", "API client"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PERSON)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=40, blank=True, help_text="Rank or title as spoken: Sgt., Ofc., PO")
    badge = models.CharField(max_length=20, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    # Kept with the account since every request reads it anyway: a page that obeys a preference costs no more for it.
    preferences = models.JSONField(default=dict, help_text="How the person wants pages to look, by page; never a right")
    # Through Membership, so that django-guardian's own helpers can be measured against ours.
    groups = models.ManyToManyField(Group, through="Membership", related_name="user_set", related_query_name="user")

    is_superuser = False
    is_staff = False
    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"),
        ]

    def __str__(self) -> str:
        return self.display

    @property
    def display(self) -> str:
        """Title and name, as people say it."""
        return f"{self.title} {self.name}".strip()

    @property
    def is_invited(self) -> bool:
        """Whether its owner was never in: no password is chosen, and nobody has signed in."""
        return not self.has_usable_password() and self.last_login is None

    def get_full_name(self) -> str:
        """The name, for libraries that ask for it."""
        return self.name

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether the door opens `obj` for this category. Without an object the answer is no."""
        return obj is not None and self.is_active and any(b.has_perm(self, perm, obj) for b in get_backends())

    def has_perms(self, perm_list: list[str], obj: Any = None) -> bool:
        """Whether every one of the categories is open."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """A question about permission without an object is answered no."""
        return False


class Membership(models.Model):
    """Somebody's place in a unit, in one role, for a time."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="memberships", help_text="A unit's group")
    role = models.CharField(max_length=30, choices=ROLE_CHOICES)
    starts_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(default=FOREVER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "group", "role"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("starts_at")), name="membership_ends_after_start"
            ),
        ]
        indexes = [models.Index(fields=["group", "user"], name="membership_by_unit")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id} as {self.role}"

    @property
    def role_details(self) -> Role:
        """The role's row in the table of roles."""
        return ROLES[self.role]


class Cover(models.Model):
    """A colleague who answers for an officer who is away: gets the officer's news and a list, and no key.

    What the colleague sees of those cases is what the colleague's own units open (docs/decisions/0020).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    officer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="covers")
    colleague = models.ForeignKey(User, on_delete=models.PROTECT, related_name="covering")
    starts_at = models.DateTimeField()
    until = models.DateTimeField(help_text="Ending a cover early moves this")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(officer=models.F("colleague")), name="cover_by_another"),
            models.CheckConstraint(condition=models.Q(until__gte=models.F("starts_at")), name="cover_ends_after_start"),
        ]
        indexes = [models.Index(fields=["colleague", "until"], name="cover_by_colleague")]
