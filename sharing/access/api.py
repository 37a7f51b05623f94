"""Access over the API: grants of a record, why and who, and what is needed to fill in a grant.

Works on any shareable record: the address table says which type a path is about.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import NOTHING, Category, codes_of, union
from agencies.directory.clock import database_now
from sharing.access import explain, services
from sharing.access.errors import NotAllowed, NotVisible, Refused
from sharing.access.models import Grant
from sharing.access.permissions import ANY_ACTOR
from sharing.access.querysets import receivers_of
from sharing.access.registry import shareable_of
from sharing.access.rest import DoorView, page_of, page_of_list
from sharing.access.serializers import (
    AccessAnswer,
    GrantAnswer,
    GrantChange,
    GrantEnd,
    GrantInput,
    GrantList,
    GrantParameters,
    UnitAnswer,
    UnitPage,
    UnitParameters,
    state_of,
)
from sharing.agreements.querysets import live_agreements

TAGS = ["Access"]
ENDED_LISTED = 500  # grants that have ended, latest first


class GrantsOfView(DoorView):
    """Base of what shows grants."""

    def shown(self, grants: list[Grant]) -> Any:
        """Grants as JSON, each with its state at this moment."""
        context = {"now": database_now(), "closed": self.actor.closed_agreements}
        return GrantAnswer(grants, many=True, context=context).data

    def answer(self, grant_uuid: uuid.UUID, status: int = 200) -> Response:
        """One grant with its ETag, read anew."""
        grant = _related(Grant.objects.filter(uuid=grant_uuid)).get()
        return self.tagged(self.shown([grant])[0], self.tag_of(grant), status=status)

    def tag_of(self, obj: Any) -> str:
        """Version, role and state: the clock alone may change what is shown."""
        state = state_of(obj, database_now(), self.actor.closed_agreements)
        return f'"{obj.version}-{int(self.actor.role_mask):x}-{state}"'

    def grant(self, grant_uuid: uuid.UUID) -> Grant:
        """The grant, if the caller may know of it. Raises NotVisible, NotAllowed.

        A grant that names no record is known to those who hold it; an owner's paper to all of the owner's people.
        """
        grant = _related(Grant.objects.filter(uuid=grant_uuid)).first()
        if grant is None:
            raise NotVisible
        held = grant.group_id in {principal.group_id for principal in self.actor.principals}
        if grant.record_id is None:
            if not held and not self._is_own_paper(grant):
                raise NotVisible
        elif not self._may(grant, Category.EXISTENCE if held else Category.SHARE):
            raise NotVisible
        if self.category & Category.SHARE and not (grant.record_id and self._may(grant, Category.SHARE)):
            raise NotAllowed("Only the agency that owns the case decides who else may see it.")
        if grant.record_id:
            self.tells_of(grant.record_type, grant.record_id)
        return grant

    def _is_own_paper(self, grant: Grant) -> bool:
        unit = getattr(grant.group, "unit", None)
        return grant.kind == Grant.Kind.OWNER and unit is not None and unit.agency_id == self.actor.agency_id

    def _may(self, grant: Grant, category: Category) -> bool:
        records = shareable_of(grant.record_type).records
        return bool(records.permitted(self.actor, category).filter(uuid=grant.record_id).exists())


class RecordGrantsView(GrantsOfView):
    """The grants of one record, for those who may share it."""

    categories = {"get": Category.SHARE, "post": Category.SHARE}
    parameters = GrantParameters
    shows = GrantAnswer
    record_type: ClassVar[str] = ""

    @extend_schema(operation_id="list_grants", parameters=[GrantParameters], responses=GrantList, tags=TAGS)
    def get(self, request: Request, record_uuid: uuid.UUID) -> Response:
        """List who holds access to the case: grants in force, then the latest that have ended."""
        record = self.record(self.record_type, record_uuid)
        grants = [holder.grant for holder in explain.holders(self.actor, record)]
        grants += explain.ended(self.actor, record, limit=ENDED_LISTED)
        if "state" in self.asked:
            now, closed = database_now(), self.actor.closed_agreements
            grants = [grant for grant in grants if state_of(grant, now, closed) == self.asked["state"]]
        found, following = page_of_list(self, grants, name="grants")
        self.note_read("grants", [record], Category.SHARE)
        return Response({"results": self.shown(found), "next": following})

    @extend_schema(operation_id="give_access", request=GrantInput, responses={201: GrantAnswer}, tags=TAGS)
    def post(self, request: Request, record_uuid: uuid.UUID) -> Response:
        """Give a unit or circle access to the case. It sees it at once; a unit is told, a circle is not."""
        record = self.record(self.record_type, record_uuid)
        asked = self.body(GrantInput)
        agreement = live_agreements().filter(uuid=asked["agreement"]).first() if asked["agreement"] else None
        if asked["agreement"] and agreement is None:
            raise Refused("Choose an agreement in force that both agencies have signed.", "agreement")
        grant = services.share(
            actor=self.actor,
            record=record,
            group_id=asked["group"],
            bundle=asked["bundle"],
            narrowed_by=union(asked["narrowed_by"]),
            purpose=asked["purpose"],
            legal_basis=asked["legal_basis"],
            agreement_id=agreement.pk if agreement else None,
            until=asked["until"],
        )
        return self.answer(grant.uuid, status=201)


class RecordAccessView(DoorView):
    """Why can I see this, who else can, and who has looked?"""

    categories = {"get": Category.EXISTENCE}
    shows = AccessAnswer
    record_type: ClassVar[str] = ""

    @extend_schema(operation_id="explain_access", responses=AccessAnswer, tags=TAGS)
    def get(self, request: Request, record_uuid: uuid.UUID) -> Response:
        """Read by which grants the caller sees the case; those who may share it also read who else can and who has."""
        record = self.record(self.record_type, record_uuid)
        mask = explain.opened_masks(self.actor, [record]).get(record.pk, NOTHING)
        may_share = Category.SHARE in mask
        data = AccessAnswer(
            {
                "why": explain.why(self.actor, record),
                "withheld": codes_of(explain.withheld_mask(mask)),
                "holders": explain.holders(self.actor, record) if may_share else None,
                "readers": explain.readers(self.actor, record) if may_share else None,
            }
        ).data
        self.note_read("access", [record], Category.EXISTENCE | (Category.SHARE if may_share else NOTHING))
        return Response(data)


class GrantView(GrantsOfView):
    """One grant: seen by those who hold it and by those who may share its record."""

    categories = {"get": Category.EXISTENCE, "patch": Category.SHARE}
    shows = GrantAnswer
    expands = {"case": "record_id"}

    @extend_schema(operation_id="read_grant", responses=GrantAnswer, tags=TAGS)
    def get(self, request: Request, grant_uuid: uuid.UUID) -> Response:
        """Read a grant."""
        grant = self.grant(grant_uuid)
        return self.tagged(self.shown([grant])[0], self.tag_of(grant))

    @extend_schema(operation_id="move_end_of_access", request=GrantChange, responses=GrantAnswer, tags=TAGS)
    def patch(self, request: Request, grant_uuid: uuid.UUID) -> Response:
        """Move the end of access from the version named in If-Match. A unit is told.

        An earlier end than it has lies a day ahead or more: what ends sooner is ended, with a reason.
        """
        seen = self.grant(grant_uuid)
        self.must_match(self.tag_of(seen))
        asked = self.body(GrantChange)
        services.extend_access(actor=self.actor, grant_uuid=grant_uuid, until=asked["until"], seen_version=seen.version)
        return self.answer(grant_uuid)


class GrantEndView(GrantsOfView):
    """Taking access back."""

    weighty = frozenset({"post"})
    categories = {"post": Category.SHARE}

    @extend_schema(operation_id="end_access", request=GrantEnd, responses=GrantAnswer, tags=TAGS)
    def post(self, request: Request, grant_uuid: uuid.UUID) -> Response:
        """End access now, with the reason that the other side will read. Ending it again changes nothing."""
        self.grant(grant_uuid)
        services.end_access(actor=self.actor, grant_uuid=grant_uuid, reason=self.body(GrantEnd)["reason"])
        return self.answer(grant_uuid)


class UnitsView(DoorView):
    """Units and circles to which the caller's agency may give access."""

    categories = {"get": ANY_ACTOR}
    parameters = UnitParameters
    shows = UnitAnswer

    @extend_schema(operation_id="list_units", parameters=[UnitParameters], responses=UnitPage, tags=["Directory"])
    def get(self, request: Request) -> Response:
        """List units and circles of the own agency and of those with which it has an agreement in force."""
        groups = receivers_of(self.actor.agency_id)
        if "agency" in self.asked:
            groups = groups.filter(unit__agency__uuid=self.asked["agency"])
        if "kind" in self.asked:
            groups = groups.filter(unit__isnull=self.asked["kind"] != "unit")
        found, following = page_of(self, groups, name="units")
        return Response({"results": UnitAnswer(found, many=True).data, "next": following})


def _related(grants: Any) -> Any:
    return grants.select_related("group__unit__agency", "group__circle", "agreement", "issued_by")
