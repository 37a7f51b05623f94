"""The events of contacts: who is told that one was recorded, corrected or withdrawn, and how an inbox shows it.

Whoever may read contacts, and is of the contact's audience, is told; what it says is read when the news is opened, as
the reader may see it then. No mail: contacts are many, and the inbox tells of them at once.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.apps import apps
from django.urls import reverse

from agencies.directory.categories import Category
from cases.contacts.querysets import versions_around
from cases.contacts.wording import changes_between, moment_text, title_of
from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.notices.models import OutboxEvent
from sharing.notices.registry import EventKind, register, register_view

GROUP = "Contacts"
CONTACT = "cases.contact"

RECORDED = "contact.recorded"
CORRECTED = "contact.corrected"
WITHDRAWN = "contact.withdrawn"


def declare() -> None:
    """Register the kinds of event of contacts, and how a contact is shown in an inbox."""
    for kind, title, wording in (
        (RECORDED, "Contact recorded", "{agency} recorded a contact"),
        (CORRECTED, "Contact corrected", "{agency} corrected a contact"),
        (WITHDRAWN, "Contact withdrawn", "{agency} withdrew a contact"),
    ):
        register(EventKind(kind, Category.CONTACT_VIEW, GROUP, title, wording, mail=False))
    register_view(CONTACT, describe)


def describe(actor: Actor, event: OutboxEvent, case: Case) -> dict[str, Any]:
    """What was recorded, or before and after of a correction with its reason; {} where the reader may not see it."""
    rows = apps.get_model(CONTACT).objects.permitted(actor).filter(case=case)
    contact = rows.filter(uuid=uuid.UUID(event.object_id)).first()
    before, after = versions_around(actor, contact, event.versions["after"]) if contact else (None, None)
    if contact is None or after is None:
        return {}
    verb = {RECORDED: "recorded", CORRECTED: "corrected", WITHDRAWN: "withdrew"}[event.kind]
    said = f"{title_of(contact.kind, contact.outcome)}, {moment_text(contact.occurred_at, contact.timed)}"
    corrected = before is not None and event.kind == CORRECTED
    return {
        "text": f"{verb}: {said}",
        "changes": [
            {
                **change._asdict(),
                "before_version": before.version if before else None,
                "after_version": after.version,
            }
            for change in (changes_between(before.values, after.values) if before and corrected else [])
        ],
        "reason": after.reason,
        "open_url": reverse("contact", args=[case.uuid, contact.uuid]),
        "open_label": "Read the contact",
    }
