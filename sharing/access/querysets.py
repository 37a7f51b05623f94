"""The door. Every read of a shareable record, or of a part of one, begins here.

`permitted(actor, category)` is right for any question and fast for small sets (details, parts of a page, one officer's
cases). Lists of records use the database's page functions, which open by the same rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self, TypeVar

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.expressions import RawSQL

from agencies.directory.categories import Category
from agencies.directory.models import Side
from sharing.access.actors import Actor, NoContext
from sharing.access.registry import Part, Shareable, part_of, shareable_of
from sharing.agreements.models import AgreementParty
from sharing.agreements.querysets import live_of

M = TypeVar("M", bound=models.Model)

AUDIENCE_BOTH = 0


# The rule, for a key that stands under the name `{key}`: live (by the database's clock, under an agreement in force),
# held by a principal whose role allows the category; where the record is restricted, by a principal named on it; and on
# no record from which the actor is excluded. Written as text, since Django takes longer to write it down from
# conditions than PostgreSQL takes to answer it. `+ 0` as in the database's own functions: one search for the record
# instead of one for each of two hundred principals.
_OPEN_KEY = """
    {key}.group_id + 0 = ANY ({groups}) AND {key}.until > access_now() AND {key}.mask & {category} = {category}
    AND NOT {key}.agreement_id = ANY ({closed})
    AND (NOT {key}.restricted OR EXISTS (
         SELECT 1 FROM {named} n WHERE n.record_id = {key}.content_object_id AND n.group_id = {key}.group_id))
    AND NOT EXISTS (SELECT 1 FROM {exclusions} e WHERE e.record_id = {key}.content_object_id AND e.user_id = {user})"""

# Whether there is such a key, asked for each row of the statement around it that its other conditions leave. EXISTS
# says the same, and lets the planner begin with all that the actor has keys to: it takes them for few, since it cannot
# know how many keys carry a category. Then somebody's ten appointments cost a look at a county's cases.
_OF_RECORD = "(SELECT true FROM {keys} k WHERE k.content_object_id = %(expressions)s AND {rule} LIMIT 1)"
_OF_RECORDS_BY = """(SELECT true FROM {records} r JOIN {keys} k ON k.content_object_id = r.id
  WHERE r.{by} = %(expressions)s AND {rule} LIMIT 1)"""


Write = Callable[[str, Any], str]
"""How a value that depends on who asks is written into a statement: (name, value) → text. One name, one value."""


def _literal(name: str, value: Any) -> str:
    """Numbers, and arrays of them, as they are."""
    return "'{" + ",".join(map(str, map(int, value))) + "}'" if isinstance(value, (list, tuple)) else str(int(value))


def _open_key(shareable: Shareable, actor: Actor, category: int, key: str, write: Write = _literal) -> str:
    """The rule in SQL. All that is filled in are numbers, and names of ours."""
    return _OPEN_KEY.format(
        key=key,
        groups=write(f"groups {int(category)}", actor.groups_for(category)),
        closed=write("closed", actor.closed_agreements),
        category=int(category),
        user=write("user", actor.user_id),
        named=shareable.named_model._meta.db_table,
        exclusions=shareable.exclusion_model._meta.db_table,
    )


def open_keys(shareable: Shareable, actor: Actor, category: int) -> models.QuerySet[Any]:
    """The actor's keys that open `category` of some record now: the door's rule, key by key."""
    keys = shareable.key_model._meta.db_table
    rule = RawSQL(_open_key(shareable, actor, category, keys), (), output_field=models.BooleanField())  # noqa: S611
    return shareable.key_model._default_manager.filter(rule)


def opens(shareable: Shareable, actor: Actor, category: int, record: str = "pk", by: str = "") -> Q:
    """The door's rule as a condition on rows whose field `record` holds the number of a record.

    With `by` the field holds what stands in that column of the records: one of them has to open the category.
    """
    if not actor.groups_for(category):
        return Q(pk__in=[])
    asked = _asked(shareable, actor, category, by)
    return Q(Func(F(record), template=asked, output_field=models.BooleanField()))


def _asked(shareable: Shareable, actor: Actor, category: int, by: str, write: Write = _literal) -> str:
    return (_OF_RECORDS_BY if by else _OF_RECORD).format(
        keys=shareable.key_model._meta.db_table,
        records=shareable.model._meta.db_table,
        by=by,
        rule=_open_key(shareable, actor, category, "k", write),
    )


def _checked(actor: Actor, category: int) -> int:
    if not isinstance(actor, Actor):
        raise NoContext("permitted() needs an Actor")
    if not int(category):
        raise ValueError("permitted() needs a category")
    return int(category)


class ShareableQuerySet(models.QuerySet[M]):
    """Records that are opened by keys."""

    def permitted(self, actor: Actor, category: int) -> Self:
        """Records of which the actor may use `category` now (several bits: all of them by one key)."""
        category = _checked(actor, category)
        return self.filter(opens(shareable_of(self.model), actor, category))

    def visible_to(self, actor: Actor) -> Self:
        """Records whose existence the actor may know of."""
        return self.permitted(actor, Category.EXISTENCE)


class _Way(NamedTuple):
    """One of the ways to see a part: a category of the record, for rows with one of these values in each field."""

    category: int
    among: dict[str, list[int]]


def _ways(part: Part, actor: Actor, further: int = 0) -> list[_Way]:
    """The ways in which the actor may see rows of a part, by its own category and `further` ones."""
    wanted = int(part.category) | further
    if part.audience_field:
        allowed = [AUDIENCE_BOTH] if actor.side == Side.OTHER else [AUDIENCE_BOTH, int(actor.side)]
        ways = [_Way(wanted, {part.audience_field: allowed})]
        ways += [_Way(wanted | n, {part.audience_field: [audience]}) for audience, n in part.closed_audiences.items()]
    else:
        ways = [_Way(wanted, {})]
    if part.own_rows:
        own = {part.own_rows.user_field: [actor.user_id], part.own_rows.agency_field: [actor.agency_id]}
        ways.append(_Way(int(part.own_rows.category) | further, own))
    return ways


class PartQuerySet(models.QuerySet[M]):
    """Parts of records: seen if their category and their audience allow it, or by whoever wrote them (see Part)."""

    def permitted(self, actor: Actor, category: int | None = None) -> Self:
        """Parts that the actor may see now; `category` widens the question beyond the part's own (e.g. PLAN_CHANGE)."""
        part, further = part_of(self.model), int(category or 0)
        _checked(actor, int(part.category) | further)
        seen = Q()
        for way in _ways(part, actor, further):
            opened = opens(part.shareable, actor, way.category, record=part.own_field, by=part.record_column)
            seen |= opened & Q(**{f"{field}__in": values for field, values in way.among.items()})
        return self.filter(seen)

    def visible_to(self, actor: Actor) -> Self:
        """Parts the actor may see by the part's own category."""
        return self.permitted(actor)


