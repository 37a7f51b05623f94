"""The ground floor as a Django app."""

from django.apps import AppConfig


class AgenciesConfig(AppConfig):
    """Ground floor: who exists, for whom they act, how they sign in, what they did."""

    name = "agencies"
    label = "agencies"
    verbose_name = "Agencies"

    def ready(self) -> None:
        """Listen to the sign-ins of Django and its libraries."""
        from agencies.accounts import signals  # noqa: F401
