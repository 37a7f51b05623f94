"""The memorandum of understanding as a record, in its minimal form: parties and clock."""

import uuid

from django.db import models

from agencies.directory.models import FOREVER


class Agreement(models.Model):
    """What agencies signed. Every grant across agencies is its child and dies with it.

    It is live while start ≤ now < end and it is neither suspended nor ended early. Ending it early is this one row:
    the door reads it with every request, so no key has to change.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=160)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(default=FOREVER)
    suspended_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    parties = models.ManyToManyField("agencies.Agency", through="AgreementParty", related_name="agreements")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="agreement_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AgreementParty(models.Model):
    """One agency's part in an agreement."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="party_rows")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "agency"], name="agreement_party_once")]
