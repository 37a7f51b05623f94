"""Systems of the agency and their tokens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from agencies.accounts.models import ApiToken
from agencies.directory.dates import day_text
from sharing.connections import services
from sharing.connections.forms import ClientForm, OnceForm, TokenForm
from sharing.connections.querysets import (
    clients_of,
    systems_of,
)
from sharing.connections.views.base import GOOD_FOR, Administration, FormPage


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


def _shown_once(page: Administration, token: ApiToken, secret: str, explanation: str) -> HttpResponse:
    if not secret:
        messages.warning(page.request, "This token was made before. Its secret cannot be shown again.")
        return redirect("connections")
    what = f"Token “{token.label}” of {token.user.name}, until {day_text(token.expires_at)}"
    return page.show_secret(what, secret, explanation, reverse("connections"))
