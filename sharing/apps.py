"""The first floor as a Django app."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """First floor: what may cross between agencies, and how news of it travels."""

    name = "sharing"
    label = "sharing"
    verbose_name = "Sharing"

    def ready(self) -> None:
        """Declare this floor's own events."""
        from sharing.notices import events

        events.declare()
