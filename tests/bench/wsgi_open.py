"""The same product with the door taken out, for somebody who may see everything: what a list costs without permissions.

Runs on a role outside row security. Everything else – session, context, read event, templates – is the same.
"""

from typing import Any

from tests.bench.wsgi import application  # isort: skip - models need the application

from agencies.directory.categories import Category
from cases.supervision.models import Case
from cases.supervision.querysets import (
    COUNT_CAP,
    PAGE_SIZE,
    CappedCount,
    CaseFilter,
    CasePage,
    CaseQuerySet,
    Cursor,
)
from sharing.access.querysets import PartQuerySet, ShareableQuerySet
from tests.bench.pages import JOINED

__all__ = ["application"]

_EVERYTHING = Category(sum(Category))


def page(
    self: CaseQuerySet,
    actor: Any,
    narrowed: CaseFilter,
    *,
    after: Cursor | None = None,
    limit: int = PAGE_SIZE,
    full: bool = False,
) -> CasePage:
    """The page without a door, through the ORM."""
    rows = list(Case.objects.select_related(*JOINED).order_by("-updated_at", "-id")[: limit + 1])
    for case in rows:
        case.opened = _EVERYTHING
        case.unit.agency = case.agency
    count = Case.objects.all()[: COUNT_CAP + 1].count() if full else None
    following = Cursor(rows[limit - 1].updated_at, rows[limit - 1].pk) if len(rows) > limit else None
    return CasePage(rows[:limit], following, CappedCount(min(count, COUNT_CAP), count <= COUNT_CAP) if count else None)


def everything(self: Any, actor: Any, category: Any = None) -> Any:
    """The door, taken out."""
    return self.all()


CaseQuerySet.page = page  # type: ignore[method-assign]
ShareableQuerySet.permitted = everything  # type: ignore[method-assign]
PartQuerySet.permitted = everything  # type: ignore[method-assign]
