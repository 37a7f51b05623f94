"""Who works where now, and who answers for whom."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, QuerySet

from agencies.directory.categories import with_prerequisites
from agencies.directory.clock import DatabaseNow
from agencies.directory.roles import ADMINISTRATORS, ROLES


def memberships_in_force() -> QuerySet[Any]:
    """Memberships that count now."""
    now = DatabaseNow()
    return apps.get_model("agencies", "Membership").objects.filter(starts_at__lte=now, until__gt=now)


def live_memberships(user_id: int) -> QuerySet[Any]:
    """Somebody's memberships in force, with unit and agency, in the order they were made."""
    rows = memberships_in_force().filter(user_id=user_id, group__unit__agency__is_active=True)
    return rows.select_related("group__unit__agency").order_by("pk")


def works_for(user_id: int, agency_id: int) -> bool:
    """Whether somebody has a role in the agency now."""
    there: bool = memberships_in_force().filter(user_id=user_id, group__unit__agency_id=agency_id).exists()
    return there


def works_elsewhere(user_id: int, agency_id: int) -> bool:
    """Whether somebody has a role in another agency than this one now."""
    elsewhere = memberships_in_force().filter(user_id=user_id).exclude(group__unit__agency_id=agency_id)
    return bool(elsewhere.exists())


def administers(user_id: int, agency_id: int) -> bool:
    """Whether somebody administers the accounts and units of an agency now."""
    rows = memberships_in_force().filter(user_id=user_id, role__in=ADMINISTRATORS, group__unit__agency_id=agency_id)
    return rows.exists()


def covers_in_force(agency_id: int | None = None) -> QuerySet[Any]:
    """Covers that count now, of one agency or of all."""
    now = DatabaseNow()
    rows = apps.get_model("agencies", "Cover").objects.filter(starts_at__lte=now, until__gt=now)
    return rows if agency_id is None else rows.filter(agency_id=agency_id)


def covering(officers: Iterable[int]) -> list[tuple[int, int, int]]:
    """Who answers now for any of these officers: (officer, agency, colleague)."""
    rows = covers_in_force().filter(officer_id__in=list(officers))
    return list(rows.values_list("officer_id", "agency_id", "colleague_id"))


def members_of(unit_ids: Iterable[int] | QuerySet[Any], *, having: int) -> QuerySet[Any]:
    """The people who are members of one of these units now, in a role that allows the whole category; by name."""
    roles = [r.code for r in ROLES.values() if with_prerequisites(r.mask) & having == having]
    memberships = memberships_in_force().filter(user_id=OuterRef("pk"), group_id__in=unit_ids, role__in=roles)
    people = apps.get_model("agencies", "User").objects.filter(kind="person", is_active=True)
    return people.filter(Exists(memberships)).order_by("name", "pk")


def members_by_unit(unit_ids: Iterable[int] | QuerySet[Any], *, having: int) -> dict[int, list[Any]]:
    """The people of members_of() under each of the units: number of the unit → people, by name. One query."""
    now, roles = DatabaseNow(), [r.code for r in ROLES.values() if with_prerequisites(r.mask) & having == having]
    rows = apps.get_model("agencies", "Membership").objects.filter(
        group_id__in=unit_ids, role__in=roles, starts_at__lte=now, until__gt=now,
        user__kind="person", user__is_active=True,
    )  # fmt: skip
    found: dict[int, list[Any]] = {}
    for row in rows.select_related("user").order_by("user__name", "user_id"):
        people = found.setdefault(row.group_id, [])
        if row.user not in people:
            people.append(row.user)
    return found


def administrations(agency_id: int) -> QuerySet[Any]:
    """The memberships in force by which somebody administers the agency."""
    now, roles = DatabaseNow(), [role.code for role in ROLES.values() if role.administers]
    rows = apps.get_model("agencies", "Membership").objects.filter(starts_at__lte=now, until__gt=now, role__in=roles)
    return rows.filter(group__unit__agency_id=agency_id, user__is_active=True)
