"""The portal as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.core import checks


class PortalConfig(AppConfig):
    """Assembly: the Celery app and the check that no other database slips in."""

    name = "portal"
    label = "portal"

    def ready(self) -> None:
        """Makes our Celery app the current one, so that tasks sent by name find the broker."""
        import portal.celery  # noqa: F401

        checks.register(postgresql_only, checks.Tags.compatibility)


def postgresql_only(**_: Any) -> list[checks.CheckMessage]:
    """Returns an error for every connection that is not PostgreSQL: triggers and row security would vanish there."""
    from django.db import connections

    return [
        checks.Error(
            f"The database connection {alias!r} is {connections[alias].vendor}; Concord needs PostgreSQL 15 or newer.",
            id="portal.E001",
        )
        for alias in connections
        if connections[alias].vendor != "postgresql"
    ]
