"""Cases over the API: list, detail, search."""

from __future__ import annotations

import re
import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import NOTHING, Category, union
from cases.supervision.models import Case
from cases.supervision.querysets import CaseFilter, Cursor, parts_of
from cases.supervision.serializers import (
    CaseDetail,
    CaseListParameters,
    CasePageAnswer,
    CaseRow,
    SearchAnswer,
    SearchInput,
)
from sharing.access.rest import DoorView, digest_tag

_WORD = re.compile(r"[\w'’-]+")
MAX_WORDS = 8


class CaseListView(DoorView):
    """The cases that the caller may know of."""

    categories = {"get": Category.EXISTENCE}
    parameters = CaseListParameters
    shows = CaseRow
    expands = {"cautions": "id", "conditions": "id", "plan": "id"}

    @extend_schema(operation_id="list_cases", parameters=[CaseListParameters], responses=CasePageAnswer, tags=["Cases"])
    def get(self, request: Request) -> Response:
        """List the cases that the caller may know of, a page at a time."""
        asked = self.asked
        narrowed = CaseFilter(
            scope=asked["scope"],
            statuses=tuple(asked["status"]),
            risk_levels=tuple(asked["risk_level"]),
            sort=asked["sort"],
        )
        page = Case.objects.page(
            self.actor,
            narrowed,
            after=Cursor.at(self.position("cases", narrowed), narrowed.sort),
            limit=asked["limit"],
            full=True,
        )
        answer: dict[str, Any] = {
            "results": _rows(page.cases),
            "next": self.next_address(page.next and page.next.position, "cases", narrowed),
        }
        if asked["count"] and page.count:
            answer |= {"count": page.count.number, "countExact": page.count.exact}
        self.note_read("list", page.cases, _shown(page.cases, Category.EXISTENCE | Category.SUPERVISION))
        return Response(answer)


class CaseView(DoorView):
    """One case."""

    categories = {"get": Category.EXISTENCE}
    shows = CaseDetail

    @extend_schema(operation_id="read_case", responses=CaseDetail, tags=["Cases"])
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Read a case with all its parts that are open to the caller; `withheld` names the categories that are not."""
        case: Any = Case.objects.open_one(self.actor, case_uuid)
        case.parts = parts_of(self.actor, case)
        data = CaseDetail(case).data
        self.note_read("detail", [case], _shown([case], ~NOTHING))
        return self.tagged(data, digest_tag(data))


class SearchView(DoorView):
    """Finding people by what stands in the body, so that no name is ever part of an address."""

    categories = {"post": Category.EXISTENCE}
    throttle_scope = "search"
    only_asks = True

    @extend_schema(operation_id="search_cases", request=SearchInput, responses=SearchAnswer, tags=["Cases"])
    def post(self, request: Request) -> Response:
        """Find cases by name (close spellings too), number or birth date among those the caller may know of."""
        asked = self.body(SearchInput)
        words = [asked["number"]] if "number" in asked else _WORD.findall(asked.get("words", ""))[:MAX_WORDS]
        cases: list[Any] = []
        if words or "birth_date" in asked:
            cases = Case.objects.search(
                self.actor, words=words, birth_date=asked.get("birth_date"), limit=asked["limit"], full=True
            )
        self.note_read("search", cases, _shown(cases, Category.EXISTENCE | Category.SUPERVISION))
        return Response({"results": _rows(cases)})


def _rows(cases: list[Any]) -> Any:
    return CaseRow(cases, many=True).data


def _shown(cases: list[Any], of: Category) -> int:
    """Every category that an answer showed of some case."""
    return int(union(case.opened for case in cases) & of)
