"""Connections over the API: for administrators; and for a system, its own webhooks to read, test and replay."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from agencies.accounts.models import ApiToken
from sharing.access.errors import NotVisible
from sharing.access.permissions import ANY_ACTOR, declared_method
from sharing.access.rest import DoorView, PageParameters, page_by_number
from sharing.connections import services
from sharing.connections.querysets import clients_of, messages_of, systems_of, webhooks_for
from sharing.connections.serializers import (
    ClientAnswer,
    ClientInput,
    MessageAnswer,
    MessagePage,
    MessageParameters,
    ReplayAnswer,
    ReplayInput,
    SecretMade,
    SystemAnswer,
    SystemList,
    TokenAnswer,
    TokenInput,
    TokenMade,
    WebhookAnswer,
    WebhookChange,
    WebhookInput,
    WebhookList,
    WebhookMade,
)
from sharing.notices.models import Webhook

TAGS = ["Connections"]


def with_secret(data: dict[str, Any]) -> Response:
    """201 with a secret, which is not kept with the answer under an Idempotency-Key."""
    response = Response(data, status=201)
    response.kept_data = {**data, "secret": None}  # type: ignore[attr-defined]
    return response


class OfAdministrators(DoorView):
    """What administrators alone may call, but for the methods named in `open_methods`.

    Asked before the handler: an answer that is kept under an Idempotency-Key is given again without it.
    """

    open_methods: ClassVar[tuple[str, ...]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Besides the usual: raises NotVisible for what the caller may not know of, else NotAllowed."""
        super().initial(request, *args, **kwargs)
        method = declared_method(request)
        if method not in self.categories:
            return  # answered with 405
        self.find(**kwargs)
        if method not in self.open_methods:
            services.must_administer(self.actor)

    def find(self, **names: Any) -> None:
        """Find what the address names. Raises NotVisible."""


