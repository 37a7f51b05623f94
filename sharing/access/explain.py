"""Why can I see this? Who can see this, who has looked? What is withheld from me?

All answers come from the viewer's keys and grants, never from whether content exists.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from agencies.directory.categories import NOTHING, Category, labels_of
from agencies.directory.clock import database_now
from agencies.directory.models import Agency
from agencies.directory.querysets import memberships_in_force
from agencies.directory.roles import ACTS, ROLES
from sharing.access.actors import Actor
from sharing.access.models import Grant
from sharing.access.querysets import open_keys
from sharing.access.registry import shareable_of


@dataclass(frozen=True, slots=True)
class Way:
    """One way by which the actor sees a record: through which principal, in which role, under which grant."""

    principal: str
    roles: list[str]
    grant: Grant
    bundle: str
    until: datetime.datetime
    agreement: str
    opens: list[str]


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who can see a record now: a unit or circle, what it may see, why, and until when."""

    grant: Grant
    principal: str
    agencies: list[Agency]
    bundle: str
    opened: list[str]
    withheld: list[str]
    until: datetime.datetime
    suspended: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who looked at a record: how, why, how often, and when last."""

    user_name: str
    agency_id: int
    agency_name: str
    action: str
    purpose: str
    channel: str
    times: int
    last_at: datetime.datetime


def opened_masks(actor: Actor, records: Iterable[Any]) -> dict[int, Category]:
    """What of each record the actor may use now: number → categories. One query; records not seen are left out."""
    listed = list(records)
    if not listed:
        return {}
    shareable = shareable_of(type(listed[0]))
    role_masks = {principal.group_id: principal.mask for principal in actor.principals}
    keys = open_keys(shareable, actor, Category.EXISTENCE).filter(content_object_id__in=[r.pk for r in listed])
    opened: dict[int, Category] = {}
    for record_id, group_id, mask in keys.values_list("content_object_id", "group_id", "mask"):
        opened[record_id] = opened.get(record_id, NOTHING) | (Category(mask) & role_masks[group_id])
    return opened


def withheld_mask(mask: int) -> Category:
    """The categories of data that a mask does not open; acts are not data and left out."""
    return Category(sum(Category)) & ~Category(mask) & ~ACTS


def withheld(mask: int) -> list[str]:
    """Words for what a mask withholds: see withheld_mask()."""
    return labels_of(int(withheld_mask(mask)))


def ways(actor: Actor, record: Any) -> list[Way]:
    """Every way by which the actor sees the record now, widest first, without the roles. One query."""
    shareable = shareable_of(type(record))
    keys = (
        open_keys(shareable, actor, Category.EXISTENCE)
        .filter(content_object_id=record.pk)
        .select_related("group__unit__agency", "group__circle", "grant__agreement")
    )
    masks = {principal.group_id: principal.mask for principal in actor.principals}
    found = [
        Way(
            principal=principal_name(key.group),
            roles=[],
            grant=key.grant,
            bundle=shareable.bundles[key.grant.bundle].label,
            until=key.until,
            agreement=key.grant.agreement.title if key.grant.agreement else "",
            opens=labels_of(key.mask & masks[key.group_id]),
        )
        for key in keys
    ]
    return sorted(found, key=lambda way: -len(way.opens))


def why(actor: Actor, record: Any) -> list[Way]:
    """Every way by which the actor sees the record now, widest first, with the roles that count there. Two queries."""
    roles = _roles_by_group(actor)
    every = sorted({role for held in roles.values() for role in held})
    return [replace(way, roles=roles.get(way.grant.group_id, every)) for way in ways(actor, record)]


def holders(actor: Actor, record: Any) -> list[Holder]:
    """Everybody who can see the record now, owner first; empty for somebody who may not share it."""
    shareable = shareable_of(type(record))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT grant_id, until FROM {shareable.function('holders')}(%s) WHERE until > access_now()", [record.pk]
        )
        until = dict(cursor.fetchall())
    grants = (
        Grant.objects.filter(pk__in=until)
        .select_related("group__unit__agency", "group__circle", "agreement", "issued_by")
        .prefetch_related("group__circle__unit_rows__unit__agency")
    )
    order = list(Grant.Kind.values)
    found = [
        Holder(
            grant=grant,
            principal=principal_name(grant.group),
            agencies=_agencies(grant.group),
            bundle=shareable.bundles[grant.bundle].label,
            opened=labels_of(grant.mask & ~ACTS),
            withheld=withheld(grant.mask),
            until=until[grant.pk],
            suspended=grant.agreement_id in actor.closed_agreements,
        )
        for grant in grants
    ]
    return sorted(found, key=lambda holder: (order.index(holder.grant.kind), holder.until, holder.principal))


def holding_grants(record: Any) -> list[Grant]:
    """The grants that open the record now, widest first; none for somebody who may not share it. One query."""
    function = shareable_of(type(record)).function("holders")
    live = RawSQL(  # noqa: S611 - the function's name is ours, the number travels as a parameter
        f"SELECT h.grant_id FROM {function}(%s) h"
        " WHERE h.until > access_now() AND NOT h.agreement_id = ANY (access_closed())",
        [record.pk],
    )
    grants = Grant.objects.filter(pk__in=live).select_related("group__unit__agency", "group__circle")
    return list(grants.order_by("-mask", "pk"))


def bundle_label(grant: Grant) -> str:
    """What the grant gives, as people call it."""
    return shareable_of(grant.record_type).bundles[grant.bundle].label


def ended(actor: Actor, record: Any, limit: int = 20) -> list[Grant]:
    """Shares of the record that have ended, latest first; for somebody who may share it."""
    label = shareable_of(type(record)).label
    return list(
        Grant.objects.filter(record_type=label, record_id=record.uuid)
        .filter(Q(revoked_at__isnull=False) | Q(until__lte=database_now()))
        .select_related("group__unit__agency", "group__circle", "revoked_by", "agreement")
        .order_by("-revoked_at", "-until")[:limit]
    )


def readers(actor: Actor, record: Any, *, days: int = 90, limit: int = 50) -> list[Reader]:
    """Who has looked at the record in the last `days`, latest first: `limit` people at most, each with all they read.

    Empty for somebody who may not share it.
    """
    shareable = shareable_of(type(record))
    since = database_now() - datetime.timedelta(days=days)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {shareable.function('readers')}(%s, %s, %s)", [record.pk, since, limit])
        return [Reader(*row) for row in cursor.fetchall()]


def principal_name(group: Group) -> str:
    """The unit's or circle's name as people say it."""
    if hasattr(group, "unit"):
        return group.unit.agency.name if group.unit.is_root else f"{group.unit.name}, {group.unit.agency.name}"
    return group.circle.name


def marks(agencies: Iterable[Agency]) -> list[Agency]:
    """One agency of each shape: a circle stands beside the shapes of all that it joins."""
    return list({agency.shape: agency for agency in agencies}.values())


def _agencies(group: Group) -> list[Agency]:
    """The unit's agency, or those whose units the circle joins."""
    if hasattr(group, "unit"):
        return [group.unit.agency]
    return list({row.unit.agency_id: row.unit.agency for row in group.circle.unit_rows.all()}.values())


def _roles_by_group(actor: Actor) -> dict[int, list[str]]:
    held: dict[int, list[str]] = {}
    rows = memberships_in_force().filter(user_id=actor.user_id, group_id__in=[p.group_id for p in actor.principals])
    for group_id, role in rows.values_list("group_id", "role"):
        held.setdefault(group_id, []).append(ROLES[role].label)
    return held
