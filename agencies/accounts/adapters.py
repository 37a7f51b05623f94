"""How sign-in behaves: accounts are made by agencies, never by visitors."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from agencies.directory.models import User


class ClosedSignupAdapter(DefaultAccountAdapter):
    """allauth without self-registration."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody opens an account for themselves."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person with this address and password. An API client is as unknown here as a stranger.

        allauth hands over an account that its backend refused, to say that it is closed; hence the question again.
        """
        user: User | None = super().authenticate(request, **credentials)
        return user if user is not None and user.kind == User.Kind.PERSON else None

    def set_password(self, user: Any, password: str) -> None:
        """Keep a new password, and nothing else of the account: more the web's database role may not write."""
        user.set_password(password)
        user.save(update_fields=["password"])
