"""Who works where now."""

from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from agencies.directory.clock import DatabaseNow


def live_memberships(user_id: int) -> QuerySet[Any]:
    """Somebody's memberships in force, with unit and agency, in the order they were made."""
    now = DatabaseNow()
    rows = apps.get_model("agencies", "Membership").objects.filter(user_id=user_id, starts_at__lte=now, until__gt=now)
    return rows.filter(group__unit__agency__is_active=True).select_related("group__unit__agency").order_by("pk")
