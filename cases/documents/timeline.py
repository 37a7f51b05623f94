"""Documents in the timeline of a case: added, and withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet
from django.db.models.functions import JSONObject
from django.urls import reverse

from agencies.directory.categories import Category
from cases.documents.codes import DocumentKind
from cases.documents.models import Document
from cases.timeline.sources import Entry, Source, add_source, said_by, who_said
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from cases.supervision.models import Case


def declare() -> None:
    """Add the source."""
    add_source(Source("document", "documents", "Documents", Category.DOCUMENTS, _rows, _entry))


def _rows(actor: Actor, case: Case) -> QuerySet[Document]:
    told = JSONObject(
        uuid="uuid",
        title="title",
        kind="kind",
        withdrawn="withdrawn_at",
        reason="withdraw_reason",
        **said_by("added_by", "added_by_agency"),
    )
    rows = Document.objects.permitted(actor).filter(case=case)
    return rows.annotate(entry_at=F("created_at"), entry_data=told)


def _entry(case: Case, data: Mapping[str, Any]) -> Entry:
    by, agency = who_said(data)
    return Entry(
        title=f"Document added: {data['title']}",
        text=f"Withdrawn: {data['reason']}" if data["withdrawn"] else DocumentKind(data["kind"]).label,
        by=by,
        agency=agency,
        tag="Withdrawn" if data["withdrawn"] else "",
        page=f"{reverse('case_documents', args=[case.uuid])}#document-{data['uuid']}",
        page_label="Open the documents",
        resource=reverse("api:document", args=[data["uuid"]]),
    )
