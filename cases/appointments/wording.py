"""Appointments in words, alike on pages, in the inbox and in the trail of a case."""

from __future__ import annotations

import datetime

from django.utils import timezone

from agencies.directory.dates import day_text
from agencies.directory.times import clock_text
from cases.appointments.models import Appointment
from cases.appointments.querysets import Clash


def moment_text(moment: datetime.datetime) -> str:
    """Nov 24, 2026 at 9:00am, in the current time zone."""
    return f"{day_text(moment)} at {clock_text(moment)}"


def title_of(appointment: Appointment) -> str:
    """Office visit on Nov 24, 2026 at 9:00am."""
    return f"{appointment.get_kind_display()} on {moment_text(appointment.starts_at)}"


def state_of(appointment: Appointment) -> str:
    """Where it stands: its outcome, "To come", or "Outcome not recorded"."""
    if appointment.outcome:
        return str(appointment.get_outcome_display())
    return "To come" if appointment.starts_at > timezone.now() else "Outcome not recorded"


def clash_text(clash: Clash, name: str = "") -> str:
    """PO Olsen already has a visit at 9:00am; without a name, you have. What and with whom, for whoever may see it."""
    said = f"{f'{name} already has' if name else 'You already have'} a visit at {clock_text(clash.starts_at)}"
    if one := clash.appointment:
        where = f", {one.place}" if one.place else ""
        return f"{said}: {one.get_kind_display().lower()} with {one.case.person.display}{where}."
    return f"{said}."
