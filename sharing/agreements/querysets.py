"""Which agreements are live."""

from django.db.models import Q, QuerySet

from agencies.directory.clock import DatabaseNow
from sharing.agreements.models import Agreement


def live_agreements() -> QuerySet[Agreement]:
    """Agreements in force at this statement, by the database's clock."""
    now = DatabaseNow()
    return Agreement.objects.filter(
        Q(starts_at__lte=now, ends_at__gt=now)
        & (Q(suspended_at__isnull=True) | Q(suspended_at__gt=now))
        & (Q(ended_at__isnull=True) | Q(ended_at__gt=now))
    )


def live_between(agency_ids: set[int]) -> QuerySet[Agreement]:
    """Live agreements to which every one of these agencies is a party."""
    agreements = live_agreements()
    for agency_id in agency_ids:
        agreements = agreements.filter(party_rows__agency_id=agency_id)
    return agreements


def live_of(agency_id: int) -> QuerySet[Agreement]:
    """Live agreements to which this agency is a party, by title."""
    return live_agreements().filter(party_rows__agency_id=agency_id).order_by("title")
