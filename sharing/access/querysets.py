"""The door. Every read of a shareable record, or of a part of one, begins here.

`permitted(actor, category)` is right for any question and fast for small sets (details, parts of a page, one officer's
cases). Lists of records use the database's page functions, which open by the same rule.
"""

from __future__ import annotations

from typing import Any, Self, TypeVar

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value

from agencies.directory.categories import Category
from agencies.directory.clock import DatabaseNow
from agencies.directory.models import Side
from sharing.access.actors import Actor, NoContext
from sharing.access.registry import Part, Shareable, part_of, shareable_of
from sharing.agreements.models import AgreementParty
from sharing.agreements.querysets import live_of

M = TypeVar("M", bound=models.Model)

AUDIENCE_BOTH = 0


def open_keys(shareable: Shareable, actor: Actor, category: int) -> models.QuerySet[Any]:
    """The actor's keys that open `category` of some record now: the door's rule, key by key.

    Live (by the database's clock, under an agreement in force), held by a principal whose role allows the category;
    where the record is restricted, by a principal named on it; and on no record from which the actor is excluded.
    """
    named = shareable.named_model._default_manager.filter(
        record_id=OuterRef("content_object_id"), group_id=OuterRef("group_id")
    )
    excluded = shareable.exclusion_model._default_manager.filter(
        record_id=OuterRef("content_object_id"), user_id=actor.user_id
    )
    keys = (
        shareable.key_model._default_manager.filter(group_id__in=actor.groups_for(category), until__gt=DatabaseNow())
        .alias(opened=F("mask").bitand(int(category)))
        .filter(opened=int(category))
        .filter(Q(content_object__restricted=False) | Exists(named))
        .exclude(Exists(excluded))
    )
    if actor.closed_agreements:
        keys = keys.exclude(agreement_id__in=actor.closed_agreements)
    return keys


def opens(shareable: Shareable, actor: Actor, category: int, record: str = "pk") -> Subquery:
    """The door's rule as a condition on a record; `record` names the field that holds the record's number.

    A page asks by the same few rules again and again, and writing one down takes longer than the database takes to
    answer it. So the actor, who lasts for one request, keeps each.
    """
    rule = (shareable.model, int(category), record)
    if rule not in actor.rules:
        keys = open_keys(shareable, actor, category).filter(content_object_id=OuterRef(record))
        actor.rules[rule] = _row_by_row(keys)
    return actor.rules[rule]


def _row_by_row(rows: models.QuerySet[Any]) -> Subquery:
    """Whether there is such a row, asked for each row of the statement around it that its other conditions leave.

    EXISTS says the same, and lets the planner begin with all that the actor has keys to: it takes them for few, since
    it cannot know how many keys carry a category. Then somebody's ten appointments cost a look at a county's cases.
    """
    return Subquery(rows.order_by().values(there=Value(True))[:1], output_field=models.BooleanField())


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


def _opened(part: Part, actor: Actor, wanted: int) -> Subquery:
    """The door's rule as a condition on a part: some record through which it is seen opens the categories."""
    if part.record_field == "pk":
        return opens(part.shareable, actor, wanted, record=part.own_field)
    records = part.shareable.model._default_manager.filter(**{part.record_field: OuterRef(part.own_field)})
    return _row_by_row(records.filter(opens(part.shareable, actor, wanted)))


class PartQuerySet(models.QuerySet[M]):
    """Parts of records: seen if their category and their audience allow it, or by whoever wrote them (see Part)."""

    def permitted(self, actor: Actor, category: int | None = None) -> Self:
        """Parts that the actor may see now; `category` widens the question beyond the part's own (e.g. PLAN_CHANGE)."""
        part, further = part_of(self.model), int(category or 0)
        wanted = _checked(actor, int(part.category) | further)
        seen = Q(_opened(part, actor, wanted))
        if part.audience_field:
            allowed = [AUDIENCE_BOTH] if actor.side == Side.OTHER else [AUDIENCE_BOTH, int(actor.side)]
            seen &= Q(**{f"{part.audience_field}__in": allowed})
            for audience, needed in part.closed_audiences.items():
                if actor.groups_for(wanted | needed):
                    seen |= Q(_opened(part, actor, wanted | needed)) & Q(**{part.audience_field: audience})
        if part.own_rows:
            own = {part.own_rows.user_field: actor.user_id, part.own_rows.agency_field: actor.agency_id}
            seen |= Q(_opened(part, actor, int(part.own_rows.category) | further)) & Q(**own)
        return self.filter(seen)

    def visible_to(self, actor: Actor) -> Self:
        """Parts the actor may see by the part's own category."""
        return self.permitted(actor)


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
