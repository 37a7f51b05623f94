"""Who will read what somebody is about to write on a case, and who is told of it: names, before it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agencies.directory.categories import Category
from sharing.access import explain
from sharing.access.actors import Actor
from sharing.access.services import principal_agencies

if TYPE_CHECKING:
    from cases.supervision.models import Case


def readers_of(actor: Actor, case: Case, category: Category, audience: int) -> tuple[list[str], list[str]]:
    """Names of who will read a part of this category and audience, and of who is told when it changes.

    The owner's people learn both from the grants that open the category; a partner knows of the owner and nobody else.
    """
    if Category.SHARE not in case.opened:
        owner = [case.agency.name] if audience in (0, case.agency.side) else []
        return [*owner, actor.agency.name], [*owner, "your own unit"]
    read_by, told = [case.agency.name], []
    for grant in explain.holding_grants(case):
        unit = getattr(grant.group, "unit", None)
        if grant.kind == "owner" or not grant.mask & category:
            continue
        sides = {unit.agency.side} if unit else {agency.side for agency in principal_agencies(grant.group_id)}
        if audience and audience not in sides:
            continue
        read_by.append(explain.principal_name(grant.group))
        if unit and not unit.is_root:
            told.append(explain.principal_name(grant.group))
    if case.officer and case.officer_id != actor.user_id:
        told.append(case.officer.display)
    return read_by, [*told, f"the supervisors of {case.unit.name}"]
