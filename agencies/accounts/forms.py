"""What allauth's forms do otherwise here."""

from __future__ import annotations

from allauth.account.forms import ResetPasswordForm

from agencies.directory.models import User


class ForgottenPasswordForm(ResetPasswordForm):
    """Whoever never accepted their invitation gets a new one from their administrator, and no link from here."""

    def clean_email(self) -> str:
        """The address. Those who may get a link are kept in `users`."""
        email: str = super().clean_email()
        self.users: list[User] = [user for user in self.users if user.has_usable_password()]
        return email
