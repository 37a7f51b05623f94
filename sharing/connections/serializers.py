"""Connections as JSON. A secret is in the answer that made it, and in no other."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agencies.accounts.models import ApiToken
from agencies.directory.models import User
from sharing.access.rest import Moment, PageParameters, Strict
from sharing.connections.services import CLIENT_ROLES
from sharing.notices.models import Delivery, Webhook

SECRET_NOTE = "Shown this once; null where the answer is given again under its Idempotency-Key"  # noqa: S105


class TokenAnswer(serializers.ModelSerializer[ApiToken]):
    """A token, without its secret."""

    id = serializers.UUIDField(source="uuid")
    client = serializers.IntegerField(source="user_id")

    class Meta:
        model = ApiToken
        fields = ["id", "client", "label", "hint", "created_at", "expires_at", "revoked_at"]


class TokenMade(TokenAnswer):
    """A token just made."""

    secret = serializers.SerializerMethodField(help_text=SECRET_NOTE)

    class Meta(TokenAnswer.Meta):
        fields = [*TokenAnswer.Meta.fields, "secret"]

    @extend_schema_field({"type": ["string", "null"]})
    def get_secret(self, token: ApiToken) -> str | None:
        """From the service that made it."""
        secret: str = self.context["secret"]
        return secret or None


class WebhookAnswer(serializers.ModelSerializer[Webhook]):
    """A webhook."""

    id = serializers.UUIDField(source="uuid")
    client = serializers.IntegerField(source="client_id")
    kinds = serializers.ListField(child=serializers.CharField(), help_text="Empty: every kind of event")
    on = serializers.SerializerMethodField()

    class Meta:
        model = Webhook
        fields = ["id", "client", "url", "kinds", "on", "off_at", "off_reason", "failing_since", "created_at"]

    def get_on(self, webhook: Webhook) -> bool:
        """Whether messages are sent."""
        return webhook.off_at is None


class WebhookMade(WebhookAnswer):
    """A webhook just added."""

    secret = serializers.SerializerMethodField(help_text=SECRET_NOTE)

    class Meta(WebhookAnswer.Meta):
        fields = [*WebhookAnswer.Meta.fields, "secret"]

    @extend_schema_field({"type": ["string", "null"]})
    def get_secret(self, webhook: Webhook) -> str | None:
        """From the service that made it."""
        secret: str = self.context["secret"]
        return secret or None


class SecretMade(serializers.Serializer):
    """A new secret of a webhook. The old one signs beside it for 24 hours."""

    secret = serializers.CharField(allow_null=True, help_text=SECRET_NOTE)


class WebhookList(serializers.Serializer):
    """The webhooks that the caller may read."""

    results = WebhookAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class SystemAnswer(serializers.Serializer):
    """A system of the agency."""

    id = serializers.IntegerField(source="client.pk")
    name = serializers.CharField(source="client.name")
    is_active = serializers.BooleanField(source="client.is_active")
    units = serializers.SerializerMethodField(help_text="Numbers of the units in which it works")
    role = serializers.CharField(source="role.code", allow_null=True)
    tokens = TokenAnswer(many=True, help_text="Those that open the API now")

    @extend_schema_field({"type": "array", "items": {"type": "integer"}})
    def get_units(self, system: Any) -> list[int]:
        """Their numbers."""
        return [unit.pk for unit in system.units]


class SystemList(serializers.Serializer):
    """The systems of the caller's agency."""

    results = SystemAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class ClientAnswer(serializers.ModelSerializer[User]):
    """A system's account."""

    class Meta:
        model = User
        fields = ["id", "name", "is_active"]


class ClientInput(Strict):
    """A system to register."""

    name = serializers.CharField(max_length=120)
    units = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=2**31 - 1), max_length=50)
    role = serializers.ChoiceField(choices=CLIENT_ROLES)


class TokenInput(Strict):
    """A token to make."""

    label = serializers.CharField(max_length=80)  # type: ignore[assignment]
    expires_at = Moment(help_text="Within a year")


class WebhookInput(Strict):
    """A webhook to add."""

    client = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    url = serializers.CharField(max_length=500)
    kinds = serializers.ListField(child=serializers.CharField(max_length=60), max_length=100, default=list)


class WebhookChange(Strict):
    """What is to change of a webhook."""

    url = serializers.CharField(max_length=500, required=False)
    kinds = serializers.ListField(child=serializers.CharField(max_length=60), max_length=100, required=False)
    on = serializers.BooleanField(required=False)


class MessageAnswer(serializers.ModelSerializer[Delivery]):
    """What became of one message. Its number is what the receiver sees as `webhook-id`."""

    id = serializers.UUIDField(source="uuid")
    type = serializers.CharField(source="event.kind", default=None, allow_null=True, help_text="Null for a test")

    class Meta:
        model = Delivery
        fields = [
            "id", "type", "state", "attempts", "created_at", "sent_at", "attempted_at", "next_attempt_at", "answer",
            "failure", "milliseconds",
        ]  # fmt: skip


class MessagePage(serializers.Serializer):
    """Messages, newest first."""

    results = MessageAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class MessageParameters(PageParameters):
    """Which messages to list."""

    state = serializers.ChoiceField(choices=Delivery.State.choices, required=False)


class ReplayInput(Strict):
    """What to send again: `messages` by number, or those made `since` and before `until`; neither: all given up."""

    messages = serializers.ListField(child=serializers.UUIDField(), max_length=1000, required=False)
    since = Moment(required=False)
    until = Moment(required=False)


class ReplayAnswer(serializers.Serializer):
    """How many messages will be sent again."""

    number = serializers.IntegerField()
