"""Flags and cautions in the timeline of a case: set, and ended. What ended was last changed when it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from agencies.directory.categories import Category
from cases.flags.codes import Basis, FlagKind
from cases.flags.models import Flag
from cases.supervision.codes import Audience
from cases.supervision.models import Caution
from cases.timeline.sources import Entry, Source, add_source, of_case

if TYPE_CHECKING:
    from cases.supervision.models import Case

_PLACE = ("flags", "Cautions and flags")
_FLAG = {name: f"t.{name}" for name in ("uuid", "kind", "basis", "evidence", "audience")}
_CAUTION = {name: f"t.{name}" for name in ("uuid", "text", "detail")}
_REASON = {"reason": "t.end_reason"}
_ENDED = "t.ended_on IS NOT NULL"


def declare() -> None:
    """Add the four sources."""
    cautions, flags = (*_PLACE, Category.CAUTIONS), (*_PLACE, Category.FLAGS)
    set_at, ended_at, by, ended_by = "t.created_at", "t.updated_at", "t.set_by_id", "t.ended_by_id"
    ended_cautions, ended_flags = of_case(Caution, where=_ENDED), of_case(Flag, where=_ENDED)
    for source in (
        Source("caution_added", *cautions, of_case(Caution), set_at, _CAUTION, _caution_added, by=by),
        Source("caution_ended", *cautions, ended_cautions, ended_at, _CAUTION | _REASON, _caution_ended, by=ended_by),
        Source("flag_set", *flags, of_case(Flag), set_at, _FLAG, _flag_set, by=by, agency="t.agency_id"),
        # The agency is left out: whoever owns the case may have ended what another set.
        Source("flag_ended", *flags, ended_flags, ended_at, _FLAG | _REASON, _flag_ended, by=ended_by),
    ):
        add_source(source)


def _caution_added(case: Case, data: Mapping[str, Any]) -> Entry:
    return _caution_entry(case, data, "added", data["detail"])


def _caution_ended(case: Case, data: Mapping[str, Any]) -> Entry:
    return _caution_entry(case, data, "ended", data["reason"])


def _caution_entry(case: Case, data: Mapping[str, Any], verb: str, text: str) -> Entry:
    return Entry(
        title=f"Caution {verb}: {data['text']}",
        text=text,
        by=data["by"],
        agency=case.agency,
        page=reverse("case_flags", args=[case.uuid]),
        page_label=_PLACE[1],
        resource=reverse("api:caution", args=[data["uuid"]]),
    )


def _flag_set(case: Case, data: Mapping[str, Any]) -> Entry:
    text = f"{Basis(data['basis']).label}: {data['evidence']}"
    return _flag_entry(case, data, "set", text, data["by"], data["agency"])


def _flag_ended(case: Case, data: Mapping[str, Any]) -> Entry:
    by = data["by"]
    return _flag_entry(case, data, "ended", f"{by}: {data['reason']}" if by else data["reason"], "", None)


def _flag_entry(case: Case, data: Mapping[str, Any], verb: str, text: str, by: str, agency: Any) -> Entry:
    return Entry(
        title=f"Flag {verb}: {FlagKind(data['kind']).label}",
        text=text,
        by=by,
        agency=agency,
        audience=data["audience"],
        audience_label=Audience(data["audience"]).label,
        page=reverse("case_flags", args=[case.uuid]),
        page_label=_PLACE[1],
        resource=reverse("api:flag", args=[data["uuid"]]),
    )
