"""The directory over the API, and its administration: agencies, units, officers, members, roles, workload, cover."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.accounts import services as accounts
from agencies.directory import services as directory
from agencies.directory.categories import NOTHING, Category
from agencies.directory.models import Agency, Unit
from agencies.directory.querysets import administers
from agencies.directory.roles import ROLES
from agencies.directory.services import NOT_AN_ADMINISTRATOR
from portal.agency.querysets import STATES, covered_by, own_covers, people_of, workload
from portal.agency.serializers import (
    AgencyPage,
    AgencyParameters,
    AgencyUnit,
    AgencyUnitInput,
    AgencyUnitPage,
    AgencyUnitParameters,
    CoverAnswer,
    CoverInput,
    CoverList,
    DetailsInput,
    LoadList,
    MemberAnswer,
    MemberInput,
    MemberPage,
    MemberParameters,
    OfficerAnswer,
    OfficerPage,
    OfficerParameters,
    OfficerSearch,
    OfficersFound,
    RoleInput,
    RoleList,
    WhyInput,
)
from sharing.access.errors import NotAllowed, NotVisible
from sharing.access.permissions import ANY_ACTOR, declared_method
from sharing.access.rest import AgencyBrief, DoorView, digest_tag, page_by_number
from sharing.agreements.models import AgreementParty
from sharing.agreements.querysets import live_of

TAGS, MEMBERS = ["Directory"], ["Members"]
FOUND_AT_MOST = 50


class AgenciesView(DoorView):
    """Agencies that use Concord."""

    categories = {"get": ANY_ACTOR}
    shows = AgencyBrief
    parameters = AgencyParameters

    @extend_schema(operation_id="list_agencies", parameters=[AgencyParameters], responses=AgencyPage, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List the agencies that use Concord."""
        agencies = Agency.objects.filter(is_active=True)
        if "kind" in self.asked:
            agencies = agencies.filter(kind=self.asked["kind"])
        found, following = page_by_number(self, agencies, name="agencies")
        return Response({"results": AgencyBrief(found, many=True).data, "next": following})


class AgencyView(DoorView):
    """One agency."""

    categories = {"get": ANY_ACTOR}
    shows = AgencyBrief

    @extend_schema(operation_id="read_agency", responses=AgencyBrief, tags=TAGS)
    def get(self, request: Request, agency_uuid: uuid.UUID) -> Response:
        """Read an agency's names, kind, ORI and number to call."""
        found = Agency.objects.filter(uuid=agency_uuid, is_active=True).first()
        if found is None:
            raise NotVisible
        return Response(AgencyBrief(found).data)


