"""Flags and cautions over the API."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import Category
from cases.flags import services
from cases.flags.models import Flag
from cases.flags.querysets import SETS_CAUTIONS, SETS_FLAGS, cautions_of, flags_of
from cases.flags.serializers import (
    CautionAnswer,
    CautionInput,
    CautionPage,
    CautionReviewInput,
    EndInput,
    FlagAnswer,
    FlagInput,
    FlagPage,
    FlagReviewInput,
)
from cases.supervision.codes import CASE
from cases.supervision.models import Caution
from sharing.access.errors import NotAllowed, NotVisible
from sharing.access.rest import DoorView, PageParameters, page_by_number

TAGS = ["Flags and cautions"]


class CaseFlagsView(DoorView):
    """The flags of a case."""

    categories = {"get": Category.FLAGS, "post": SETS_FLAGS}
    parameters = PageParameters
    shows = FlagAnswer

    @extend_schema(operation_id="list_flags", parameters=[PageParameters], responses=FlagPage, tags=TAGS)
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """List the flags of a case, newest first, those that ended too, as far as the caller may see them."""
        case = self.record(CASE, case_uuid)
        found, following = page_by_number(
            self, flags_of(self.actor, case), name=f"flags {case_uuid}", newest_first=True
        )
        self.note_read("flags", [case], Category.FLAGS)
        return Response({"results": FlagAnswer(found, many=True).data, "next": following})

    @extend_schema(operation_id="set_flag", request=FlagInput, responses={201: FlagAnswer}, tags=TAGS)
    def post(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Set a flag on a case, in the name of the caller's agency. Whoever may read it is told."""
        case = self.record(CASE, case_uuid)
        flag = services.set_flag(actor=self.actor, case_uuid=case.uuid, values=self.body(FlagInput))
        return self.tagged(FlagAnswer(flag).data, self.tag_of(flag), status=201)


class CaseCautionsView(DoorView):
    """The cautions of a case."""

    categories = {"get": Category.CAUTIONS, "post": SETS_CAUTIONS}
    parameters = PageParameters
    shows = CautionAnswer

    @extend_schema(operation_id="list_cautions", parameters=[PageParameters], responses=CautionPage, tags=TAGS)
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """List the cautions of a case, newest first, those that ended too; `rank` says which is worst."""
        case = self.record(CASE, case_uuid)
        rows = cautions_of(self.actor, case)
        found, following = page_by_number(self, rows, name=f"cautions {case_uuid}", newest_first=True)
        self.note_read("flags", [case], Category.CAUTIONS)
        return Response({"results": CautionAnswer(found, many=True).data, "next": following})

    @extend_schema(operation_id="add_caution", request=CautionInput, responses={201: CautionAnswer}, tags=TAGS)
    def post(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Add a caution to a case of the caller's own agency. It shows at once wherever the case does."""
        case = self.record(CASE, case_uuid)
        caution = services.add_caution(actor=self.actor, case_uuid=case.uuid, values=self.body(CautionInput))
        return self.tagged(CautionAnswer(caution).data, self.tag_of(caution), status=201)


class OneView(DoorView):
    """A flag or a caution by its own address. Whoever sees it and may not change it is refused, not misled."""

    model: type[Flag] | type[Caution]

    def part(self, part_uuid: uuid.UUID) -> Any:
        """The part, if the caller may see it and the declared category is open. Raises NotVisible or NotAllowed."""
        people = ("case", "set_by", "reviewed_by", "ended_by")
        joined = people if self.model is Caution else ("agency", *people)
        found = self.model.objects.permitted(self.actor).filter(uuid=part_uuid).select_related(*joined).first()
        if found is None:
            raise NotVisible
        if not self.model.objects.permitted(self.actor, self.category).filter(pk=found.pk).exists():
            raise NotAllowed("You can read this, but your role or your agency's access does not let you change it.")
        self.tells_of(CASE, found.case.uuid)
        return found


class FlagView(OneView):
    """A flag."""

    categories = {"get": Category.FLAGS, "patch": SETS_FLAGS}
    model = Flag
    shows = FlagAnswer

    @extend_schema(operation_id="read_flag", responses=FlagAnswer, tags=TAGS)
    def get(self, request: Request, flag_uuid: uuid.UUID) -> Response:
        """Read a flag."""
        flag = self.part(flag_uuid)
        self.note_read("flags", [flag.case], Category.FLAGS)
        return self.tagged(FlagAnswer(flag).data, self.tag_of(flag))

    @extend_schema(operation_id="review_flag", request=FlagReviewInput, responses=FlagAnswer, tags=TAGS)
    def patch(self, request: Request, flag_uuid: uuid.UUID) -> Response:
        """Review a flag from the version named in If-Match: by its agency, or the case's owner."""
        seen = self.part(flag_uuid)
        self.must_match(self.tag_of(seen))
        asked = self.body(FlagReviewInput)
        flag = services.review_flag(actor=self.actor, flag_uuid=flag_uuid, seen_version=seen.version, **asked)
        return self.tagged(FlagAnswer(flag).data, self.tag_of(flag))


class FlagEndView(OneView):
    """Ending a flag."""

    categories = {"post": SETS_FLAGS}
    model = Flag

    @extend_schema(operation_id="end_flag", request=EndInput, responses=FlagAnswer, tags=TAGS)
    def post(self, request: Request, flag_uuid: uuid.UUID) -> Response:
        """End a flag, with the reason that stays beside it. Ending it again changes nothing."""
        self.part(flag_uuid)
        flag = services.end_flag(actor=self.actor, flag_uuid=flag_uuid, **self.body(EndInput))
        return self.tagged(FlagAnswer(flag).data, self.tag_of(flag))


class CautionView(OneView):
    """A caution."""

    categories = {"get": Category.CAUTIONS, "patch": SETS_CAUTIONS}
    model = Caution
    shows = CautionAnswer

    @extend_schema(operation_id="read_caution", responses=CautionAnswer, tags=TAGS)
    def get(self, request: Request, caution_uuid: uuid.UUID) -> Response:
        """Read a caution."""
        caution = self.part(caution_uuid)
        self.note_read("flags", [caution.case], Category.CAUTIONS)
        return self.tagged(CautionAnswer(caution).data, self.tag_of(caution))

    @extend_schema(operation_id="review_caution", request=CautionReviewInput, responses=CautionAnswer, tags=TAGS)
    def patch(self, request: Request, caution_uuid: uuid.UUID) -> Response:
        """Review a caution of the caller's own agency from the version named in If-Match."""
        seen = self.part(caution_uuid)
        self.must_match(self.tag_of(seen))
        asked = {**self.body(CautionReviewInput), "seen_version": seen.version}
        caution = services.review_caution(actor=self.actor, caution_uuid=caution_uuid, **asked)
        return self.tagged(CautionAnswer(caution).data, self.tag_of(caution))


class CautionEndView(OneView):
    """Ending a caution."""

    categories = {"post": SETS_CAUTIONS}
    model = Caution

    @extend_schema(operation_id="end_caution", request=EndInput, responses=CautionAnswer, tags=TAGS)
    def post(self, request: Request, caution_uuid: uuid.UUID) -> Response:
        """End a caution of the caller's own agency. It leaves every page at once; ending it again changes nothing."""
        self.part(caution_uuid)
        caution = services.end_caution(actor=self.actor, caution_uuid=caution_uuid, **self.body(EndInput))
        return self.tagged(CautionAnswer(caution).data, self.tag_of(caution))
