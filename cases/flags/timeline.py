"""Flags and cautions in the timeline of a case: set, and ended. What ended was last changed when it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet
from django.urls import reverse

from agencies.directory.categories import Category
from cases.flags.codes import Basis, FlagKind
from cases.flags.models import Flag
from cases.supervision.codes import Audience
from cases.supervision.models import Caution
from cases.timeline.sources import Entry, Source, add_source
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case

_PLACE = ("flags", "Cautions and flags")
_FLAG = {"uuid": "uuid", "kind": "kind", "basis": "basis", "evidence": "evidence", "audience": "audience"}
_CAUTION = {"uuid": "uuid", "text": "text", "detail": "detail"}


def declare() -> None:
    """Add the four sources."""
    ended_caution, ended_flag = {**_CAUTION, "reason": "end_reason"}, {**_FLAG, "reason": "end_reason"}
    for source in (
        Source("caution_added", *_PLACE, Category.CAUTIONS, _cautions, _CAUTION, _caution_added, by="set_by"),
        Source(
            "caution_ended", *_PLACE, Category.CAUTIONS, _ended_cautions, ended_caution, _caution_ended, by="ended_by"
        ),
        Source("flag_set", *_PLACE, Category.FLAGS, _flags, _FLAG, _flag_set, by="set_by", agency="agency"),
        # The agency is left out: whoever owns the case may have ended what another set.
        Source("flag_ended", *_PLACE, Category.FLAGS, _ended_flags, ended_flag, _flag_ended, by="ended_by"),
    ):
        add_source(source)


def _cautions(actor: Actor, case: Case) -> QuerySet[Caution]:
    return Caution.objects.permitted(actor).filter(case=case).annotate(entry_at=F("created_at"))


def _ended_cautions(actor: Actor, case: Case) -> QuerySet[Caution]:
    rows = Caution.objects.permitted(actor).filter(case=case, ended_on__isnull=False)
    return rows.annotate(entry_at=F("updated_at"))


def _flags(actor: Actor, case: Case) -> QuerySet[Flag]:
    return Flag.objects.permitted(actor).filter(case=case).annotate(entry_at=F("created_at"))


def _ended_flags(actor: Actor, case: Case) -> QuerySet[Flag]:
    rows = Flag.objects.permitted(actor).filter(case=case, ended_on__isnull=False)
    return rows.annotate(entry_at=F("updated_at"))


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
