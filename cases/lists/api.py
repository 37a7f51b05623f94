"""What a person keeps of the case list, what they opened last, and files of cases, over the API."""

from __future__ import annotations

import uuid

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import Category, union
from cases.lists.models import SavedFilter
from cases.lists.serializers import (
    ColumnsBlock,
    ExportInput,
    ReassignAnswer,
    ReassignInput,
    SavedFilterAnswer,
    SavedFilterInput,
    SavedFiltersAnswer,
)
from cases.lists.services import choose_columns, columns_of, export_cases, remove_filter, save_filter
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from cases.supervision.serializers import CaseRow, SearchAnswer
from cases.supervision.services import check_officer_asked, officer_named, reassign_cases
from sharing.access.errors import NotAllowed
from sharing.access.rest import DoorView, PageParameters, page_of

TAGS = ["Case list"]


class RecentCasesView(DoorView):
    """What the caller opened last."""

    categories = {"get": Category.EXISTENCE}
    shows = CaseRow

    @extend_schema(operation_id="list_recent_cases", responses=SearchAnswer, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List the last 25 cases that the caller opened and may still know of, last opened first."""
        cases = Case.objects.recent(self.actor)
        shown = union(case.opened for case in cases) & (Category.EXISTENCE | Category.SUPERVISION)
        self.note_read("list", cases, shown)
        return Response({"results": CaseRow(cases, many=True).data})


class SavedFiltersView(DoorView):
    """The caller's filters."""

    categories = {"get": Category.EXISTENCE, "post": Category.EXISTENCE}
    parameters = PageParameters
    shows = SavedFilterAnswer

    @extend_schema(
        operation_id="list_case_filters", parameters=[PageParameters], responses=SavedFiltersAnswer, tags=TAGS
    )
    def get(self, request: Request) -> Response:
        """List the filters that the caller keeps, by name."""
        rows = SavedFilter.objects.filter(user=self.actor.user)
        found, following = page_of(self, rows, name="case-filters", order=("name", "pk"))
        return Response({"results": SavedFilterAnswer(found, many=True).data, "next": following})

    @extend_schema(
        operation_id="save_case_filter", request=SavedFilterInput, responses={201: SavedFilterAnswer}, tags=TAGS
    )
    def post(self, request: Request) -> Response:
        """Keep a filter under a name."""
        asked = SavedFilterInput(data=request.data)
        asked.is_valid(raise_exception=True)
        check_officer_asked(self.actor, asked.narrowed)
        kept = save_filter(actor=self.actor, name=asked.validated_data["name"], query=asked.query)
        return Response(SavedFilterAnswer(kept).data, status=201)


class SavedFilterRemoveView(DoorView):
    """Forgetting a filter."""

    categories = {"post": Category.EXISTENCE}

    @extend_schema(operation_id="remove_case_filter", request=None, responses={204: None}, tags=TAGS)
    def post(self, request: Request, filter_uuid: uuid.UUID) -> Response:
        """Forget a filter of the caller's."""
        remove_filter(actor=self.actor, filter_uuid=filter_uuid)
        return Response(status=204)


class ColumnsView(DoorView):
    """The caller's columns."""

    categories = {"get": Category.EXISTENCE, "post": Category.EXISTENCE}
    shows = ColumnsBlock

    @extend_schema(operation_id="read_case_columns", responses=ColumnsBlock, tags=TAGS)
    def get(self, request: Request) -> Response:
        """Read which columns the caller chose; none means the usual ones."""
        return Response({"columns": list(columns_of(self.actor))})

    @extend_schema(operation_id="choose_case_columns", request=ColumnsBlock, responses=ColumnsBlock, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Choose the columns of the caller's lists and files."""
        chosen = choose_columns(actor=self.actor, columns=self.body(ColumnsBlock)["columns"])
        return Response({"columns": list(chosen)})


class ReassignView(DoorView):
    """Cases to another officer."""

    categories = {"post": Category.MANAGE}

    @extend_schema(operation_id="reassign_cases", request=ReassignInput, responses=ReassignAnswer, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Give cases of the caller's agency to an officer and a unit. Each is checked by itself and answered for."""
        if Category.MANAGE not in self.actor.role_mask:
            raise NotAllowed("A supervisor reassigns cases.")
        asked = self.body(ReassignInput)
        done = reassign_cases(
            actor=self.actor,
            case_uuids=asked["cases"],
            officer_id=officer_named(self.actor, asked["officer"]),
            unit_id=asked["unit"],
            reason=asked["reason"],
        )
        for case_uuid in done.changed:
            self.tells_of(CASE, case_uuid)
        refused = [{"case": case_uuid, "reason": why} for case_uuid, why in done.refused]
        return Response(ReassignAnswer({"changed": done.changed, "refused": refused}).data)


class CaseExportView(DoorView):
    """Cases as a file."""

    categories = {"post": Category.EXISTENCE}
    rates = {"post": "search"}
    only_asks = True

    @extend_schema(
        operation_id="export_cases", request=ExportInput, responses={(200, "text/csv"): OpenApiTypes.STR}, tags=TAGS
    )
    def post(self, request: Request) -> StreamingHttpResponse:
        """Export cases as CSV, 5,000 at most. Every case in the file and its purpose are recorded before it leaves."""
        asked = ExportInput(data=request.data)
        asked.is_valid(raise_exception=True)
        check_officer_asked(self.actor, asked.narrowed)
        export = export_cases(
            actor=self.actor,
            purpose=asked.validated_data["purpose"],
            narrowed=asked.narrowed,
            case_uuids=asked.validated_data["cases"],
        )
        return StreamingHttpResponse(export.lines(), content_type="text/csv; charset=utf-8")
