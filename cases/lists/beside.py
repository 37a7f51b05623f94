"""What stands beside a case in a list, for the columns that ask for it: one row of each kind, through the door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from agencies.directory.categories import Category, union
from cases.contacts.wording import title_of
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case

# Column → the category that opens it.
NEEDS = {"next": Category.CONTACT_VIEW, "contact": Category.CONTACT_VIEW, "plan": Category.PLAN_VIEW}


def needed(codes: Iterable[str]) -> Category:
    """The categories that these columns show, besides what every list does."""
    return union(NEEDS[code] for code in codes if code in NEEDS)


def beside(actor: Actor, cases: list[Case], codes: Iterable[str]) -> dict[str, QuerySet[Any]]:
    """Column → the rows to read for these cases, one a case at most; of the columns named that read any."""
    wanted = {
        "next": lambda: _first(actor, "Appointment", cases, "starts_at", outcome="", starts_at__gt=timezone.now()),
        "contact": lambda: _first(actor, "Contact", cases, "-occurred_at", withdrawn_at=None),
        "plan": lambda: _first(actor, "Plan", cases, "-id", status__in=("draft", "active")),
    }
    return {code: wanted[code]() for code in codes if code in wanted}


def put_beside(cases: list[Case], read: Mapping[str, list[Any] | None]) -> None:
    """Gives each case `beside`: column → its row, or None where it has none or the rows could not be loaded."""
    by_case = {code: {row.case_id: row for row in rows or []} for code, rows in read.items()}
    for contact in by_case.get("contact", {}).values():
        contact.title = title_of(contact.kind, contact.outcome)
    for case in cases:
        case.beside = {code: rows.get(case.pk) for code, rows in by_case.items()}  # type: ignore[attr-defined]


def _first(actor: Actor, name: str, cases: list[Case], order: str, **narrowed: Any) -> QuerySet[Any]:
    """The first row of each case in that order, asked for by case, so that a long history is not read."""
    rows, listed = (apps.get_model("cases", model).objects for model in (name, "Case"))
    ids = [case.pk for case in cases]
    first = rows.permitted(actor).filter(case_id=OuterRef("pk"), **narrowed).order_by(order, "-pk").values("pk")[:1]
    of_each = listed.visible_to(actor).filter(pk__in=ids).annotate(first=Subquery(first))
    # The cases are named here too: else the planner asks the door about every row that the actor may see.
    found: QuerySet[Any] = rows.permitted(actor).filter(case_id__in=ids, pk__in=of_each.values("first"))
    return found
