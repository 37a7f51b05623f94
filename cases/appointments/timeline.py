"""Appointments in the timeline of a case: those that have an outcome, under the time at which they were to be."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from agencies.directory.categories import Category
from cases.appointments.codes import AppointmentKind, Outcome
from cases.appointments.models import Appointment
from cases.appointments.querysets import GONE
from cases.appointments.wording import moment_text
from cases.supervision.codes import Audience
from cases.timeline.sources import Entry, Source, add_source, of_case

if TYPE_CHECKING:
    from cases.supervision.models import Case

_KIND, _LABEL = "appointments", "Appointments"
_TOLD = {name: f"t.{name}" for name in ("uuid", "kind", "outcome", "note", "starts_at", "audience")}


def declare() -> None:
    """Add both sources: what took place or should have, and what was moved or called off, when that was done."""
    gone = ", ".join(f"'{outcome.value}'" for outcome in GONE)
    place, by, agency = (_KIND, _LABEL, Category.CONTACT_VIEW), "t.outcome_by_id", "t.agency_id"
    for code, where, at in (
        ("appointment_held", f"t.outcome NOT IN ('', {gone})", "t.starts_at"),
        ("appointment_gone", f"t.outcome IN ({gone})", "t.outcome_at"),
    ):
        rows = of_case(Appointment, where=where)
        add_source(Source(code, *place, rows, at, _TOLD, _entry, by=by, agency=agency))


def _entry(case: Case, data: Mapping[str, Any]) -> Entry:
    outcome, audience = Outcome(data["outcome"]), Audience(data["audience"])
    kind = AppointmentKind(data["kind"]).label
    if outcome in GONE:
        kind = f"{kind} of {moment_text(datetime.datetime.fromisoformat(data['starts_at']))}"
    return Entry(
        title=f"{kind}: {str(outcome.label).lower()}",
        text=data["note"],
        by=data["by"],
        agency=data["agency"],
        audience=audience.value,
        audience_label=str(audience.label),
        page=reverse("appointment", args=[case.uuid, data["uuid"]]),
        page_label="Open the appointment",
        resource=reverse("api:appointment", args=[data["uuid"]]),
    )
