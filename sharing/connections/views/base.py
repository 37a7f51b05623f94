"""What the connections' pages share: administrators alone, a form about one thing, and the answer with a secret."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from agencies.accounts.models import ApiToken
from agencies.directory.categories import NOTHING, Category
from agencies.directory.models import User
from sharing.access.errors import NotVisible, Refused
from sharing.access.pages import Page, add_refusal
from sharing.connections import services
from sharing.connections.querysets import (
    clients_of,
    live_tokens,
    webhooks_for,
    with_numbers,
)
from sharing.notices.models import Webhook

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