class OfAdministrators(DoorView):
    """What administrators alone may call. A person among them has typed their password of late."""

    weighty = frozenset({"post", "patch"})
    open_methods: ClassVar[tuple[str, ...]] = ()  # what anybody may call

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Besides the usual: refuses whoever does not administer the agency, where the method changes something."""
        super().initial(request, *args, **kwargs)
        method = declared_method(request)
        asked = method in self.categories and method not in self.open_methods
        if asked and not administers(self.actor.user_id, self.actor.agency_id):
            raise NotAllowed(NOT_AN_ADMINISTRATOR)


class AgencyUnitsView(OfAdministrators):
    """Units of the caller's agency and of its partners."""

    categories = {"get": ANY_ACTOR, "post": NOTHING}
    shows = AgencyUnit
    parameters = AgencyUnitParameters
    open_methods = ("get",)

    @extend_schema(
        operation_id="list_agency_units", parameters=[AgencyUnitParameters], responses=AgencyUnitPage, tags=TAGS
    )
    def get(self, request: Request) -> Response:
        """List the units of the own agency, and the open ones of agencies with which it has an agreement in force."""
        units = units_known_to(self.actor.agency_id)
        if "agency" in self.asked:
            units = units.filter(agency__uuid=self.asked["agency"])
        found, following = page_by_number(self, units, name="agency-units")
        return Response({"results": AgencyUnit(found, many=True).data, "next": following})

    @extend_schema(operation_id="add_unit", request=AgencyUnitInput, responses={201: AgencyUnit}, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Make a unit of the own agency. For administrators."""
        unit = directory.add_unit(actor=self.actor, **self.body(AgencyUnitInput))
        return Response(AgencyUnit(unit).data, status=201)


class AgencyUnitView(OfAdministrators):
    """One unit."""

    categories = {"get": ANY_ACTOR, "patch": NOTHING}
    shows = AgencyUnit
    open_methods = ("get",)

    @extend_schema(operation_id="read_unit", responses=AgencyUnit, tags=TAGS)
    def get(self, request: Request, unit_id: int) -> Response:
        """Read a unit of the own agency or of a partner."""
        data = AgencyUnit(self.unit(unit_id)).data
        return self.tagged(data, digest_tag(data))

    @extend_schema(operation_id="change_unit", request=AgencyUnitInput, responses=AgencyUnit, tags=TAGS)
    def patch(self, request: Request, unit_id: int) -> Response:
        """Rename a unit of the own agency, or give it another number to call. For administrators."""
        directory.lock_agency(self.actor)  # of two who read the same, the second finds it changed
        unit = self.unit(unit_id)
        self.must_match(digest_tag(AgencyUnit(unit).data))
        given = self.body(AgencyUnitInput, partial=True)
        changed = directory.change_unit(
            actor=self.actor,
            group_id=unit_id,
            name=given.get("name", unit.name),
            phone=given.get("phone", unit.phone),
        )
        data = AgencyUnit(changed).data
        return self.tagged(data, digest_tag(data))

    def unit(self, unit_id: int) -> Unit:
        """The unit, if the caller may know of it. Raises NotVisible."""
        found = units_known_to(self.actor.agency_id).filter(pk=unit_id).first()
        if found is None:
            raise NotVisible
        return found


def units_known_to(agency_id: int) -> Any:
    """The units of an agency, and the open ones of those with which it has an agreement in force."""
    parties = AgreementParty.objects.filter(agreement__in=live_of(agency_id).order_by().values("pk"))
    partners = Q(agency__in=parties.values("agency_id"), agency__is_active=True, closed_at__isnull=True)
    return Unit.objects.filter(Q(agency_id=agency_id) | partners).select_related("agency")


class UnitCloseView(OfAdministrators):
    """Closing a unit."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="close_unit", request=None, responses=AgencyUnit, tags=TAGS)
    def post(self, request: Request, unit_id: int) -> Response:
        """Close a unit of the own agency in which nobody works any more. For administrators."""
        return Response(AgencyUnit(directory.close_unit(actor=self.actor, group_id=unit_id)).data)


class OfficersView(DoorView):
    """People of the caller's agency."""

    categories = {"get": ANY_ACTOR}
    shows = OfficerAnswer
    parameters = OfficerParameters

    @extend_schema(operation_id="list_officers", parameters=[OfficerParameters], responses=OfficerPage, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List who works for the own agency, in which units and roles, and who answers for those who are away."""
        people = people_of(self.actor.agency_id, unit=self.asked.get("unit"))
        found, following = page_by_number(self, people, name="officers")
        return Response({"results": OfficerAnswer(found, many=True).data, "next": following})


class OfficerSearchView(DoorView):
    """Finding a colleague."""

    categories = {"post": ANY_ACTOR}
    rates = {"post": "search"}
    only_asks = True

    @extend_schema(operation_id="search_officers", request=OfficerSearch, responses=OfficersFound, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Find who works for the own agency by name or e-mail address."""
        people = people_of(self.actor.agency_id, words=self.body(OfficerSearch)["words"])
        return Response(OfficersFound({"results": people[:FOUND_AT_MOST]}).data)


class RolesView(DoorView):
    """Roles in words."""

    categories = {"get": ANY_ACTOR}
    shows = RoleList

    @extend_schema(operation_id="list_roles", responses=RoleList, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List every role with what its holder may see and do where a key opens it."""
        return Response(RoleList({"roles": list(ROLES.values())}).data)


class WorkloadView(DoorView):
    """How much each officer carries."""

    categories = {"get": Category.SUPERVISION}
    shows = LoadList

    @extend_schema(operation_id="read_workload", responses=LoadList, tags=TAGS)
    def get(self, request: Request) -> Response:
        """Count open cases and reviews by unit and officer, of the own agency's cases that the caller may see."""
        loads = [load for rows in workload(self.actor).officers.values() for load in rows]
        return Response(LoadList({"loads": loads}).data)


class MembersView(OfAdministrators):
    """Accounts of the caller's agency."""

    categories = {"get": NOTHING, "post": NOTHING}
    shows = MemberAnswer
    parameters = MemberParameters

    @extend_schema(operation_id="list_members", parameters=[MemberParameters], responses=MemberPage, tags=MEMBERS)
    def get(self, request: Request) -> Response:
        """List accounts of the own agency in one state. For administrators."""
        people = people_of(self.actor.agency_id, self.asked["state"], self.asked.get("unit"))
        found, following = page_by_number(self, people, name="members")
        return Response({"results": MemberAnswer(found, many=True).data, "next": following})

    @extend_schema(
        operation_id="invite_member", request=MemberInput, responses={201: MemberAnswer, 404: None}, tags=MEMBERS
    )
    def post(self, request: Request) -> Response:
        """Open an account in a role, and have a link for the password sent. For administrators."""
        given = self.body(MemberInput)
        user = accounts.invite(actor=self.actor, group_id=given.pop("unit"), **given)
        return Response(shown(self.actor.agency_id, user.pk), status=201)


class MemberView(OfAdministrators):
    """One account."""

    categories = {"get": NOTHING, "patch": NOTHING}
    shows = MemberAnswer

    @extend_schema(operation_id="read_member", responses=MemberAnswer, tags=MEMBERS)
    def get(self, request: Request, member_id: int) -> Response:
        """Read an account of the own agency. For administrators."""
        directory.member(self.actor, member_id)
        data = shown(self.actor.agency_id, member_id)
        return self.tagged(data, digest_tag(data))

    @extend_schema(operation_id="correct_member", request=DetailsInput, responses=MemberAnswer, tags=MEMBERS)
    def patch(self, request: Request, member_id: int) -> Response:
        """Correct name, title, badge or phone of an account of the own agency. For administrators."""
        directory.lock_agency(self.actor)  # of two who read the same, the second finds it changed
        person = directory.member(self.actor, member_id)
        self.must_match(digest_tag(shown(self.actor.agency_id, member_id)))
        given = self.body(DetailsInput, partial=True)
        now = {field: getattr(person, field) for field in ("name", "title", "badge", "phone")}
        accounts.correct(actor=self.actor, user_id=member_id, **{**now, **given})
        data = shown(self.actor.agency_id, member_id)
        return self.tagged(data, digest_tag(data))


def shown(agency_id: int, user_id: int) -> Any:
    """An account of an agency as JSON, whatever its state. Raises NotVisible."""
    for state in STATES:
        found = people_of(agency_id, state).filter(pk=user_id).first()
        if found is not None:
            return MemberAnswer(found).data
    raise NotVisible


class MemberRolesView(OfAdministrators):
    """Roles of one account."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="give_role", request=RoleInput, responses={201: MemberAnswer}, tags=MEMBERS)
    def post(self, request: Request, member_id: int) -> Response:
        """Give somebody a role in a unit. For administrators, and never for oneself."""
        directory.member(self.actor, member_id)
        given = self.body(RoleInput)
        directory.give_role(actor=self.actor, user_id=member_id, group_id=given["unit"], role=given["role"])
        return Response(shown(self.actor.agency_id, member_id), status=201)


class MemberRoleEndView(OfAdministrators):
    """Ending a role."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="end_role", request=None, responses=MemberAnswer, tags=MEMBERS)
    def post(self, request: Request, member_id: int, membership_id: int) -> Response:
        """Take a role from somebody now. For administrators."""
        directory.member(self.actor, member_id)
        directory.end_role(actor=self.actor, user_id=member_id, membership_id=membership_id)
        return Response(shown(self.actor.agency_id, member_id))


class MemberLinkView(OfAdministrators):
    """A link for a password."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="send_password_link", request=None, responses={202: MemberAnswer}, tags=MEMBERS)
    def post(self, request: Request, member_id: int) -> Response:
        """Have a link for a new password sent. For administrators."""
        accounts.send_link(actor=self.actor, user_id=member_id)
        return Response(shown(self.actor.agency_id, member_id), status=202)


class MemberSuspendView(OfAdministrators):
    """Suspending an account."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="suspend_member", request=WhyInput, responses=MemberAnswer, tags=MEMBERS)
    def post(self, request: Request, member_id: int) -> Response:
        """Shut an account now: its sessions and tokens end. For administrators."""
        directory.member(self.actor, member_id)
        accounts.suspend(actor=self.actor, user_id=member_id, **self.body(WhyInput))
        return Response(shown(self.actor.agency_id, member_id))


class MemberReinstateView(OfAdministrators):
    """Reinstating an account."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="reinstate_member", request=None, responses=MemberAnswer, tags=MEMBERS)
    def post(self, request: Request, member_id: int) -> Response:
        """Open a suspended account again. For administrators."""
        accounts.reinstate(actor=self.actor, user_id=member_id)
        return Response(shown(self.actor.agency_id, member_id))


class MemberUnlockView(OfAdministrators):
    """Ending a lock-out."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="end_lock_out", request=None, responses=MemberAnswer, tags=MEMBERS)
    def post(self, request: Request, member_id: int) -> Response:
        """Let somebody sign in who failed too often. For administrators."""
        user = accounts.note_end_of_lock_out(actor=self.actor, user_id=member_id)
        get_adapter().end_lock_out(request._request, user.email)
        return Response(shown(self.actor.agency_id, member_id))


class CoversView(DoorView):
    """Cover while away."""

    categories = {"get": ANY_ACTOR, "post": ANY_ACTOR}
    shows = CoverList

    @extend_schema(operation_id="list_covers", responses=CoverList, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List who answers for the caller, and for whom the caller answers now."""
        return Response(CoverList({"own": own_covers(self.actor), "covering": covered_by(self.actor)}).data)

    @extend_schema(operation_id="arrange_cover", request=CoverInput, responses={201: CoverAnswer}, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Name a colleague who gets one's news for a time, or, for administrators, another's. It opens nothing."""
        given = self.body(CoverInput)
        officer, colleague = given.pop("officer", self.actor.user_id), given.pop("colleague")
        cover = accounts.arrange_cover(actor=self.actor, officer_id=officer, colleague_id=colleague, **given)
        return Response(CoverAnswer(cover).data, status=201)


class CoverEndView(DoorView):
    """Ending a cover."""

    categories = {"post": ANY_ACTOR}

    @extend_schema(operation_id="end_cover", request=None, responses=CoverAnswer, tags=TAGS)
    def post(self, request: Request, cover_uuid: uuid.UUID) -> Response:
        """End a cover of the caller's own now, or, for administrators, of another officer's."""
        return Response(CoverAnswer(accounts.end_cover(actor=self.actor, cover_uuid=cover_uuid)).data)
