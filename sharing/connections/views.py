"""The connections page: systems of the agency, their tokens and webhooks. For administrators alone.

A secret is in the one answer that follows its making, and nowhere else: it is not kept where it could be shown again.
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from agencies.accounts.models import ApiToken
from agencies.directory.categories import NOTHING, Category
from agencies.directory.dates import day_text
from agencies.directory.models import User
from sharing.access.errors import NotVisible, Refused
from sharing.access.pages import Page, add_refusal
from sharing.connections import services
from sharing.connections.forms import ClientForm, OnceForm, TokenForm, WebhookForm
from sharing.connections.querysets import (
    LOG_SIZE,
    clients_of,
    live_secrets,
    live_tokens,
    messages_of,
    systems_of,
    webhooks_for,
    with_numbers,
)
from sharing.notices.models import Delivery, Webhook
from sharing.notices.registry import UnknownKind, kind_of

GOOD_FOR = "Keep it where the system reads it, and nowhere else. It is not shown again."


class Administration(Page):
    """A page for administrators."""

    needs = {"get": NOTHING}

    def enter(self, category: Category) -> None:
        """Administrators alone. Raises NotAllowed."""
        services.must_administer(self.actor)

    def client_of(self, number: int) -> User:
        """A system of the agency. Raises NotVisible."""
        client = clients_of(self.actor.agency_id).filter(pk=number).first()
        if client is None:
            raise NotVisible
        return client

    def token_of(self, number: uuid.UUID) -> ApiToken:
        """A live token of a system of the agency. Raises NotVisible."""
        tokens = live_tokens().filter(user__in=clients_of(self.actor.agency_id)).select_related("user")
        token = tokens.filter(uuid=number).first()
        if token is None:
            raise NotVisible
        return token

    def webhook_of(self, number: uuid.UUID) -> Webhook:
        """A webhook of the agency, with its numbers. Raises NotVisible."""
        found = webhooks_for(self.actor, administers=True).filter(uuid=number)
        webhook: Webhook | None = with_numbers(found).first()
        if webhook is None:
            raise NotVisible
        return webhook

    def show(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """One of the pages in templates/sharing/connections/."""
        return render(
            self.request, f"sharing/connections/{template}.html", {"section": "connections", **context}, status=status
        )

    def show_secret(self, what: str, secret: str, explanation: str, back_url: str) -> HttpResponse:
        """The one answer in which a secret stands."""
        return self.show(
            "secret", {"what": what, "secret": secret, "explanation": explanation, "back_url": back_url}, 201
        )


class ConnectionsPage(Administration):
    """Every system of the agency."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Systems with their tokens and webhooks; those that were switched off last."""
        systems = systems_of(self.actor.agency_id, clients_of(self.actor.agency_id).order_by("name", "pk"))
        return self.show(
            "connections",
            {
                "systems": [system for system in systems if system.client.is_active],
                "off": [system for system in systems if not system.client.is_active],
                "soon": timezone.now() + services.SOON,
            },
        )


