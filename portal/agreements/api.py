"""Agreements over the API: the same services as the pages'."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from agencies.directory.categories import NOTHING
from portal.agency.api import OfAdministrators
from portal.agreements.serializers import (
    AgreementAnswer,
    AgreementDetailAnswer,
    AgreementInput,
    AgreementPageAnswer,
    AgreementParameters,
    AgreementTerms,
    ReasonInput,
    SignatureInput,
    allowed_in,
    terms_given,
)
from sharing.access.errors import NotVisible, Refused, Stale
from sharing.access.permissions import ANY_ACTOR
from sharing.access.rest import IF_MATCH, digest_tag, page_of
from sharing.agreements import services
from sharing.agreements.models import AgreementVersion
from sharing.agreements.querysets import agreement_for, agreements_for, live_of, versions_for

TAGS = ["Agreements"]


class AboutOne(OfAdministrators):
    """What the resources of one agreement share."""

    shows: ClassVar[type[Serializer]] = AgreementDetailAnswer

    def detail(self, agreement_uuid: uuid.UUID) -> Any:
        """The agreement as the caller's agency may read it. Raises NotVisible."""
        agreement = agreement_for(self.actor.agency_id, agreement_uuid)
        if agreement is None:
            raise NotVisible
        versions = versions_for(self.actor.agency_id, agreement)
        return AgreementDetailAnswer(agreement, context={"versions": versions}).data

    def answer(self, agreement_uuid: uuid.UUID, status: int = 200) -> Response:
        """The agreement as it is now, with its ETag."""
        data = self.detail(agreement_uuid)
        return self.tagged(data, digest_tag(data), status=status)

    def tag_of(self, version: AgreementVersion) -> str:
        """The ETag of the agreement as it is, after somebody was quicker."""
        return digest_tag(self.detail(version.agreement.uuid))

    def seen(self, agreement_uuid: uuid.UUID) -> int:
        """The revision of the newest version, if If-Match names the agreement as it is. Raises as must_match()."""
        data = self.detail(agreement_uuid)
        self.must_match(digest_tag(data))
        return int(data["versions"][0]["revision"]) if data["versions"] else 0


class AgreementsView(AboutOne):
    """The agreements of the caller's agency."""

    categories = {"get": ANY_ACTOR, "post": NOTHING}
    parameters = AgreementParameters
    shows = AgreementAnswer
    open_methods = ("get",)

    @extend_schema(
        operation_id="list_agreements", parameters=[AgreementParameters], responses=AgreementPageAnswer, tags=TAGS
    )
    def get(self, request: Request) -> Response:
        """List the agreements in force to which the caller's agency is a party, or all that it may know of."""
        own = self.actor.agency_id
        agreements = agreements_for(own).order_by() if self.asked["all"] else live_of(own).order_by()
        found, following = page_of(self, agreements.prefetch_related("parties"), name="agreements")
        return Response({"results": AgreementAnswer(found, many=True).data, "next": following})

    @extend_schema(
        operation_id="draft_agreement", request=AgreementInput, responses={201: AgreementDetailAnswer}, tags=TAGS
    )
    def post(self, request: Request) -> Response:
        """Draft an agreement. Nobody else sees it until it is proposed. For administrators."""
        given = self.body(AgreementInput)
        made = services.draft_agreement(
            actor=self.actor,
            title=given["title"],
            kind=given["kind"],
            partners=given["partners"],
            terms=terms_given(given),
            allowances=allowed_in(given) or [],
            joinable=given["joinable"],
        )
        return self.answer(made.uuid, status=201)


class AgreementView(AboutOne):
    """One agreement."""

    categories = {"get": ANY_ACTOR, "patch": NOTHING}
    open_methods = ("get",)

    @extend_schema(operation_id="read_agreement", responses=AgreementDetailAnswer, tags=TAGS)
    def get(self, request: Request, agreement_uuid: uuid.UUID) -> Response:
        """Read an agreement with its versions, what each allows, and who signed."""
        return self.answer(agreement_uuid)

    @extend_schema(operation_id="change_agreement", request=AgreementTerms, responses=AgreementDetailAnswer, tags=TAGS)
    def patch(self, request: Request, agreement_uuid: uuid.UUID) -> Response:
        """Change the draft that the caller's agency writes, from the state named in If-Match. For administrators."""
        seen = self.seen(agreement_uuid)
        given = self.body(AgreementTerms, partial=True)
        services.change_draft(
            actor=self.actor,
            agreement_uuid=agreement_uuid,
            terms=terms_given(given),
            allowances=allowed_in(given),
            title=given.get("title"),
            partners=given.get("partners"),
            seen_revision=seen,
        )
        return self.answer(agreement_uuid)


