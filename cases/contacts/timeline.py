"""Contacts in the timeline of a case, at the moment when they took place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from agencies.directory.categories import Category
from cases.contacts.codes import ContactAudience
from cases.contacts.models import Contact
from cases.contacts.wording import title_of, where_of
from cases.timeline.sources import Entry, Source, add_source, of_case

if TYPE_CHECKING:
    from cases.supervision.models import Case


_FIELDS = ("uuid", "kind", "outcome", "location", "place", "note", "audience", "timed", "version", "withdraw_reason")
_TOLD = {name: f"t.{name}" for name in _FIELDS}


def declare() -> None:
    """Add the source. Whoever may add contacts and read no others still finds their own."""
    add_source(
        Source(
            "contact",
            "contacts",
            "Contacts",
            Category.CONTACT_VIEW,
            of_case(Contact),
            "t.occurred_at",
            _TOLD,
            _entry,
            by="t.author_id",
            agency="t.author_agency_id",
            also=Category.CONTACT_ADD,
        )
    )


def _entry(case: Case, data: Mapping[str, Any]) -> Entry:
    withdrawn, corrected = data["withdraw_reason"], data["version"] > 1
    return Entry(
        title=title_of(data["kind"], data["outcome"]),
        text=f"Reason given: “{withdrawn}”" if withdrawn else data["note"],
        where=where_of(data["location"], data["place"]),
        by=data["by"],
        agency=data["agency"],
        audience=data["audience"],
        audience_label=ContactAudience(data["audience"]).label,
        tag="Withdrawn" if withdrawn else "Corrected" if corrected else "",
        page=reverse("contact", args=[case.uuid, data["uuid"]]),
        page_label="Read the contact",
        resource=reverse("api:contact", args=[case.uuid, data["uuid"]]),
        timed=data["timed"],
    )