class FormPage(Administration):
    """A form about one thing, and the service it calls."""

    needs = {"get": NOTHING, "post": NOTHING}
    weighty = frozenset({"get", "post"})
    heading = ""
    explanation = ""
    button = ""

    def get(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """The form."""
        return self.show_form(self.make_form())

    def post(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """Call the service; what it refuses stands beside the field."""
        form = self.make_form(request.POST)
        if form.is_valid():
            try:
                return self.act(form)
            except Refused as refusal:
                add_refusal(form, refusal)
        return self.show_form(form, status=400)

    def make_form(self, data: Any = None) -> forms.Form:
        """The form, filled with what was sent."""
        raise NotImplementedError

    def act(self, form: Any) -> HttpResponse:
        """Call the one service and answer. May raise Refused."""
        raise NotImplementedError

    def back(self) -> str:
        """Where "Cancel" leads."""
        return reverse("connections")

    def words(self) -> dict[str, str]:
        """Heading, explanation and button."""
        return {"heading": self.heading, "explanation": self.explanation, "button": self.button}

    def show_form(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """The page around the form."""
        return self.show("form", {"form": form, "back_url": self.back(), **self.words()}, status)


class RegisterClient(FormPage):
    """A new system."""

    heading = "Register a system"
    explanation = "It acts for your agency over the API. It opens nothing before you give it a token."
    button = "Register the system"

    def make_form(self, data: Any = None) -> ClientForm:
        """Name, units, role."""
        return ClientForm(data, actor=self.actor)

    def act(self, form: ClientForm) -> HttpResponse:
        """Registered; on to its token."""
        client = services.register_client(actor=self.actor, **form.cleaned_data)
        messages.success(self.request, f"{client.name} is registered. Give it a token next.")
        return redirect("token_new", client=client.pk)


class SwitchOffClient(FormPage):
    """The end of a system's access."""

    button = "Switch the system off"

    def make_form(self, data: Any = None) -> forms.Form:
        """Nothing to fill in."""
        self.client = self.client_of(self.kwargs["client"])
        return forms.Form(data)

    def words(self) -> dict[str, str]:
        """Named after the system."""
        return {
            "heading": f"Switch off {self.client.name}",
            "explanation": "All its tokens and webhooks end at once, and for good.",
            "button": self.button,
        }

    def act(self, form: forms.Form) -> HttpResponse:
        """Off; back to the list."""
        services.switch_off_client(actor=self.actor, client_id=self.client.pk)
        messages.success(self.request, f"{self.client.name} is switched off.")
        return redirect("connections")


class AddToken(FormPage):
    """A new token."""

    button = "Make the token"

    def make_form(self, data: Any = None) -> TokenForm:
        """What for, and until when."""
        self.client = self.client_of(self.kwargs["client"])
        return TokenForm(data, actor=self.actor)

    def words(self) -> dict[str, str]:
        """Named after the system."""
        return {
            "heading": f"A token for {self.client.name}",
            "explanation": "Whoever holds it acts as this system. It is shown once, on the next page.",
            "button": self.button,
        }

    def act(self, form: TokenForm) -> HttpResponse:
        """The secret, once."""
        asked = form.cleaned_data
        token, secret = services.add_token(
            actor=self.actor,
            client_id=self.client.pk,
            label=asked["label"],
            expires_at=asked["expires_at"],
            token_uuid=asked["once"],
        )
        return _shown_once(self, token, secret, GOOD_FOR)


class RotateToken(FormPage):
    """A new token in place of another."""

    heading = "Replace a token"
    button = "Make the new token"

    def make_form(self, data: Any = None) -> OnceForm:
        """Nothing to fill in."""
        self.token = self.token_of(self.kwargs["token"])
        return OnceForm(data, actor=self.actor)

    def words(self) -> dict[str, str]:
        """Which token, and how long it stays good."""
        return {
            "heading": f"Replace the token “{self.token.label}”",
            "explanation": "The old one stays good for 24 hours, so that the system can change over.",
            "button": self.button,
        }

    def act(self, form: OnceForm) -> HttpResponse:
        """The secret, once."""
        token, secret = services.rotate_token(
            actor=self.actor, replaced=self.token.uuid, token_uuid=form.cleaned_data["once"]
        )
        return _shown_once(self, token, secret, f"The old token ends in 24 hours. {GOOD_FOR}")


class EndToken(FormPage):
    """The end of one token."""

    button = "End the token now"

    def make_form(self, data: Any = None) -> forms.Form:
        """Nothing to fill in."""
        self.token = self.token_of(self.kwargs["token"])
        return forms.Form(data)

    def words(self) -> dict[str, str]:
        """Which token."""
        return {
            "heading": f"End the token “{self.token.label}”",
            "explanation": f"{self.token.user.name} can no longer use it from this moment on.",
            "button": self.button,
        }

    def act(self, form: forms.Form) -> HttpResponse:
        """Ended; back to the list."""
        services.end_token(actor=self.actor, token_uuid=self.token.uuid)
        messages.success(self.request, "The token has ended.")
        return redirect("connections")


class AddWebhook(FormPage):
    """A new webhook."""

    button = "Add the webhook"

    def make_form(self, data: Any = None) -> WebhookForm:
        """Where to, and about what."""
        self.client = self.client_of(self.kwargs["client"])
        return WebhookForm(data, actor=self.actor)

    def words(self) -> dict[str, str]:
        """Named after the system."""
        return {
            "heading": f"A webhook for {self.client.name}",
            "explanation": "When there is news for this system, a signed message goes to the address. It holds numbers "
            "and no names; the system reads the rest over the API.",
            "button": self.button,
        }

    def act(self, form: WebhookForm) -> HttpResponse:
        """The secret, once."""
        asked = form.cleaned_data
        webhook, secret = services.add_webhook(
            actor=self.actor,
            client_id=self.client.pk,
            url=asked["url"],
            kinds_wanted=asked["kinds_wanted"],
            webhook_uuid=asked["once"],
        )
        if not secret:
            messages.warning(self.request, "This webhook was added before. Its secret cannot be shown again.")
            return redirect("webhook", webhook=webhook.uuid)
        return self.show_secret("Secret of the webhook", secret, GOOD_FOR, reverse("webhook", args=[webhook.uuid]))


class WebhookPage(Administration):
    """One webhook and what became of its messages."""

    def get(self, request: HttpRequest, webhook: uuid.UUID) -> HttpResponse:
        """State, secrets and the log, newest first."""
        found = self.webhook_of(webhook)
        log = list(messages_of(found).order_by("-pk")[:LOG_SIZE])
        return self.show(
            "webhook",
            {
                "webhook": found,
                "off": Webhook.Off(found.off_reason).label if found.off_at else "",
                "kinds": [_title(kind) for kind in found.kinds],
                "secrets": live_secrets(found),
                "log": [_logged(delivery) for delivery in log],
                "under_way": any(delivery.state == Delivery.State.PENDING for delivery in log),
                "log_is_cut": len(log) == LOG_SIZE,
            },
        )


class ChangeWebhook(FormPage):
    """Another address, or other kinds of news."""

    heading = "Change the webhook"
    explanation = "Messages that wait go to the new address."
    button = "Save the webhook"

    def make_form(self, data: Any = None) -> WebhookForm:
        """As it is."""
        self.webhook = self.webhook_of(self.kwargs["webhook"])
        return WebhookForm(data, actor=self.actor, webhook=self.webhook)

    def back(self) -> str:
        """The webhook."""
        return reverse("webhook", args=[self.kwargs["webhook"]])

    def act(self, form: WebhookForm) -> HttpResponse:
        """Saved; the webhook."""
        asked = form.cleaned_data
        changes = {"url": asked["url"], "kinds": asked["kinds_wanted"]}
        services.change_webhook(actor=self.actor, webhook_uuid=self.webhook.uuid, changes=changes)
        messages.success(self.request, "The webhook is changed.")
        return redirect("webhook", webhook=self.webhook.uuid)


class RotateSecret(FormPage):
    """A new secret for a webhook."""

    heading = "Replace the secret"
    explanation = "For 24 hours messages carry a signature by each secret, so that the system can change over."
    button = "Make the new secret"

    def make_form(self, data: Any = None) -> forms.Form:
        """Nothing to fill in."""
        self.webhook = self.webhook_of(self.kwargs["webhook"])
        return forms.Form(data)

    def back(self) -> str:
        """The webhook."""
        return reverse("webhook", args=[self.kwargs["webhook"]])

    def act(self, form: forms.Form) -> HttpResponse:
        """The secret, once."""
        secret = services.rotate_secret(actor=self.actor, webhook_uuid=self.webhook.uuid)
        return self.show_secret("New secret of the webhook", secret, GOOD_FOR, self.back())


class WebhookAct(Administration):
    """A press on the page of a webhook, and back to it."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest, webhook: uuid.UUID) -> HttpResponse:
        """Do it and say what was done, or why not."""
        try:
            messages.success(request, self.act(webhook))
        except Refused as refusal:
            messages.warning(request, str(refusal))
        return redirect("webhook", webhook=webhook)

    def act(self, webhook: uuid.UUID) -> str:
        """Call the one service; returns what to say. May raise Refused."""
        raise NotImplementedError


class TestWebhook(WebhookAct):
    """A message without news."""

    def act(self, webhook: uuid.UUID) -> str:
        """In line."""
        services.send_test(actor=self.actor, webhook_uuid=webhook)
        return "A test is on its way. What came of it stands first in the log."


class SwitchWebhook(WebhookAct):
    """On or off."""

    def act(self, webhook: uuid.UUID) -> str:
        """The other way round than the button found it."""
        on = self.request.POST.get("on") == "1"
        services.change_webhook(actor=self.actor, webhook_uuid=webhook, changes={"on": on})
        return (
            "The webhook is on. What has waited is sent now."
            if on
            else "The webhook is off. News waits for it no more."
        )


class ReplayMessages(WebhookAct):
    """Again: one message, or all that were given up."""

    def act(self, webhook: uuid.UUID) -> str:
        """In line."""
        one = self.request.POST.get("message", "")
        try:
            chosen = [uuid.UUID(one)] if one else None
        except ValueError:
            raise NotVisible from None
        number = services.replay(actor=self.actor, webhook_uuid=webhook, deliveries=chosen)
        return f"{number} message{'' if number == 1 else 's'} will be sent again, under the same number."


def _shown_once(page: Administration, token: ApiToken, secret: str, explanation: str) -> HttpResponse:
    if not secret:
        messages.warning(page.request, "This token was made before. Its secret cannot be shown again.")
        return redirect("connections")
    what = f"Token “{token.label}” of {token.user.name}, until {day_text(token.expires_at)}"
    return page.show_secret(what, secret, explanation, reverse("connections"))


def _title(kind: str) -> str:
    try:
        return kind_of(kind).title
    except UnknownKind:
        return kind


def _logged(delivery: Delivery) -> dict[str, Any]:
    """A line of the log: numbers of events and answers, nothing of any record."""
    return {
        "uuid": delivery.uuid,
        "title": _title(delivery.event.kind) if delivery.event else "Test",
        "at": delivery.created_at,
        "state": delivery.state,
        "state_label": delivery.get_state_display(),
        "attempts": delivery.attempts,
        "answer": delivery.answer,
        "failure": delivery.failure,
        "milliseconds": delivery.milliseconds,
        "next_at": delivery.next_attempt_at if delivery.state == Delivery.State.PENDING and delivery.attempts else None,
        "may_repeat": delivery.state != Delivery.State.PENDING,
    }
