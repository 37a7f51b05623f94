"""Documents in the timeline of a case: added, and withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from agencies.directory.categories import Category
from cases.documents.codes import DocumentKind
from cases.documents.models import Document
from cases.timeline.sources import Entry, Source, add_source, of_case

if TYPE_CHECKING:
    from cases.supervision.models import Case


_TOLD = {
    "uuid": "t.uuid",
    "title": "t.title",
    "kind": "t.kind",
    "withdrawn": "t.withdrawn_at",
    "reason": "t.withdraw_reason",
}


def declare() -> None:
    """Add the source."""
    add_source(
        Source(
            "document",
            "documents",
            "Documents",
            Category.DOCUMENTS,
            of_case(Document),
            "t.created_at",
            _TOLD,
            _entry,
            by="t.added_by_id",
            agency="t.added_by_agency_id",
        )
    )


def _entry(case: Case, data: Mapping[str, Any]) -> Entry:
    return Entry(
        title=f"Document added: {data['title']}",
        text=f"Withdrawn: {data['reason']}" if data["withdrawn"] else DocumentKind(data["kind"]).label,
        by=data["by"],
        agency=data["agency"],
        tag="Withdrawn" if data["withdrawn"] else "",
        page=f"{reverse('case_documents', args=[case.uuid])}#document-{data['uuid']}",
        page_label="Open the documents",
        resource=reverse("api:document", args=[data["uuid"]]),
    )
