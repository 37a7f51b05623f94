"""Flags: why somebody is supervised in a special way, on what ground, and until when anybody has to look again."""

from django.db import models

from agencies.directory.categories import Category
from cases.flags.codes import FOR_SUPERVISION_ALONE, Basis, FlagKind
from cases.supervision.codes import Audience, RiskLevel
from cases.supervision.models import StandingPart

OF_HEALTH = sorted(FOR_SUPERVISION_ALONE)


class Flag(StandingPart):
    """A special population or register that the person belongs to. What may hurt somebody is a caution, not a flag."""

    access_category = Category.FLAGS
    access_audience = "audience"
    agency = models.ForeignKey(
        "agencies.Agency", on_delete=models.PROTECT, related_name="+", help_text="The agency that set it"
    )
    kind = models.CharField(max_length=30, choices=FlagKind.choices)
    level = models.PositiveSmallIntegerField(
        choices=RiskLevel.choices, default=RiskLevel.NOT_APPLICABLE, help_text="Where the kind has levels"
    )
    basis = models.CharField(max_length=20, choices=Basis.choices)
    evidence = models.CharField(max_length=500, help_text="Order, tool, register or report, with its date")
    audience = models.PositiveSmallIntegerField(choices=Audience.choices, default=Audience.BOTH)

    class Meta(StandingPart.Meta):
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kind__in=OF_HEALTH) | models.Q(audience=Audience.SUPERVISION),
                name="flag_of_health_is_supervisions",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_on__isnull=True) | ~models.Q(end_reason=""), name="flag_ends_for_a_reason"
            ),
        ]
