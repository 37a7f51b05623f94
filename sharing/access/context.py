"""Says to the database who is asking, for the length of one transaction, and learns which principals they hold.

The outer transaction of a request, each task and each chunk of a stream opens its own context. Without one our code
raises and the database shows no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from agencies.directory.models import Agency, AgencyKind, User
from agencies.directory.roles import ROLE_CODES, ROLE_MASKS
from sharing.access.actors import Actor, NoContext, Principal

_AGENCY_COLUMNS = ", ".join(f'(agency)."{f.column}"' for f in Agency._meta.concrete_fields)
_KINDS = [kind.value for kind in AgencyKind]
_SIDES = [int(kind.side) for kind in AgencyKind]


def open_context(
    user: User, agency_id: int | None = None, *, channel: str = "html", request_id: str = "", purpose: str = ""
) -> Actor | None:
    """Read for whom and as what `user` acts now, and set it for the current transaction, in one round trip.

    `agency_id` is the agency the user would like to act for; where they are no live member of it, or none is named, the
    one they joined first counts. Returns the Actor, or None for an account without any live membership. Raises
    NoContext outside a transaction, where the setting would not hold.
    """
    if not connection.in_atomic_block:
        raise NoContext("open_context() needs a transaction")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT group_ids, masks, closed, {_AGENCY_COLUMNS} FROM access_open(%s, %s, %s, %s, %s, %s)",
            [user.pk, agency_id, ROLE_CODES, ROLE_MASKS, _KINDS, _SIDES],
        )
        group_ids, masks, closed, *agency = cursor.fetchone()
    if not group_ids:
        return None
    principals = tuple(Principal(group, mask) for group, mask in zip(group_ids, masks, strict=True))
    acting_for = Agency.from_db(connection.alias, [f.attname for f in Agency._meta.concrete_fields], agency)
    return Actor(user, acting_for, principals, tuple(closed), channel, request_id, purpose)


@contextmanager
def acting(user: User, agency: Agency, *, channel: str = "task") -> Iterator[Actor]:
    """A transaction of its own in which `user` acts for `agency`. For tasks, commands and tests."""
    with transaction.atomic():
        actor = open_context(user, agency.pk, channel=channel)
        if actor is None or actor.agency_id != agency.pk:
            raise NoContext(f"account {user.pk} does not act for agency {agency.pk}")
        yield actor


@contextmanager
def job_context() -> Iterator[None]:
    """A transaction in which the job role sees all rows: the importer's and the demo world's, nobody else's.

    For any other database role the setting has no effect.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Plans are kept, as access_open() has them kept: what a job does to many records goes by index too.
            cursor.execute(
                "SELECT set_config('access.job', 'on', true), set_config('plan_cache_mode', 'force_generic_plan', true)"
            )
        yield
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('access.job', '', true)")
