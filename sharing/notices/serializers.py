"""News as JSON: numbers and addresses, never content of a record."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from sharing.access.rest import AgencyBrief, PageParameters, Strict
from sharing.notices.models import NoticePreference
from sharing.notices.querysets import DONE, FREE, MINE, groups
from sharing.notices.services.preferences import Wish


class InboxParameters(PageParameters):
    """Which news to list."""

    show = serializers.CharField(
        required=False,
        max_length=40,
        help_text=f"A heading of the inbox; `{DONE}`: what was put away; `{FREE}`: what came to the caller's unit and"
        f" nobody took on; `{MINE}`: what the caller took on",
    )

    def validate_show(self, value: str) -> str:
        """A heading that exists."""
        known = [*groups(), DONE, FREE, MINE]
        if value not in known:
            raise serializers.ValidationError(f"Choose one of {', '.join(known)}.")
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
    unit = serializers.SerializerMethodField(help_text="The unit through which the caller was told")
    taken_by = serializers.SerializerMethodField(help_text="Who of that unit has taken it on")
    taken_at = serializers.SerializerMethodField()

    @extend_schema_field({"type": ["string", "null"]})
    def get_unit(self, news: Any) -> str | None:
        """The unit's name."""
        return news.item.unit.name if news.item.unit else None

    @extend_schema_field({"type": ["string", "null"]})
    def get_taken_by(self, news: Any) -> str | None:
        """A colleague's name."""
        return news.taken.name if news.taken else None

    @extend_schema_field({"type": ["string", "null"], "format": "date-time"})
    def get_taken_at(self, news: Any) -> str | None:
        """When."""
        return news.taken.at.isoformat() if news.taken else None

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


class AllDoneAnswer(serializers.Serializer):
    """How many items were put away, and when."""

    number = serializers.IntegerField()
    done_at = serializers.DateTimeField()


class ChoiceAnswer(serializers.Serializer):
    """How the caller is told of one topic."""

    code = serializers.CharField(source="topic.code")
    heading = serializers.CharField(source="topic.group")
    title = serializers.CharField(source="topic.title")
    locked_because = serializers.CharField(
        source="topic.required", allow_blank=True, help_text="Why it cannot be turned off; empty where it can"
    )
    inbox = serializers.BooleanField()
    mail = serializers.ChoiceField(choices=NoticePreference.Mail.choices)


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["07:00"]})
class ClockField(serializers.TimeField):
    """A time of day in the agency's zone, hours and minutes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **options)


class PreferencesAnswer(serializers.Serializer):
    """Which news reaches the caller, over which channel; times of day are those of the agency."""

    topics = ChoiceAnswer(many=True)
    quiet_from = ClockField(source="times.quiet_from", allow_null=True)
    quiet_until = ClockField(source="times.quiet_until", allow_null=True)
    digest_at = ClockField(source="times.digest_at")


class ChoiceInput(Strict):
    """What the caller wants of one topic."""

    code = serializers.CharField(max_length=60)
    inbox = serializers.BooleanField()
    mail = serializers.ChoiceField(choices=NoticePreference.Mail.choices)


class PreferencesInput(Strict):
    """What is to change."""

    topics = ChoiceInput(many=True, required=False)
    quiet_from = ClockField(required=False, allow_null=True)
    quiet_until = ClockField(required=False, allow_null=True)
    digest_at = ClockField(required=False)


def wishes_in(asked: dict[str, Any]) -> dict[str, Wish]:
    """Wishes by the code of their topic."""
    return {one["code"]: Wish(one["inbox"], NoticePreference.Mail(one["mail"])) for one in asked.get("topics", [])}
