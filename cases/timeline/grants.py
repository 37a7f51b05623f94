"""Access in the timeline: given, and ended. Whoever may share the case reads of every grant, others of their own.

That a case was referred to a treatment provider is left out by the policy of grants, see the second wall.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse

from agencies.directory.categories import Category
from agencies.directory.clock import DatabaseNow
from agencies.directory.dates import day_text
from agencies.directory.models import FOREVER
from cases.supervision.codes import CASE
from cases.timeline.sources import Entry, Source, add_source
from sharing.access.actors import Actor
from sharing.access.models import Grant
from sharing.access.registry import shareable_of

if TYPE_CHECKING:
    from cases.supervision.models import Case

_KIND, _LABEL = "access", "Access"
_TOLD = {
    "uuid": "uuid",
    "bundle": "bundle",
    "until": "until",
    "revoked": "revoked_at",
    "reason": "revoke_reason",
    "unit": "group__unit__name",
    "is_root": "group__unit__is_root",
    "unit_agency": "group__unit__agency__name",
    "circle": "group__circle__name",
}


def declare() -> None:
    """Add both sources."""
    for code, by, rows, entry in (
        ("grant_given", "issued_by", _given, _given_entry),
        ("grant_ended", "revoked_by", _ended, _ended_entry),
    ):
        add_source(Source(code, _KIND, _LABEL, Category.SHARE, rows, _TOLD, entry, by=by, also=Category.EXISTENCE))


def _grants(actor: Actor, case: Case) -> QuerySet[Grant]:
    rows = Grant.objects.filter(record_type=CASE, record_id=case.uuid)
    if Category.SHARE not in case.opened:
        rows = rows.filter(group_id__in=actor.groups_for(Category.EXISTENCE))
    return rows


def _given(actor: Actor, case: Case) -> QuerySet[Grant]:
    return _grants(actor, case).annotate(entry_at=F("issued_at"))


def _ended(actor: Actor, case: Case) -> QuerySet[Grant]:
    rows = _grants(actor, case).annotate(entry_at=Coalesce("revoked_at", "until"))
    return rows.filter(entry_at__lte=DatabaseNow())


def _given_entry(case: Case, data: Mapping[str, Any]) -> Entry:
    until = datetime.datetime.fromisoformat(data["until"])
    end = f" until {day_text(until)}" if until.year < FOREVER.year else ""
    return _entry(case, data, "Access given to", f"{_bundle(data)}{end}.")


def _ended_entry(case: Case, data: Mapping[str, Any]) -> Entry:
    how = data["reason"] or ("Ended." if data["revoked"] else "It ran out.")
    return _entry(case, data, "Access ended for", f"{_bundle(data)}. {how}")


def _entry(case: Case, data: Mapping[str, Any], verb: str, text: str) -> Entry:
    return Entry(
        title=f"{verb} {_holder(data)}",
        text=text,
        by=data["by"],
        agency=case.agency,
        page=reverse("case_access", args=[case.uuid]),
        page_label="Who can see this",
        resource=reverse("api:grant", args=[data["uuid"]]),
    )


def _holder(data: Mapping[str, Any]) -> str:
    if data["circle"]:
        return str(data["circle"])
    return str(data["unit_agency"] if data["is_root"] else f"{data['unit']}, {data['unit_agency']}")


def _bundle(data: Mapping[str, Any]) -> str:
    return shareable_of(CASE).bundles[data["bundle"]].label
