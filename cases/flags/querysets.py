"""Flags and cautions of a case as one actor may see them: those that stand, and apart from them those that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils import timezone

from agencies.directory.categories import Category
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.flags.models import Flag
    from cases.supervision.models import Case, Caution, StandingPart

P = TypeVar("P", bound="StandingPart")

# What the owner's officers hold and nobody else is given: who may share the case may also say what is dangerous in it.
SETS_FLAGS = Category.FLAGS | Category.CONTACT_ADD
SETS_CAUTIONS = Category.CAUTIONS | Category.SHARE


class FlagCount(NamedTuple):
    """How many flags stand, and how many of them are past the day of their review."""

    standing: int
    late: int


def flags_of(actor: Actor, case: Case) -> QuerySet[Flag]:
    """Every flag of the case that the actor may see, newest first, those that ended too."""
    rows = apps.get_model("cases", "Flag").objects.permitted(actor).filter(case=case)
    return rows.select_related("case", "agency", *_PEOPLE).order_by("-set_on", "-pk")


def cautions_of(actor: Actor, case: Case) -> QuerySet[Caution]:
    """Every caution of the case that the actor may see, worst first, those that ended too."""
    rows = apps.get_model("cases", "Caution").objects.permitted(actor).filter(case=case)
    return rows.select_related("case", *_PEOPLE).order_by("rank", "-set_on", "pk")


def parted(rows: list[P]) -> tuple[list[P], list[P]]:
    """Those that stand today, and those that ended, latest end first."""
    today = timezone.localdate()
    standing = [row for row in rows if row.ended_on is None or row.ended_on > today]
    ended = [row for row in rows if row.ended_on is not None and row.ended_on <= today]
    return standing, sorted(ended, key=lambda row: row.ended_on, reverse=True)  # type: ignore[arg-type,return-value]


def standing_flags(actor: Actor, case: Case) -> QuerySet[Flag]:
    """The flags of the case that stand today and that the actor may see."""
    rows = apps.get_model("cases", "Flag").objects.permitted(actor).filter(case=case)
    return rows.filter(Q(ended_on=None) | Q(ended_on__gt=timezone.localdate()))


def counted(flags: list[Flag]) -> FlagCount:
    """How many flags, and how many of them are late."""
    today = timezone.localdate()
    return FlagCount(len(flags), sum(1 for flag in flags if flag.review_on and flag.review_on < today))


_PEOPLE = ("set_by", "reviewed_by", "ended_by")
