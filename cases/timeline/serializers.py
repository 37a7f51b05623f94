"""The timeline of a case as JSON."""

from __future__ import annotations

from rest_framework import serializers

from cases.timeline.sources import sources
from sharing.access.rest import AgencyBrief, PageParameters


class TimelineParameters(PageParameters):
    """Which entries to list."""

    kind = serializers.CharField(required=False, max_length=20, help_text="One kind of entry; all without")

    def validate_kind(self, value: str) -> str:
        """A kind that exists."""
        kinds = list(dict.fromkeys(source.kind for source in sources()))
        if value not in kinds:
            raise serializers.ValidationError(f"Choose one of {', '.join(kinds)}.")
        return value


class TimelineEntry(serializers.Serializer):
    """One thing that happened to a case."""

    at = serializers.DateTimeField()
    timed = serializers.BooleanField(source="entry.timed", help_text="False where only the day is known")
    kind = serializers.CharField()
    title = serializers.CharField(source="entry.title")
    text = serializers.CharField(source="entry.text")
    where = serializers.CharField(source="entry.where")
    by = serializers.CharField(source="entry.by", help_text="Who did it; empty where nobody is named")
    agency = AgencyBrief(source="entry.agency", allow_null=True)
    audience = serializers.CharField(source="entry.audience_label", help_text="Empty for what has no audience")
    tag = serializers.CharField(source="entry.tag", help_text="An exception, such as Withdrawn")
    url = serializers.CharField(source="entry.resource", help_text="The resource that shows it")


class TimelineAnswer(serializers.Serializer):
    """A page of what happened, newest first."""

    results = TimelineEntry(many=True)
    next = serializers.CharField(allow_null=True)
    withheld = serializers.ListField(
        child=serializers.CharField(), help_text="Categories whose entries are not open to the caller"
    )