class AgreementProposeView(AboutOne):
    """Showing a draft to the other parties."""

    categories = {"post": NOTHING}

    @extend_schema(
        operation_id="propose_agreement",
        request=None,
        responses=AgreementDetailAnswer,
        parameters=[IF_MATCH],
        tags=TAGS,
    )
    def post(self, request: Request, agreement_uuid: uuid.UUID) -> Response:
        """Propose the draft named in If-Match to the other parties, who may sign it. For administrators."""
        services.propose(actor=self.actor, agreement_uuid=agreement_uuid, seen_revision=self.seen(agreement_uuid))
        return self.answer(agreement_uuid)


class AgreementSignView(AboutOne):
    """Signing what was proposed."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="sign_agreement", request=SignatureInput, responses=AgreementDetailAnswer, tags=TAGS)
    def post(self, request: Request, agreement_uuid: uuid.UUID) -> Response:
        """Sign the proposed version under the digest of what was read. It comes into force with the last signature."""
        self.detail(agreement_uuid)
        try:
            services.sign(actor=self.actor, agreement_uuid=agreement_uuid, **self.body(SignatureInput))
        except Stale:
            raise Refused("What is proposed is not what was read under this digest. Read it again.", "digest") from None
        return self.answer(agreement_uuid)


class AgreementSendBackView(AboutOne):
    """Returning what was proposed to its writer."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="send_agreement_back", request=ReasonInput, responses=AgreementDetailAnswer, tags=TAGS)
    def post(self, request: Request, agreement_uuid: uuid.UUID) -> Response:
        """Return what was proposed to its writer; signatures under it are gone. For administrators."""
        before = self.detail(agreement_uuid)
        services.send_back(actor=self.actor, agreement_uuid=agreement_uuid, **self.body(ReasonInput))
        if agreement_for(self.actor.agency_id, agreement_uuid) is None:  # a draft again, which is its writer's alone
            return Response({**before, "state": "draft", "versions": []})
        return self.answer(agreement_uuid)


class AgreementAmendView(AboutOne):
    """Beginning an amendment."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="amend_agreement", request=None, responses=AgreementDetailAnswer, tags=TAGS)
    def post(self, request: Request, agreement_uuid: uuid.UUID) -> Response:
        """Begin an amendment: a draft with the terms in force. Asked again, it answers the same draft."""
        services.amend(actor=self.actor, agreement_uuid=agreement_uuid)
        return self.answer(agreement_uuid)


class AgreementSuspendView(AboutOne):
    """Suspending an agreement."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="suspend_agreement", request=ReasonInput, responses=AgreementDetailAnswer, tags=TAGS)
    def post(self, request: Request, agreement_uuid: uuid.UUID) -> Response:
        """Suspend it: whatever is shared under it is closed from the next request on. For administrators."""
        services.suspend(actor=self.actor, agreement_uuid=agreement_uuid, **self.body(ReasonInput))
        return self.answer(agreement_uuid)


class AgreementResumeView(AboutOne):
    """Taking a suspension back."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="resume_agreement", request=None, responses=AgreementDetailAnswer, tags=TAGS)
    def post(self, request: Request, agreement_uuid: uuid.UUID) -> Response:
        """Take the suspension back; the agency that suspended it alone may. For administrators."""
        services.resume(actor=self.actor, agreement_uuid=agreement_uuid)
        return self.answer(agreement_uuid)


class AgreementEndView(AboutOne):
    """Ending an agreement."""

    categories = {"post": NOTHING}

    @extend_schema(operation_id="end_agreement", request=ReasonInput, responses=AgreementDetailAnswer, tags=TAGS)
    def post(self, request: Request, agreement_uuid: uuid.UUID) -> Response:
        """End it for good. For administrators."""
        services.end(actor=self.actor, agreement_uuid=agreement_uuid, **self.body(ReasonInput))
        return self.answer(agreement_uuid)
