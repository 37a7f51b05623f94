"""News as JSON: numbers and addresses, never content of a record."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from sharing.access.rest import AgencyBrief, PageParameters
from sharing.notices.querysets import DONE, groups


class InboxParameters(PageParameters):
    """Which news to list."""

    show = serializers.CharField(
        required=False, max_length=40, help_text=f"A heading of the inbox, or `{DONE}` for what was put away"
    )

    def validate_show(self, value: str) -> str:
        """A heading that exists."""
        if value != DONE and value not in groups():
            raise serializers.ValidationError(f"Choose one of {', '.join([*groups(), DONE])}.")
        return value


class NewsAnswer(serializers.Serializer):
    """One item of the caller's inbox."""

    id = serializers.UUIDField(source="item.uuid")
    kind = serializers.CharField(source="kind.kind")
    title = serializers.CharField()
    line = serializers.CharField()
    created_at = serializers.DateTimeField(source="item.created_at")
    read_at = serializers.DateTimeField(source="item.read_at", allow_null=True)
    done_at = serializers.DateTimeField(source="item.done_at", allow_null=True)
    agency = AgencyBrief(source="item.event.actor_agency", allow_null=True)
    record_type = serializers.CharField(source="item.event.record_type")
    record_id = serializers.SerializerMethodField(help_text="Null once the caller's access has ended")
    object_type = serializers.CharField(source="item.event.object_type", allow_blank=True)
    object_id = serializers.SerializerMethodField(help_text="Null where nothing smaller changed, or access has ended")
    access_ended = serializers.SerializerMethodField()

    @extend_schema_field({"type": ["string", "null"], "format": "uuid"})
    def get_record_id(self, news: Any) -> str | None:
        """The record, as long as the caller may know of it."""
        return str(news.record.uuid) if news.record is not None else None

    @extend_schema_field({"type": ["string", "null"]})
    def get_object_id(self, news: Any) -> str | None:
        """The part that changed."""
        return (news.item.event.object_id or None) if news.record is not None else None

    def get_access_ended(self, news: Any) -> bool:
        """Whether the caller may no longer see what this is about."""
        return news.record is None


class NewsDetail(NewsAnswer):
    """One item, with before and after where a goal or action changed and the caller may see it."""

    change = serializers.SerializerMethodField()

    @extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
    def get_change(self, news: Any) -> dict[str, Any] | None:
        """The version that this news is about: `before`, `after`, who, when and why."""
        change: dict[str, Any] | None = self.context["change"]
        return change


class InboxAnswer(serializers.Serializer):
    """A page of news, newest first."""

    results = NewsAnswer(many=True)
    next = serializers.CharField(allow_null=True)
    unread = serializers.IntegerField()
    unreadExact = serializers.BooleanField()
