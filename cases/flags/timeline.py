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
from cases.timeline.sources import Entry, Source, add_source, said_by, who_said
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case

_KIND, _LABEL = "flags", "Cautions and flags"
_FLAG = {"uuid": "uuid", "kind": "kind", "basis": "basis", "evidence": "evidence", "audience": "audience"}
_CAUTION = {"uuid": "uuid", "text": "text", "detail": "detail"}


def declare() -> None:
    """Add the four sources."""
    added = {**_CAUTION, **said_by("set_by", "case__agency")}
    ended = {**_CAUTION, "reason": "end_reason", **said_by("ended_by", "case__agency")}
    flag_set = {**_FLAG, **said_by("set_by", "agency")}
    # The agency is left out: whoever owns the case may have ended what another set.
    flag_ended = {**_FLAG, "reason": "end_reason", "user_title": "ended_by__title", "user_name": "ended_by__name"}
    for code, category, rows, told, entry in (
        ("caution_added", Category.CAUTIONS, _cautions, added, _caution_added),
        ("caution_ended", Category.CAUTIONS, _ended_cautions, ended, _caution_ended),
        ("flag_set", Category.FLAGS, _flags, flag_set, _flag_set),
        ("flag_ended", Category.FLAGS, _ended_flags, flag_ended, _flag_ended),
    ):
        add_source(Source(code, _KIND, _LABEL, category, rows, told, entry))


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
    by, agency = who_said(data)
    return Entry(
        title=f"Caution {verb}: {data['text']}",
        text=text,
        by=by,
        agency=agency,
        page=reverse("case_flags", args=[case.uuid]),
        page_label=_LABEL,
        resource=reverse("api:caution", args=[data["uuid"]]),
    )


def _flag_set(case: Case, data: Mapping[str, Any]) -> Entry:
    by, agency = who_said(data)
    return _flag_entry(case, data, "set", f"{Basis(data['basis']).label}: {data['evidence']}", by, agency)


def _flag_ended(case: Case, data: Mapping[str, Any]) -> Entry:
    by = " ".join(part for part in (data["user_title"], data["user_name"]) if part)
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
        page_label=_LABEL,
        resource=reverse("api:flag", args=[data["uuid"]]),
    )
