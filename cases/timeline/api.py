"""The timeline of a case over the API."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import Category, codes_of, union
from cases.supervision.models import Case
from cases.timeline.querysets import Place, open_sources, timeline_page
from cases.timeline.serializers import TimelineAnswer, TimelineEntry, TimelineParameters
from cases.timeline.sources import sources
from sharing.access.explain import withheld_mask
from sharing.access.rest import DoorView


class TimelineView(DoorView):
    """What happened to a case."""

    categories = {"get": Category.EXISTENCE}
    parameters = TimelineParameters
    shows = TimelineEntry

    @extend_schema(
        operation_id="read_timeline", parameters=[TimelineParameters], responses=TimelineAnswer, tags=["Timeline"]
    )
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """List what happened to a case, newest first: contacts, plan, access and more, as far as the caller may see."""
        case = Case.objects.open_one(self.actor, case_uuid)
        kind = self.asked.get("kind", "")
        belongs_to = ("timeline", case_uuid, kind)
        after = Place.of(self.position(*belongs_to))
        page = timeline_page(self.actor, case, kind=kind, after=after, limit=self.asked["limit"])
        shown = union(s.category | s.also for s in open_sources(case) if kind in ("", s.kind))
        self.note_read("timeline", [case], int(shown & case.opened) | int(Category.EXISTENCE))
        shut = withheld_mask(case.opened) & union(source.category for source in sources())
        return Response(
            {
                "results": TimelineEntry(page.lines, many=True).data,
                "next": self.next_address(page.next and page.next.position, *belongs_to),
                "withheld": codes_of(shut),
            }
        )
