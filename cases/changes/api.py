"""The feed of changes, for systems that keep a copy of what they may see."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import Category
from cases.changes.querysets import Place, change_page
from cases.changes.serializers import ChangeEntry, ChangeFeed, ChangeParameters
from sharing.access.rest import DoorView


class ChangesView(DoorView):
    """What the caller gained, what changed, and what they lost."""

    categories = {"get": Category.EXISTENCE}
    parameters = ChangeParameters
    shows = ChangeEntry

    @extend_schema(operation_id="list_changes", parameters=[ChangeParameters], responses=ChangeFeed, tags=["Changes"])
    def get(self, request: Request) -> Response:
        """List what changed since the cursor: cases gained, changed and lost, by the clock too.

        Without a cursor a copy begins: every visible case, then its changes. Where units, roles, circles or agreements
        of the caller changed, or the cursor is older than 30 days, `starts` says that a new copy begins. A change is
        listed once every transaction that began before it has ended. An entry may come twice; the last word counts.
        """
        position = self.position("changes")
        page = change_page(self.actor, Place.at(position) if position else None, self.asked["limit"])
        self.note_read("changes", [entry.case for entry in page.entries if entry.case], Category.EXISTENCE)
        return Response(
            {
                "results": ChangeEntry(page.entries, many=True).data,
                "phase": page.phase,
                "starts": page.starts,
                "more": page.more,
                "next": self.next_address(page.next.position, "changes"),
            }
        )
