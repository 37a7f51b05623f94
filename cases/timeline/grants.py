"""Access in the timeline: given, and ended. Whoever may share the case reads of every grant, others of their own.

That a case was referred to a treatment provider is left out by the policy of grants, see the second wall.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from agencies.directory.categories import Category
from agencies.directory.dates import day_text
from agencies.directory.models import FOREVER
from cases.supervision.codes import CASE
from cases.timeline.sources import Entry, Source, add_source
from sharing.access.actors import Actor
from sharing.access.querysets import Write
from sharing.access.registry import shareable_of

if TYPE_CHECKING:
    from cases.supervision.models import Case

_KIND, _LABEL = "access", "Access"
_TOLD = {
    "uuid": "t.uuid",
    "bundle": "t.bundle",
    "until": "t.until",
    "revoked": "t.revoked_at",
    "reason": "t.revoke_reason",
    "unit": "n.name",
    "is_root": "n.is_root",
    "unit_agency": "o.name",
    "circle": "c.name",
}
_GRANTS = """sharing_grant t
  LEFT JOIN agencies_unit n ON n.group_id = t.group_id LEFT JOIN agencies_agency o ON o.id = n.agency_id
  LEFT JOIN sharing_circle c ON c.group_id = t.group_id"""
_END = "coalesce(t.revoked_at, t.until)"


def declare() -> None:
    """Add both sources."""
    shared = (_KIND, _LABEL, Category.SHARE)
    for code, rows, at, by, entry in (
        ("grant_given", _given, "t.issued_at", "t.issued_by_id", _given_entry),
        ("grant_ended", _ended, _END, "t.revoked_by_id", _ended_entry),
    ):
        add_source(Source(code, *shared, rows, at, _TOLD, entry, by=by, also=Category.EXISTENCE))


def _given(actor: Actor, case: Case, write: Write) -> str:
    of_record = f"{_GRANTS} WHERE t.record_type = '{CASE}' AND t.record_id = {write('record', case.uuid)}"
    if Category.SHARE in case.opened:
        return of_record
    return f"{of_record} AND t.group_id = ANY ({write('groups 1', actor.groups_for(Category.EXISTENCE))})"


def _ended(actor: Actor, case: Case, write: Write) -> str:
    return f"{_given(actor, case, write)} AND {_END} <= access_now()"


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
