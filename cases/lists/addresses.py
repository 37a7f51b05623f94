"""The address of the case list, narrowed and sorted as asked."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse

from cases.supervision.querysets import CaseFilter


def parameters_of(narrowed: CaseFilter) -> list[tuple[str, str]]:
    """A filter as the list's address carries it."""
    single = [("tab", narrowed.scope), ("sort", narrowed.sort)]
    if narrowed.officer is not None:
        single.append(("officer", str(narrowed.officer)))
    several = (("status", narrowed.statuses), ("risk", narrowed.risk_levels))
    return single + [(name, str(int(value))) for name, values in several for value in values]


def list_address(asked: CaseFilter | Sequence[tuple[str, str]]) -> str:
    """The list that this filter, or these parameters, leave."""
    pairs = parameters_of(asked) if isinstance(asked, CaseFilter) else asked
    return f"{reverse('case_list')}{'?' if pairs else ''}{urlencode(pairs)}"
