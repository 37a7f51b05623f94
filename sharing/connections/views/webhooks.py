"""Webhooks of a system: what is sent, the log, another try."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agencies.directory.categories import NOTHING
from sharing.access.errors import NotVisible, Refused
from sharing.connections import services
from sharing.connections.forms import WebhookForm
from sharing.connections.querysets import (
    LOG_SIZE,
    live_secrets,
    messages_of,
)
from sharing.connections.views.base import GOOD_FOR, Administration, FormPage
from sharing.notices.models import Delivery, Webhook
from sharing.notices.registry import UnknownKind, kind_of


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

    weighty = frozenset({"post"})

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
