"""Who works where now."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, QuerySet

from agencies.directory.categories import with_prerequisites
from agencies.directory.clock import DatabaseNow
from agencies.directory.roles import ROLES


def live_memberships(user_id: int) -> QuerySet[Any]:
    """Somebody's memberships in force, with unit and agency, in the order they were made."""
    now = DatabaseNow()
    rows = apps.get_model("agencies", "Membership").objects.filter(user_id=user_id, starts_at__lte=now, until__gt=now)
    return rows.filter(group__unit__agency__is_active=True).select_related("group__unit__agency").order_by("pk")


def members_of(unit_ids: Iterable[int] | QuerySet[Any], *, having: int) -> QuerySet[Any]:
    """The people who are members of one of these units now, in a role that allows the whole category; by name."""
    now, roles = DatabaseNow(), [r.code for r in ROLES.values() if with_prerequisites(r.mask) & having == having]
    memberships = apps.get_model("agencies", "Membership").objects.filter(
        user_id=OuterRef("pk"), group_id__in=unit_ids, role__in=roles, starts_at__lte=now, until__gt=now
    )
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
