"""Code lists: what the codes of the API mean, and where each list comes from (NIEM 6.0, N-DEx, NCIC).

Put together at the roof, since every feature has lists of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import LABELS
from agencies.directory.models import AgencyKind
from agencies.directory.roles import ROLES
from cases.appointments.codes import AppointmentKind, Outcome
from cases.contacts.codes import ContactAudience, ContactKind, ContactLocation, ContactOutcome
from cases.documents.codes import DocumentKind
from cases.flags.codes import FlagKind
from cases.people.models import Identifier, Person
from cases.plans.codes import ActionKind, ActionStatus, GoalStatus, Need, PlanStatus
from cases.supervision.bundles import BUNDLES
from cases.supervision.codes import (
    Audience,
    ConditionKind,
    Enforcer,
    RiskLevel,
    SupervisionLevel,
    SupervisionStatus,
    SupervisionType,
)
from sharing.access.errors import NotVisible
from sharing.access.models import Grant, Purpose
from sharing.access.permissions import ANY_ACTOR
from sharing.access.rest import DoorView, LinkField
from sharing.notices.registry import kinds

TAGS = ["Reference"]


class Code(NamedTuple):
    """One code, and what people call it."""

    code: str
    label: str


class CodeList(NamedTuple):
    """A list of codes. `niem` is the element that carries it, `ndex` its code type, each empty where there is none."""

    name: str
    title: str
    codes: list[Code]
    niem: str = ""
    ndex: str = ""


def code_lists() -> dict[str, CodeList]:
    """Every list by its name."""
    lists = (
        CodeList(
            "supervision-types",
            "Types of supervision",
            _names(SupervisionType),
            "j:SupervisedReleaseCategoryCode",
            "ndex:SupervisedReleaseCategoryCodeType",
        ),
        CodeList(
            "supervision-statuses",
            "Statuses of supervision",
            _names(SupervisionStatus),
            "j:SupervisedReleaseStatusCode",
            "ndex:SupervisedReleaseStatusCodeType",
        ),
        CodeList("supervision-levels", "Levels of supervision", _names(SupervisionLevel), "j:SupervisionLevelAbstract"),
        CodeList("risk-levels", "Levels of risk, in words", _names(RiskLevel)),
        CodeList("condition-kinds", "Kinds of condition", _values(ConditionKind), "j:SupervisionCondition"),
        CodeList("enforcers", "Who may act on a condition", _values(Enforcer)),
        CodeList("sexes", "Sex", _values(Person.Sex), "nc:PersonSexAbstract"),
        CodeList("identifier-kinds", "Kinds of number of a person", _values(Identifier.Kind)),
        CodeList("flag-kinds", "Kinds of flag", _values(FlagKind)),
        CodeList("document-kinds", "Kinds of document", _values(DocumentKind)),
        CodeList("plan-statuses", "Statuses of a plan", _values(PlanStatus), "j:CasePlan"),
        CodeList("goal-statuses", "Statuses of a goal", _values(GoalStatus)),
        CodeList("needs", "Needs that a goal answers", _values(Need)),
        CodeList("action-kinds", "Kinds of action", _values(ActionKind), "nc:PlanTask"),
        CodeList("action-statuses", "Statuses of an action", _values(ActionStatus)),
        CodeList("contact-kinds", "Kinds of contact", _names(ContactKind)),
        CodeList("contact-locations", "Where a contact took place", _names(ContactLocation)),
        CodeList("contact-outcomes", "What came of a contact", _names(ContactOutcome)),
        CodeList("contact-audiences", "Who may read a contact", _names(ContactAudience)),
        CodeList("appointment-kinds", "Kinds of appointment", _values(AppointmentKind)),
        CodeList("appointment-outcomes", "What came of an appointment", _values(Outcome)),
        CodeList("audiences", "Which side may read a part of a plan", _names(Audience)),
        CodeList("agency-kinds", "Kinds of agency", _values(AgencyKind)),
        CodeList("roles", "Roles", [Code(role.code, role.label) for role in ROLES.values()]),
        CodeList("categories", "Categories of data", [Code(str(c.name), label) for c, label in LABELS.items()]),
        CodeList("bundles", "What is given as one", [Code(b.code, b.label) for b in BUNDLES.values()]),
        CodeList("grant-kinds", "Kinds of grant", _values(Grant.Kind)),
        CodeList("purposes", "Purposes", _values(Purpose)),
        CodeList(
            "event-kinds",
            "Kinds of event",
            [Code(kind.kind, kind.title) for kind in kinds()],
            "j:NotificationAugmentation",
        ),
    )
    return {listed.name: listed for listed in lists}


class CodeListLine(serializers.Serializer):
    """A list by name."""

    name = serializers.CharField()
    title = serializers.CharField()
    url = LinkField("code-list", attribute="name")
    niem = serializers.CharField(allow_blank=True, help_text="NIEM 6.0 element that carries the code")
    ndex = serializers.CharField(allow_blank=True, help_text="N-DEx code type")


class CodeAnswer(serializers.Serializer):
    """A code and its name for people."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class CodeListAnswer(CodeListLine):
    """A list with its codes."""

    codes = CodeAnswer(many=True)


class CodeListIndex(serializers.Serializer):
    """Every list."""

    results = CodeListLine(many=True)


class CodeListsView(DoorView):
    """The code lists."""

    categories = {"get": ANY_ACTOR}
    shows = CodeListLine

    @extend_schema(operation_id="list_code_lists", responses=CodeListIndex, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List the code lists by name."""
        return Response({"results": CodeListLine(code_lists().values(), many=True).data})


class CodeListView(DoorView):
    """One code list."""

    categories = {"get": ANY_ACTOR}
    shows = CodeListAnswer

    @extend_schema(operation_id="read_code_list", responses=CodeListAnswer, tags=TAGS)
    def get(self, request: Request, name: str) -> Response:
        """Read a code list: codes as they are exchanged, and what people call them."""
        found = code_lists().get(name)
        if found is None:
            raise NotVisible
        return Response(CodeListAnswer(found).data)


def _names(codes: Iterable[object]) -> list[Code]:
    """Codes that are exchanged by their member names."""
    return [Code(code.name, str(code.label)) for code in codes]  # type: ignore[attr-defined]


def _values(codes: Iterable[object]) -> list[Code]:
    """Codes that are exchanged as they are stored."""
    return [Code(str(code.value), str(code.label)) for code in codes]  # type: ignore[attr-defined]
