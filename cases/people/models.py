"""The people under supervision, as one agency knows them."""

import datetime
import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from agencies.directory.categories import Category
from cases.people.querysets import PersonPartQuerySet, PersonQuerySet


class Person(models.Model):
    """A supervisee: one row belongs to one agency. The same human elsewhere is another row."""

    class Sex(models.TextChoices):
        """NCIC sex codes."""

        MALE = "M", "Male"
        FEMALE = "F", "Female"
        UNKNOWN = "U", "Unknown"
        NONBINARY = "X", "Not specified"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    local_id = models.CharField(max_length=30, help_text="The agency's own number for the person")
    given_name = models.CharField(max_length=60)
    middle_name = models.CharField(max_length=60, blank=True)
    family_name = models.CharField(max_length=60)
    suffix = models.CharField(max_length=10, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=1, choices=Sex.choices, default=Sex.UNKNOWN)
    race = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(default=timezone.now, help_text="When the owner last confirmed the record")
    unconfirmed_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when the person is missing from the agency's full extract"
    )
    source_digest = models.CharField(max_length=64, blank=True, help_text="Digest of the imported row")
    version = models.PositiveIntegerField(default=1)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "people"
        constraints = [models.UniqueConstraint(fields=["agency", "local_id"], name="person_number_once")]
        # Searched by without the agency.
        indexes = [
            models.Index(fields=["local_id"], name="person_by_number"),
            models.Index(fields=["birth_date"], name="person_by_birth_date"),
        ]

    def __str__(self) -> str:
        return f"Person {self.pk}"

    @property
    def display(self) -> str:
        """The name as spoken: Tobias Hallett."""
        return " ".join(part for part in (self.given_name, self.middle_name, self.family_name, self.suffix) if part)

    @property
    def sorted(self) -> str:
        """The name as lists sort it: Hallett, Tobias."""
        family = " ".join(part for part in (self.family_name, self.suffix) if part)
        return f"{family}, {' '.join(part for part in (self.given_name, self.middle_name) if part)}"

    @property
    def initials(self) -> str:
        """First letters of given and family name, where there is no photo."""
        return (self.given_name[:1] + self.family_name[:1]).upper()


class PersonPart(models.Model):
    """Something a person has; it is seen through the person's cases."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="%(class)ss")

    objects = PersonPartQuerySet.as_manager()

    class Meta:
        abstract = True


class Alias(PersonPart):
    """Another name a person uses or used."""

    access_category = Category.EXISTENCE
    given_name = models.CharField(max_length=60, blank=True)
    middle_name = models.CharField(max_length=60, blank=True)
    family_name = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=20, default="alias")

    class Meta(PersonPart.Meta):
        verbose_name_plural = "aliases"


class Identifier(PersonPart):
    """A number by which some system knows the person."""

    access_category = Category.EXISTENCE

    class Kind(models.TextChoices):
        STATE_ID = "state_id", "State ID"
        FBI = "fbi", "FBI number"
        DRIVER_LICENSE = "driver_license", "Driver license"
        CORRECTIONS = "corrections", "Corrections number"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    value = models.CharField(max_length=40)

    class Meta(PersonPart.Meta):
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="identifier_once_per_kind")]
        indexes = [models.Index(fields=["value"], name="identifier_by_value")]


class Address(PersonPart):
    """Where a person lives, stays or works, and when somebody last confirmed it."""

    access_category = Category.LOCATION

    class Kind(models.TextChoices):
        RESIDENCE = "residence", "Home"
        WORK = "work", "Work"
        OTHER = "other", "Other"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.RESIDENCE)
    street = models.CharField(max_length=120)
    city = models.CharField(max_length=60)
    state = models.CharField(max_length=2)
    postal_code = models.CharField(max_length=10, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    confirmed_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)

    STALE_AFTER = datetime.timedelta(days=180)

    class Meta(PersonPart.Meta):
        verbose_name_plural = "addresses"

    @property
    def stale(self) -> bool:
        """Whether nobody has confirmed it for half a year."""
        return self.confirmed_on is None or timezone.localdate() - self.confirmed_on > self.STALE_AFTER


class JuvenileHistory(models.Model):
    """Juvenile counts as the extract gives them. No role of the application can read this table."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="+", primary_key=True)
    felony_count = models.PositiveSmallIntegerField()
    misdemeanor_count = models.PositiveSmallIntegerField()


class NameToken(models.Model):
    """One distinct word of anybody's name, so that misspelt words are resolved before anybody is looked up."""

    token = models.CharField(max_length=60, unique=True)

    class Meta:
        indexes = [GinIndex(fields=["token"], name="name_token_trigrams", opclasses=["gin_trgm_ops"])]


class PersonNameToken(models.Model):
    """That a person's name or alias contains a word. Kept by the database from names and aliases."""

    token = models.ForeignKey(NameToken, on_delete=models.PROTECT, db_index=False, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "person"], name="person_name_token_once")]
