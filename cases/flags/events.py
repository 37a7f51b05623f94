"""The events of flags and cautions: who is told, in which words, and what an inbox shows of them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.urls import reverse

from agencies.directory.categories import Category
from agencies.directory.dates import day_text
from sharing.access.actors import Actor
from sharing.notices.models import OutboxEvent
from sharing.notices.registry import EventKind, register, register_view

if TYPE_CHECKING:
    from cases.supervision.models import Case

GROUP = "Safety and flags"

FLAG_SET = "flag.set"
FLAG_REVIEWED = "flag.reviewed"
FLAG_ENDED = "flag.ended"
CAUTION_ADDED = "caution.added"
CAUTION_REVIEWED = "caution.reviewed"
CAUTION_ENDED = "caution.ended"

_VERBS = {
    FLAG_SET: "set the flag",
    FLAG_REVIEWED: "reviewed the flag",
    FLAG_ENDED: "ended the flag",
    CAUTION_ADDED: "added the caution",
    CAUTION_REVIEWED: "reviewed the caution",
    CAUTION_ENDED: "ended the caution",
}


def declare() -> None:
    """Register the kinds of event, and how flags and cautions are shown in an inbox."""
    for kind, category, title, wording in (
        (CAUTION_ADDED, Category.CAUTIONS, "Caution added", "{agency} added a caution"),
        (CAUTION_REVIEWED, Category.CAUTIONS, "Caution reviewed", "{agency} reviewed a caution"),
        (CAUTION_ENDED, Category.CAUTIONS, "Caution ended", "{agency} ended a caution"),
        (FLAG_SET, Category.FLAGS, "Flag set", "{agency} set a flag"),
        (FLAG_REVIEWED, Category.FLAGS, "Flag reviewed", "{agency} reviewed a flag"),
        (FLAG_ENDED, Category.FLAGS, "Flag ended", "{agency} ended a flag"),
    ):
        register(EventKind(kind, category, GROUP, title, wording))
    register_view("cases.flag", describe)
    register_view("cases.caution", describe)


def describe(actor: Actor, event: OutboxEvent, case: Case) -> dict[str, Any]:
    """What happened to a flag or caution, as it stands now; {} where the reader may not see it."""
    model = apps.get_model(event.object_type)
    part: Any = model.objects.permitted(actor).filter(uuid=uuid.UUID(event.object_id)).first()
    if part is None:
        return {}
    name = part.text if event.object_type == "cases.caution" else part.get_kind_display()
    ended = event.kind in (FLAG_ENDED, CAUTION_ENDED)
    reason = part.end_reason if ended else part.review_note if event.kind.endswith("reviewed") else ""
    until = f", to be looked at again by {day_text(part.review_on)}" if part.review_on and not ended else ""
    return {
        "text": f"{_VERBS[event.kind]} “{name}”{until}",
        "reason": reason,
        "open_url": reverse("case_flags", args=[case.uuid]),
        "open_label": "Open cautions and flags",
    }
