"""The feed of changes as JSON: numbers and addresses, never content."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cases.changes.querysets import CHANGED, CHANGES, COPY, GAINED, LOST
from cases.supervision.codes import CASE
from sharing.access.rest import MAX_PAGE_SIZE, Strict


class ChangeParameters(Strict):
    """From where to go on."""

    cursor = serializers.CharField(required=False, max_length=1000, help_text="From `next`; without one a copy begins")
    limit = serializers.IntegerField(
        required=False,
        default=MAX_PAGE_SIZE,
        min_value=1,
        max_value=1000,
        help_text="About how many changes to look through; some may not concern the caller, so a page may be empty",
    )


class ChangeEntry(serializers.Serializer):
    """A case, and what became of it for the caller: read it anew, or forget it."""

    id = serializers.UUIDField(source="uuid")
    type = serializers.SerializerMethodField()
    change = serializers.ChoiceField(choices=[GAINED, CHANGED, LOST])
    url = serializers.SerializerMethodField(help_text="Null where access was lost")
    version = serializers.IntegerField(source="case.version", default=None, allow_null=True)
    updated_at = serializers.DateTimeField(source="case.updated_at", default=None, allow_null=True)

    def get_type(self, entry: Any) -> str:
        """The kind of record."""
        return CASE

    @extend_schema_field({"type": ["string", "null"], "format": "uri-reference"})
    def get_url(self, entry: Any) -> str | None:
        """Where it is."""
        return reverse("api:case", args=[entry.uuid]) if entry.case is not None else None


class ChangeFeed(serializers.Serializer):
    """A page of the feed."""

    results = ChangeEntry(many=True)
    phase = serializers.ChoiceField(
        choices=[COPY, CHANGES], help_text="`copy`: all that is visible, once; `changes`: what happened since"
    )
    starts = serializers.BooleanField(
        help_text="A new copy begins: what is not listed before its last page is to be forgotten"
    )
    more = serializers.BooleanField(help_text="Whether the next page may be asked for at once")
    next = serializers.CharField(help_text="Address of the next page; keep it, and ask again later")
