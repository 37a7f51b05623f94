"""Cases over the API: list, detail, search, and the people and conditions in them."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import NOTHING, Category, union
from cases.people.models import Address, Alias, Identifier, Person
from cases.supervision.card import card_of
from cases.supervision.codes import CASE
from cases.supervision.models import Case, Condition
from cases.supervision.querysets import CaseFilter, Cursor, cautions_in_force, conditions_in_force, parts_of
from cases.supervision.serializers import (
    CaseChange,
    CaseDetail,
    CaseInput,
    CaseListParameters,
    CasePageAnswer,
    CaseRow,
    ConditionAnswer,
    ConditionPage,
    ConditionParameters,
    PeoplePage,
    PeopleParameters,
    PersonDetail,
    PersonRow,
    SearchAnswer,
    SearchInput,
    StatusCard,
)
from cases.supervision.services import (
    check_officer_asked,
    officer_named,
    open_case,
    state_of,
    units_to_open_in,
    update_case,
)
from sharing.access.errors import NotAllowed, NotVisible
from sharing.access.rest import DoorView, digest_tag, page_of

_WORD = re.compile(r"[\w'’-]+")
MAX_WORDS = 8


class CaseListView(DoorView):
    """The cases that the caller may know of."""

    categories = {"get": Category.EXISTENCE, "post": Category.SHARE}
    rates = {"post": "openings"}  # each looks for namesakes
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
            officer=asked["officer"],
        )
        check_officer_asked(self.actor, narrowed)
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

    @extend_schema(operation_id="open_case", request=CaseInput, responses={201: CaseDetail}, tags=["Cases"])
    def post(self, request: Request) -> Response:
        """Open a case in a unit of the caller's own.

        A new person who resembles one whom the agency knows is refused until `not_a_duplicate` says that they are not.
        """
        if not units_to_open_in(self.actor):
            raise NotAllowed("Your role does not open cases.")
        asked = self.body(CaseInput)
        opened = open_case(
            actor=self.actor,
            person=asked.pop("person", None) or asked.pop("person_id"),
            numbers={row["kind"]: row["value"] for row in asked.pop("identifiers", [])},
            address=asked.pop("home", None),
            unit_id=asked.pop("unit"),
            officer_id=officer_named(self.actor, asked.pop("officer", None)),
            not_a_duplicate=asked.pop("not_a_duplicate"),
            case=asked,
        )
        self.tells_of(CASE, opened.uuid)
        data = shown_whole(self, opened.uuid)
        return self.tagged(data, digest_tag(data), status=201)


class CaseView(DoorView):
    """One case."""

    categories = {"get": Category.EXISTENCE, "patch": Category.SHARE}
    shows = CaseDetail

    @extend_schema(operation_id="read_case", responses=CaseDetail, tags=["Cases"])
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Read a case with all its parts that are open to the caller; `withheld` names the categories that are not."""
        data = shown_whole(self, case_uuid)
        return self.tagged(data, digest_tag(data))

    @extend_schema(operation_id="change_case", request=CaseChange, responses=CaseDetail, tags=["Cases"])
    def patch(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Change what a case says, from the answer named in If-Match; for those who work it in its own agency."""
        seen = self.record(CASE, case_uuid)
        self.must_match(digest_tag(shown_whole(self, case_uuid)))
        changes = self.body(CaseChange, partial=True)
        reason = changes.pop("reason", "")
        update_case(actor=self.actor, case_uuid=case_uuid, changes=changes, seen=state_of(seen), reason=reason)
        data = shown_whole(self, case_uuid)
        return self.tagged(data, digest_tag(data))

    def tag_of(self, obj: Any) -> str:
        """The ETag of what this resource shows of the case."""
        return digest_tag(shown_whole(self, obj.uuid))


class StatusCardView(DoorView):
    """The status card of a case."""

    categories = {"get": Category.SUPERVISION}
    shows = StatusCard

    @extend_schema(operation_id="read_status_card", responses=StatusCard, tags=["Cases"])
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Read what an officer on the street must know, and the eight lines to read over the radio, as of now."""
        self.record(CASE, case_uuid)
        case: Any = Case.objects.open_one(self.actor, case_uuid)
        now = timezone.now()
        cautions = conditions = None
        if Category.CAUTIONS in case.opened:
            cautions = list(cautions_in_force(self.actor, [case]))
        if Category.CONDITIONS in case.opened:
            conditions = list(conditions_in_force(self.actor, case))
        with timezone.override(self.actor.agency.time_zone):  # hours bind, and are spoken, where the officer is
            case.card = card_of(case, cautions, conditions, now)
        case.card_cautions = cautions
        data = StatusCard(case).data
        self.note_read("card", [case], _shown([case], ~NOTHING))
        return self.tagged(data, digest_tag({**data, "asked_at": None}))


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """A person, the cases by which the caller sees them, and the union of what those open."""

    person: Person
    cases: list[Any]
    opened: Category
    aliases: list[Alias]
    identifiers: list[Identifier]
    addresses: list[Address]


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """A person in a list: as SeenPerson, without what only the person's own answer shows."""

    person: Person
    cases: list[Any]
    opened: Category


class PeopleView(DoorView):
    """The people whom the caller sees by some case."""

    categories = {"get": Category.EXISTENCE}
    parameters = PeopleParameters
    shows = PersonRow

    @extend_schema(
        operation_id="list_supervisees", parameters=[PeopleParameters], responses=PeoplePage, tags=["People"]
    )
    def get(self, request: Request) -> Response:
        """List people, each once: where the latest change of their cases stands in the list of cases.

        So a page may hold fewer people than `limit` and still have a next one.
        """
        narrowed = CaseFilter(statuses=tuple(self.asked["status"]))
        after = Cursor.at(self.position("people", narrowed), narrowed.sort)
        page = Case.objects.page(self.actor, narrowed, after=after, limit=self.asked["limit"], full=True)
        by_person: dict[int, list[Any]] = {}
        for case in Case.objects.of_people(self.actor, [case.person_id for case in page.cases]):
            by_person.setdefault(case.person_id, []).append(case)
        people = []
        for case in page.cases:
            theirs = by_person.get(case.person_id, [])
            if all(one.pk == case.pk or _before(case, one) or not _left(narrowed, one) for one in theirs):
                people.append(ListedPerson(case.person, theirs, union(one.opened for one in theirs)))
        shown = [case for person in people for case in person.cases]
        self.note_read("list", shown, _shown(shown, Category.EXISTENCE | Category.SUPERVISION))
        following = self.next_address(page.next and page.next.position, "people", narrowed)
        return Response({"results": PersonRow(people, many=True).data, "next": following})


class PersonView(DoorView):
    """One person."""

    categories = {"get": Category.EXISTENCE}
    shows = PersonDetail

    @extend_schema(operation_id="read_supervisee", responses=PersonDetail, tags=["People"])
    def get(self, request: Request, person_uuid: uuid.UUID) -> Response:
        """Read a person with names, numbers, addresses and cases, as far as they are open to the caller."""
        known = Person.objects.visible_to(self.actor).filter(uuid=person_uuid).first()
        cases = Case.objects.of_people(self.actor, [known.pk]) if known else []
        if not cases:
            raise NotVisible
        person = cases[0].person
        opened = union(case.opened for case in cases)
        seen = SeenPerson(
            person=person,
            cases=cases,
            opened=opened,
            aliases=list(Alias.objects.permitted(self.actor).filter(person=person).order_by("pk")),
            identifiers=list(Identifier.objects.permitted(self.actor).filter(person=person).order_by("kind")),
            addresses=list(Address.objects.permitted(self.actor).filter(person=person).order_by("pk")),
        )
        shown = Category.EXISTENCE | Category.SUPERVISION | Category.LOCATION
        self.note_read("person", cases, opened & shown)
        return Response(PersonDetail(seen).data)


class CaseConditionsView(DoorView):
    """The conditions of a case."""

    categories = {"get": Category.CONDITIONS}
    parameters = ConditionParameters
    shows = ConditionAnswer

    @extend_schema(
        operation_id="list_conditions", parameters=[ConditionParameters], responses=ConditionPage, tags=["Cases"]
    )
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """List the conditions of a case, those that ended too."""
        case = self.record(CASE, case_uuid)
        rows = Condition.objects.permitted(self.actor).filter(case=case).select_related("case")
        found, following = page_of(self, self.narrowed(rows), name=f"conditions {case_uuid}")
        self.note_read("conditions", [case], Category.CONDITIONS)
        return Response({"results": ConditionAnswer(found, many=True).data, "next": following})


class ConditionView(DoorView):
    """One condition."""

    categories = {"get": Category.CONDITIONS}
    shows = ConditionAnswer
    expands = {"case": "case_url"}

    @extend_schema(operation_id="read_condition", responses=ConditionAnswer, tags=["Cases"])
    def get(self, request: Request, condition_uuid: uuid.UUID) -> Response:
        """Read a condition."""
        rows = Condition.objects.permitted(self.actor).select_related("case")
        condition: Any = rows.filter(uuid=condition_uuid).first()
        if condition is None:
            raise NotVisible
        self.note_read("conditions", [condition.case], Category.CONDITIONS)
        return self.tagged(ConditionAnswer(condition).data, self.tag_of(condition))


class SearchView(DoorView):
    """Finding people by what stands in the body, so that no name is ever part of an address."""

    categories = {"post": Category.EXISTENCE}
    rates = {"post": "search"}
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


def shown_whole(view: DoorView, case_uuid: uuid.UUID) -> dict[str, Any]:
    """A case with all its parts that are open to the caller, noted as read. Raises NotVisible."""
    case: Any = Case.objects.open_one(view.actor, case_uuid)
    case.parts = parts_of(view.actor, case)
    view.note_read("detail", [case], _shown([case], ~NOTHING))
    return dict(CaseDetail(case).data)


def _before(case: Any, other: Any) -> bool:
    """Whether a case stands before another in the list of cases."""
    return (case.updated_at, case.pk) > (other.updated_at, other.pk)


def _left(narrowed: CaseFilter, case: Any) -> bool:
    """Whether a filter by status leaves a case that the caller sees: a status that is not open is never asked."""
    return not narrowed.statuses or (Category.SUPERVISION in case.opened and case.status in narrowed.statuses)


def _rows(cases: list[Any]) -> Any:
    return CaseRow(cases, many=True).data


def _shown(cases: list[Any], of: Category) -> int:
    """Every category that an answer showed of some case."""
    return int(union(case.opened for case in cases) & of)
