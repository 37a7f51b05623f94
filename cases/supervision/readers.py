"""Who will read what somebody is about to write on a case, and who is told of it: names, before it is saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.utils.html import format_html

from agencies.directory.categories import Category
from agencies.directory.models import AgencyKind, Side, User
from agencies.directory.querysets import memberships_in_force
from agencies.directory.roles import ROLE_CODES, ROLE_MASKS
from agencies.directory.words import listed
from cases.supervision.codes import Audience
from sharing.access import explain
from sharing.access.actors import Actor
from sharing.access.services import principal_agencies

if TYPE_CHECKING:
    from cases.supervision.models import Case

_OTHER_SIDE = {Side.SUPERVISION: "police", Side.POLICE: "supervision"}


class _Holder(NamedTuple):
    """Somebody to whom a grant opens a category of the case."""

    name: str
    sides: set[int]
    told: bool


def readers_of(actor: Actor, case: Case, category: Category, audience: int) -> tuple[list[str], list[str]]:
    """Names of who will read a part of this category and audience, and of who is told when it changes.

    The owner's people learn both from the grants that open the category; a partner knows of the owner and, by name, of
    nobody else.
    """
    return _names(actor, case, category, audience, _holders(case, category))


def _holders(case: Case, category: Category) -> list[_Holder]:
    """Who besides the owner reads this category, widest grant first; nobody's names for who may not share the case."""
    found = []
    for grant in explain.holding_grants(case) if Category.SHARE in case.opened else []:
        unit = getattr(grant.group, "unit", None)
        if grant.kind == "owner" or not grant.mask & category:
            continue
        sides = {unit.agency.side} if unit else {agency.side for agency in principal_agencies(grant.group_id)}
        found.append(_Holder(explain.principal_name(grant.group), sides, bool(unit and not unit.is_root)))
    return found


def _names(
    actor: Actor, case: Case, category: Category, audience: int, holders: list[_Holder]
) -> tuple[list[str], list[str]]:
    owner = [case.agency.name] if audience in (Audience.BOTH, case.agency.side) else []
    if Category.SHARE not in case.opened:
        reads = category in case.opened
        others = f"other {Side(audience).label.lower()} units" if audience else "whoever else"
        return (
            [*owner, actor.agency.name if reads else "you", f"{others} {case.agency.name} lets read it"],
            [*owner, *(["your own unit"] if reads else [])],
        )
    among = [holder for holder in holders if not audience or audience in holder.sides]
    told = [holder.name for holder in among if holder.told]
    if case.officer and case.officer_id != actor.user_id:
        told.append(case.officer.display)
    return [*owner, *(holder.name for holder in among)], [*told, f"the supervisors of {case.unit.name}"]


def officers_who_read(case: Case, category: Category, audience: int, agency_id: int | None = None) -> QuerySet[User]:
    """The people of the units that hold the case who may read a part of this category and audience now.

    Through a unit of this agency alone, if one is named. Nobody for an actor who may not add contacts.
    """
    sided = [kind.value for kind in AgencyKind if audience in (Audience.BOTH, kind.side)]
    reading = RawSQL(
        "SELECT o.user_id FROM case_officers(%s, %s, %s, %s) o"
        " JOIN agencies_agency a ON a.id = o.agency_id WHERE a.kind = ANY (%s) AND a.id = coalesce(%s, a.id)",
        [case.pk, int(category), ROLE_CODES, ROLE_MASKS, sided, agency_id],
    )
    return User.objects.filter(pk__in=reading)


def officers_to_name(
    actor: Actor, case: Case, opened: Category, category: Category, audience: int, named: Iterable[int] = ()
) -> QuerySet[User]:
    """The officers whom the actor may name to one another in such a part, those of other agencies first.

    Each with `near`, whether they are a colleague, and `agency_name`. They may read it themselves. As with readers_of()
    who may share the case learns of all of them; a partner knows their own colleagues and, where that is open, the
    officer of record. Who is `named` in it already stays so. `opened` is what the case opens to the actor. One query.
    """
    places = memberships_in_force().filter(user_id=OuterRef("pk")).order_by("pk")
    colleagues = officers_who_read(case, category, audience, actor.agency_id)
    people = officers_who_read(case, category, audience).annotate(
        near=ExpressionWrapper(Q(pk__in=colleagues.values("pk")), BooleanField()),
        agency_name=Subquery(places.values("group__unit__agency__short_name")[:1]),
    )
    if Category.SHARE not in opened:
        known = [*named, case.officer_id] if Category.SUPERVISION in opened else list(named)
        people = people.filter(Q(near=True) | Q(pk__in=known))
    return people.order_by("near", "agency_name", "name", "pk")


def audience_choices(actor: Actor, case: Case, category: Category, only: int = Audience.BOTH) -> list[tuple[int, str]]:
    """For whom the actor may write such a part, each with its readers, as a form offers it.

    `only` is the audience of what the part belongs to: a side's own goal has actions for that side alone.
    """
    own_side = [Audience(actor.side)] if actor.side else []
    offered = [Audience(only)] if only else [Audience.BOTH, *own_side]
    holders = _holders(case, category)
    return [(one.value, with_readers(one, _names(actor, case, category, one, holders)[0])) for one in offered]


def with_readers(audience: Any, read_by: list[str]) -> str:
    """An audience, and under it who will read what is for it, and which side will not."""
    other = _OTHER_SIDE.get(audience)
    closed = f" No {other} agency will." if other else ""
    return format_html('{} <span class="second">Will be read by {}.{}</span>', audience.label, listed(read_by), closed)


def will_be_told(told: list[str]) -> str:
    """The sentence after saving that names who is told."""
    return f"{listed(told)} will be told." if told else "Nobody else is told."