def seen_in(model: type[models.Model], alias: str, actor: Actor, write: Write) -> str:
    """What permitted() asks of a part, for a statement that is written by hand and reads the part under this alias."""
    part = part_of(model)
    ways = []
    for way in _ways(part, actor):
        asked = _asked(part.shareable, actor, way.category, part.record_column, write)
        conditions = [asked.replace("%(expressions)s", f"{alias}.{part.own_field}")]
        for field, values in way.among.items():
            conditions.append(
                f"{alias}.{field} = ANY ({write(f'{alias}.{field} {way.category} {model.__name__}', values)})"
            )
        ways.append(" AND ".join(conditions))
    return f"({' OR '.join(ways)})"


def receivers_of(agency_id: int) -> models.QuerySet[Group]:
    """The units and circles to which an agency may give access: its own, and those of its agreements in force."""
    agreements = live_of(agency_id).order_by().values("pk")
    partners = AgreementParty.objects.filter(agreement__in=agreements).values("agency_id")
    units = Q(unit__agency_id=agency_id) | Q(unit__agency__in=partners)
    open_now = Q(unit__agency__is_active=True, unit__closed_at__isnull=True)
    near = Group.objects.filter((units & open_now) | Q(circle__agreement__in=agreements))
    return near.select_related("unit__agency", "circle")


def receivers_for(record: Any) -> dict[int, str]:
    """Whom the record's agency may share it with: number of the principal → name. One query.

    Circles first, then the partners' units, then its own other units; not the unit that works the record.
    """
    groups = list(receivers_of(record.agency_id))
    circles = sorted((group.circle for group in groups if hasattr(group, "circle")), key=lambda circle: circle.name)
    units = [group.unit for group in groups if hasattr(group, "unit") and group.pk != getattr(record, "unit_id", None)]
    units.sort(key=lambda unit: (unit.agency_id == record.agency_id, unit.agency.name, not unit.is_root, unit.name))
    return {circle.pk: circle.name for circle in circles} | {
        unit.pk: f"{unit.agency.name}, {'the whole agency' if unit.is_root else unit.name}" for unit in units
    }
