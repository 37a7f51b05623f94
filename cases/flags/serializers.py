"""Flags and cautions as JSON."""

from __future__ import annotations

from rest_framework import serializers

from cases.flags.models import Flag
from cases.supervision.codes import Audience, RiskLevel
from cases.supervision.models import Caution
from sharing.access.rest import AgencyBrief, CodeField, LinkField, Strict


class FlagInput(Strict, serializers.ModelSerializer[Flag]):
    """A new flag. Without `review_due` the usual day of its kind counts."""

    level = CodeField(RiskLevel, required=False)
    audience = CodeField(Audience, required=False)
    review_due = serializers.DateField(source="review_on", required=False)

    class Meta:
        model = Flag
        fields = ["kind", "level", "basis", "evidence", "audience", "review_due"]


class CautionInput(Strict, serializers.ModelSerializer[Caution]):
    """A new caution."""

    rank = serializers.IntegerField(required=False, min_value=1, max_value=9, help_text="1 is worst")
    review_due = serializers.DateField(source="review_on")

    class Meta:
        model = Caution
        fields = ["text", "detail", "rank", "review_due"]


class FlagReviewInput(Strict):
    """That a flag still holds."""

    note = serializers.CharField(max_length=300, help_text="What was looked at")
    review_due = serializers.DateField(source="review_on", required=False, help_text="Else the usual day of its kind")


class CautionReviewInput(Strict):
    """That a caution still holds."""

    note = serializers.CharField(max_length=300, help_text="What was looked at")
    review_due = serializers.DateField(source="review_on")


class EndInput(Strict):
    """Why a flag or caution ends."""

    reason = serializers.CharField(max_length=300, help_text="Stays beside it")


class StandingAnswer(serializers.ModelSerializer):
    """What flags and cautions have in common: who set, reviewed and ended it."""

    id = serializers.UUIDField(source="uuid")
    case_url = LinkField("case", source="case")
    set_by = serializers.CharField(source="set_by.display", default=None, allow_null=True)
    review_due = serializers.DateField(source="review_on", allow_null=True)
    reviewed_by = serializers.CharField(source="reviewed_by.display", default=None, allow_null=True)
    ended_by = serializers.CharField(source="ended_by.display", default=None, allow_null=True)


STANDING = [
    "case_url",
    "version",
    "updated_at",
    "set_by",
    "set_on",
    "review_due",
    "reviewed_by",
    "reviewed_on",
    "review_note",
    "ended_by",
    "ended_on",
    "end_reason",
]


class FlagAnswer(StandingAnswer):
    """A flag, by whom it was set, and whether it still stands."""

    url = LinkField("flag")
    agency = AgencyBrief()
    level = CodeField(RiskLevel)
    audience = CodeField(Audience)

    class Meta:
        model = Flag
        fields = ["id", "url", "kind", "level", "basis", "evidence", "audience", "agency", *STANDING]
        read_only_fields = fields


class CautionAnswer(StandingAnswer):
    """A caution, by whom it was added, and whether it still stands."""

    url = LinkField("caution")

    class Meta:
        model = Caution
        fields = ["id", "url", "rank", "text", "detail", *STANDING]
        read_only_fields = fields


class FlagPage(serializers.Serializer):
    """A page of flags, newest first, those that ended too."""

    results = FlagAnswer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page")


class CautionPage(serializers.Serializer):
    """A page of cautions, newest first, those that ended too."""

    results = CautionAnswer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page")
