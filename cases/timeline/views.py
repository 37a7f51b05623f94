"""What happened to a case, newest first."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import Category, union
from cases.supervision.codes import CASE
from cases.timeline.querysets import Place, open_sources, timeline_page
from cases.timeline.sources import Source, by_day, sources
from sharing.access.cursors import DamagedCursor, read_cursor, sign_cursor
from sharing.access.explain import withheld_mask
from sharing.access.pages import RecordPage

AROUND = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS


class CaseTimeline(RecordPage):
    """Contacts, plan, access and whatever else happened to a case, in one stream."""

    record_type = CASE
    action = "timeline"
    needs = {"get": Category.EXISTENCE}

    def get(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """A page of entries by day, all or of one kind; a kind that the reader does not have is an error (400)."""
        case = self.frame.record
        asked = open_sources(case)
        kind, after = self.asked(request, asked)
        page = self.blocks.read(lambda: timeline_page(self.actor, case, kind=kind, after=after))
        context = {
            "tab": "timeline",
            "tabs": self.tabs(asked, kind),
            "days": by_day(page.lines) if page else None,
            "kind": kind,
            "withheld": _withheld(self.frame.opened),
            "first_url": self.url(show=kind) if after else "",
            "next_url": self.url(show=kind, after=self.signed(page.next, kind)) if page and page.next else "",
            "asked_at": timezone.now(),
        }
        return self.show("cases/timeline/timeline.html", AROUND | shown_by(asked, kind), context)

    def asked(self, request: HttpRequest, known: list[Source]) -> tuple[str, Place | None]:
        """Which kind, and after which entry. Raises BadRequest."""
        kind, after = request.GET.get("show", ""), request.GET.get("after", "")
        if kind and kind not in {source.kind for source in known}:
            raise BadRequest(f"show: there is no kind of entry “{kind[:30]}” here.")
        try:
            return kind, Place.of(read_cursor(after, "timeline", self.record_uuid, kind)) if after else None
        except DamagedCursor:
            raise BadRequest("after: this link to a page is damaged.") from None

    def signed(self, place: Place, kind: str) -> str:
        """The place as a link carries it."""
        return sign_cursor(place.position, "timeline", self.record_uuid, kind)

    def tabs(self, known: list[Source], current: str) -> list[dict[str, Any]]:
        """Everything, and each kind by itself."""
        kinds = {"": "Everything"} | {source.kind: source.label for source in known}
        return [
            {"label": label, "url": self.url(show=kind), "current": kind == current} for kind, label in kinds.items()
        ]

    def url(self, **asked: str) -> str:
        """This timeline, narrowed or further back."""
        given = urlencode({name: value for name, value in asked.items() if value})
        return f"{reverse('case_timeline', args=[self.record_uuid])}{'?' if given else ''}{given}"


def shown_by(asked: Iterable[Source], kind: str = "") -> Category:
    """The categories that a page of these sources showed, for the read event."""
    return union(source.category | source.also for source in asked if kind in ("", source.kind))


def _withheld(opened: Category) -> list[str]:
    """Kinds of entry that the reader's keys do not open, in words; from the keys, never from what there is."""
    shut = [source for source in sources() if source.category & withheld_mask(opened)]
    words = (f"{source.label} of others" if source.also & opened else source.label for source in shut)
    return list(dict.fromkeys(words))
