"""The events of appointments: who is told that one was made, moved or ended, and how an inbox shows it.

Whoever may see the case's contacts is told, and whoever is to be there of what concerns them. What it says is read when
the news is opened, as the reader may see it then.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.urls import reverse

from agencies.directory.categories import Category
from cases.appointments.models import Appointment
from cases.appointments.querysets import appointment_for
from cases.appointments.wording import moment_text, state_of, title_of
from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.notices.models import OutboxEvent
from sharing.notices.registry import EventKind, register, register_view

GROUP = "Appointments"

MADE = "appointment.made"
CHANGED = "appointment.changed"
MOVED = "appointment.moved"
CANCELED = "appointment.canceled"
OUTCOME = "appointment.outcome_recorded"
MISSED = "appointment.missed"


def declare() -> None:
    """Register the kinds of event of appointments, and how an inbox shows them. A missed one alone is mailed."""
    for kind, title, wording in (
        (MADE, "Appointment made", "{agency} made an appointment"),
        (CHANGED, "Appointment changed", "{agency} changed an appointment"),
        (MOVED, "Appointment moved", "{agency} moved an appointment"),
        (CANCELED, "Appointment canceled", "{agency} canceled an appointment"),
        (OUTCOME, "Outcome recorded", "{agency} recorded how an appointment went"),
        (MISSED, "Appointment missed", "{agency} recorded a missed appointment"),
    ):
        register(EventKind(kind, Category.CONTACT_VIEW, GROUP, title, wording, mail=kind == MISSED))
    register_view(Appointment._meta.label_lower, describe)


def describe(actor: Actor, event: OutboxEvent, case: Case) -> dict[str, Any]:
    """What the appointment says now, and the way to it; {} where the reader may not see it."""
    appointment = appointment_for(actor, uuid.UUID(event.object_id))
    if appointment is None:
        return {}
    changes = [{"label": "Now", "before": "", "after": state_of(appointment)}] if event.kind in _ENDS else []
    if event.kind == MOVED and appointment.replaces_id:
        old = Appointment.objects.permitted(actor).filter(pk=appointment.replaces_id).first()
        was = moment_text(old.starts_at) if old else ""
        changes = [{"label": "When", "before": was, "after": moment_text(appointment.starts_at)}]
    if event.kind == MADE and appointment.company:
        changes = [{"label": "Also comes", "before": "", "after": appointment.company}]
    if event.kind in (CHANGED, MOVED) and actor.user_id in event.user_ids:
        comes = actor.user_id in (appointment.officer_id, *appointment.companion_ids)
        what = "Are to be there" if comes else "Need not come any more"
        changes.append({"label": "You", "before": "", "after": what})
    return {
        "text": f"{_DONE[event.kind]} {title_of(appointment)}",
        "changes": changes,
        "reason": appointment.note if event.kind == CANCELED else "",
        "open_url": reverse("appointment", args=[case.uuid, appointment.uuid]),
        "open_label": "Open the appointment",
    }


_ENDS = (OUTCOME, MISSED)
_DONE = {
    MADE: "made an appointment:",
    CHANGED: "changed an appointment:",
    MOVED: "moved an appointment:",
    CANCELED: "canceled an appointment:",
    OUTCOME: "recorded how an appointment went:",
    MISSED: "recorded a missed appointment:",
}