class ClientsView(OfAdministrators):
    """The systems of the agency."""

    categories = {"get": ANY_ACTOR, "post": ANY_ACTOR}
    weighty = frozenset({"post"})
    parameters = PageParameters
    shows = SystemAnswer

    @extend_schema(operation_id="list_clients", parameters=[PageParameters], responses=SystemList, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List the systems of the caller's agency with their tokens. For administrators."""
        found, following = page_by_number(self, clients_of(self.actor.agency_id), name="clients")
        systems = systems_of(self.actor.agency_id, found)
        return Response({"results": SystemAnswer(systems, many=True).data, "next": following})

    @extend_schema(operation_id="register_client", request=ClientInput, responses={201: ClientAnswer}, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Register a system. It opens nothing before it has a token. For administrators."""
        return Response(
            ClientAnswer(services.register_client(actor=self.actor, **self.body(ClientInput))).data, status=201
        )


class ClientOffView(OfAdministrators):
    """The end of a system's access."""

    categories = {"post": ANY_ACTOR}
    weighty = frozenset({"post"})

    @extend_schema(operation_id="switch_off_client", request=None, responses=ClientAnswer, tags=TAGS)
    def post(self, request: Request, client_id: int) -> Response:
        """Switch a system off for good, with its tokens and webhooks. For administrators."""
        return Response(ClientAnswer(services.switch_off_client(actor=self.actor, client_id=client_id)).data)


class ClientTokensView(OfAdministrators):
    """Tokens of a system."""

    categories = {"post": ANY_ACTOR}
    weighty = frozenset({"post"})

    @extend_schema(operation_id="make_token", request=TokenInput, responses={201: TokenMade}, tags=TAGS)
    def post(self, request: Request, client_id: int) -> Response:
        """Make a token. Its secret is in this answer and in no other. For administrators."""
        made = services.add_token(actor=self.actor, client_id=client_id, **self.body(TokenInput))
        return _token_made(*made)


class TokenRotateView(OfAdministrators):
    """A new token in place of another."""

    categories = {"post": ANY_ACTOR}
    weighty = frozenset({"post"})

    @extend_schema(operation_id="rotate_token", request=None, responses={201: TokenMade}, tags=TAGS)
    def post(self, request: Request, token_uuid: uuid.UUID) -> Response:
        """Make a token like this one, which then ends within 24 hours. For administrators."""
        return _token_made(*services.rotate_token(actor=self.actor, replaced=token_uuid))


class TokenEndView(OfAdministrators):
    """The end of a token."""

    categories = {"post": ANY_ACTOR}
    weighty = frozenset({"post"})

    @extend_schema(operation_id="end_token", request=None, responses=TokenAnswer, tags=TAGS)
    def post(self, request: Request, token_uuid: uuid.UUID) -> Response:
        """End a token at once. Doing it again changes nothing. For administrators."""
        return Response(TokenAnswer(services.end_token(actor=self.actor, token_uuid=token_uuid)).data)


class WebhooksView(OfAdministrators):
    """Webhooks."""

    open_methods = ("get",)
    categories = {"get": ANY_ACTOR, "post": ANY_ACTOR}
    weighty = frozenset({"post"})
    parameters = PageParameters
    shows = WebhookAnswer

    @extend_schema(operation_id="list_webhooks", parameters=[PageParameters], responses=WebhookList, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List webhooks: an administrator's agency's, a system's own."""
        own = webhooks_for(self.actor, administers=services.is_administrator(self.actor))
        found, following = page_by_number(self, own, name="webhooks")
        return Response({"results": WebhookAnswer(found, many=True).data, "next": following})

    @extend_schema(operation_id="add_webhook", request=WebhookInput, responses={201: WebhookMade, 404: None}, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Add a webhook to a system. Its secret is in this answer and in no other. For administrators."""
        asked = self.body(WebhookInput)
        webhook, secret = services.add_webhook(
            actor=self.actor, client_id=asked["client"], url=asked["url"], kinds_wanted=asked["kinds"]
        )
        return with_secret(dict(WebhookMade(webhook, context={"secret": secret}).data))


class OneWebhookView(OfAdministrators):
    """Base of what is about one webhook, which the caller may read."""

    webhook: Webhook

    def find(self, **names: Any) -> None:
        """Find the webhook. Raises NotVisible for another agency's, and a system for another system's."""
        found = webhooks_for(self.actor, administers=services.is_administrator(self.actor))
        webhook = found.filter(uuid=names["webhook_uuid"]).first()
        if webhook is None:
            raise NotVisible
        self.webhook = webhook


class WebhookView(OneWebhookView):
    """One webhook."""

    open_methods = ("get",)
    categories = {"get": ANY_ACTOR, "patch": ANY_ACTOR}
    weighty = frozenset({"patch"})
    shows = WebhookAnswer

    @extend_schema(operation_id="read_webhook", responses=WebhookAnswer, tags=TAGS)
    def get(self, request: Request, webhook_uuid: uuid.UUID) -> Response:
        """Read one webhook."""
        return self.tagged(WebhookAnswer(self.webhook).data, self.tag_of(self.webhook))

    @extend_schema(operation_id="change_webhook", request=WebhookChange, responses=WebhookAnswer, tags=TAGS)
    def patch(self, request: Request, webhook_uuid: uuid.UUID) -> Response:
        """Change address or kinds, or switch it off or on. For administrators."""
        self.must_match(self.tag_of(self.webhook))
        webhook = services.change_webhook(
            actor=self.actor,
            webhook_uuid=webhook_uuid,
            changes=self.body(WebhookChange),
            seen_version=self.webhook.version,
        )
        return self.tagged(WebhookAnswer(webhook).data, self.tag_of(webhook))


class WebhookSecretView(OneWebhookView):
    """A new secret."""

    categories = {"post": ANY_ACTOR}
    weighty = frozenset({"post"})

    @extend_schema(operation_id="rotate_webhook_secret", request=None, responses={201: SecretMade}, tags=TAGS)
    def post(self, request: Request, webhook_uuid: uuid.UUID) -> Response:
        """Make a new secret. For 24 hours messages are signed by the old one too. For administrators."""
        return with_secret({"secret": services.rotate_secret(actor=self.actor, webhook_uuid=webhook_uuid)})


class WebhookTestView(OneWebhookView):
    """A message without news."""

    open_methods = ("post",)
    categories = {"post": ANY_ACTOR}

    @extend_schema(operation_id="test_webhook", request=None, responses={202: MessageAnswer}, tags=TAGS)
    def post(self, request: Request, webhook_uuid: uuid.UUID) -> Response:
        """Send a message without news, to see whether it arrives."""
        delivery = services.send_test(actor=self.actor, webhook_uuid=webhook_uuid)
        return Response(MessageAnswer(delivery).data, status=202)


class WebhookMessagesView(OneWebhookView):
    """What became of the messages."""

    open_methods = ("get",)
    categories = {"get": ANY_ACTOR}
    parameters = MessageParameters
    shows = MessageAnswer

    @extend_schema(
        operation_id="list_webhook_messages", parameters=[MessageParameters], responses=MessagePage, tags=TAGS
    )
    def get(self, request: Request, webhook_uuid: uuid.UUID) -> Response:
        """List what was sent to a webhook, or waits to be, newest first."""
        rows = messages_of(self.webhook)
        if "state" in self.asked:
            rows = rows.filter(state=self.asked["state"])
        found, following = page_by_number(self, rows, name=f"messages {webhook_uuid}", newest_first=True)
        return Response({"results": MessageAnswer(found, many=True).data, "next": following})


class WebhookReplayView(OneWebhookView):
    """Sending again."""

    open_methods = ("post",)
    categories = {"post": ANY_ACTOR}

    @extend_schema(operation_id="replay_messages", request=ReplayInput, responses={202: ReplayAnswer}, tags=TAGS)
    def post(self, request: Request, webhook_uuid: uuid.UUID) -> Response:
        """Send messages again under their own numbers, so that a receiver can pass over what it has."""
        asked = self.body(ReplayInput)
        number = services.replay(
            actor=self.actor,
            webhook_uuid=webhook_uuid,
            deliveries=asked.get("messages"),
            since=asked.get("since"),
            until=asked.get("until"),
        )
        return Response({"number": number}, status=202)


def _token_made(token: ApiToken, secret: str) -> Response:
    made: Serializer = TokenMade(token, context={"secret": secret})
    return with_secret(dict(made.data))
