"""The events of documents: added and withdrawn. Whoever may see the documents of the case is told."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from agencies.directory.categories import Category
from cases.documents.models import Document
from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.notices.models import OutboxEvent
from sharing.notices.registry import EventKind, register, register_view

GROUP = "Documents"

ADDED = "document.added"
WITHDRAWN = "document.withdrawn"


def declare() -> None:
    """Register both kinds of event, and how a document is shown in an inbox."""
    for kind, title, wording in (
        (ADDED, "Document added", "{agency} added a document"),
        (WITHDRAWN, "Document withdrawn", "{agency} withdrew a document"),
    ):
        register(EventKind(kind, Category.DOCUMENTS, GROUP, title, wording, mail=False))
    register_view(Document._meta.label_lower, describe)


def describe(actor: Actor, event: OutboxEvent, case: Case) -> dict[str, Any]:
    """The document's title and why it was withdrawn; {} where the reader may not see it."""
    document = Document.objects.permitted(actor).filter(uuid=event.object_id).first()
    if document is None:
        return {}
    return {
        "text": f"{'withdrew' if event.kind == WITHDRAWN else 'added'} the document “{document.title}”",
        "reason": document.withdraw_reason if event.kind == WITHDRAWN else "",
        "open_url": f"{reverse('case_documents', args=[case.uuid])}#document-{document.uuid}",
        "open_label": "Open the documents",
    }
