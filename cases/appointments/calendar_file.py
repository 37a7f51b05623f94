"""Appointments as a calendar file (RFC 5545): when, a reference and a link, and nothing about anyone.

The file leaves the house and ends in calendars of other makers, so it says what an e-mail of ours says. All it holds
are numbers and words of ours, so that nothing in it needs escaping.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from cases.appointments.models import Appointment

LONGEST = 75  # octets a line (3.1); what is longer goes on behind a blank
MEDIA_TYPE = "text/calendar; charset=utf-8"


def calendar_file(appointments: Iterable[Appointment], now: datetime.datetime) -> str:
    """The file; each appointment needs its case. Read again, it updates what it brought before (UID, SEQUENCE)."""
    events = [line for appointment in appointments for line in _event(appointment, now)]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Concord//Appointments//EN", "METHOD:PUBLISH", *events]
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _event(appointment: Appointment, now: datetime.datetime) -> list[str]:
    base = settings.PUBLIC_URL.rstrip("/")
    return [
        "BEGIN:VEVENT",
        f"UID:{appointment.uuid}@{urlsplit(base).hostname}",
        f"DTSTAMP:{_utc(now)}",
        f"SEQUENCE:{appointment.version - 1}",
        f"DTSTART:{_utc(appointment.starts_at)}",
        f"DTEND:{_utc(appointment.ends_at)}",
        f"SUMMARY:Appointment {str(appointment.uuid)[:8].upper()}",
        "CLASS:PRIVATE",
        f"URL:{base}{reverse('appointment', args=[appointment.case.uuid, appointment.uuid])}",
        "END:VEVENT",
    ]


def _utc(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}"


def _folded(line: str) -> str:
    first, rest = line[:LONGEST], line[LONGEST:]
    width = LONGEST - 1
    return "\r\n ".join([first, *(rest[at : at + width] for at in range(0, len(rest), width))])
