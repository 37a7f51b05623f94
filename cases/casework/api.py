"""Changing a case's person and addresses, closing and reopening it, over the API."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import Category
from cases.casework.serializers import (
    AddressAnswer,
    AddressInput,
    AddressList,
    Closing,
    PersonAnswer,
    PersonChange,
    Reopening,
)
from cases.people.models import Address, Alias, Identifier
from cases.people.services import add_address, confirm_address, end_address, update_person
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from cases.supervision.serializers import CaseRow
from cases.supervision.services import close_case, reopen_case, state_of
from sharing.access.errors import NotVisible
from sharing.access.rest import DoorView, PageParameters, page_of

TAGS = ["Cases"]
_OWN = Category.SHARE
_LOCATED = Category.SHARE | Category.LOCATION


class CasePersonView(DoorView):
    """The person of a case, for those who work it."""

    categories = {"get": _OWN, "patch": _OWN}
    shows = PersonAnswer

    @extend_schema(operation_id="read_person", responses=PersonAnswer, tags=TAGS)
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Read a person's details, numbers and other names."""
        return self.answer(self.record(CASE, case_uuid))

    @extend_schema(operation_id="change_person", request=PersonChange, responses=PersonAnswer, tags=TAGS)
    def patch(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Change a person's details from the version named in If-Match."""
        case = self.record(CASE, case_uuid)
        self.must_match(self.tag_of(case.person))
        changes = self.body(PersonChange, partial=True)
        numbers, aliases = changes.pop("identifiers", None), changes.pop("aliases", None)
        update_person(
            actor=self.actor,
            record_uuid=case_uuid,
            seen_version=case.person.version,
            reason=changes.pop("reason", ""),
            changes=changes,
            numbers=None if numbers is None else {row["kind"]: row["value"] for row in numbers},
            aliases=aliases,
        )
        return self.answer(self.record(CASE, case_uuid))

    def answer(self, case: Any) -> Response:
        """The person, with the version as ETag."""
        person = case.person
        of_person = {"person_id": person.pk}
        person.shown_identifiers = Identifier.objects.permitted(self.actor).filter(**of_person).order_by("kind")
        person.shown_aliases = Alias.objects.permitted(self.actor).filter(**of_person).order_by("pk")
        self.note_read("detail", [case], Category.EXISTENCE | Category.SUPERVISION)
        return self.tagged(PersonAnswer(person).data, self.tag_of(person))


class CaseAddressesView(DoorView):
    """The addresses of a case's person."""

    categories = {"get": Category.LOCATION, "post": _LOCATED}
    parameters = PageParameters
    shows = AddressAnswer

    @extend_schema(operation_id="list_addresses", parameters=[PageParameters], responses=AddressList, tags=TAGS)
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """List the addresses of a person, newest first."""
        case = self.record(CASE, case_uuid)
        rows = Address.objects.permitted(self.actor).filter(person_id=case.person_id)
        found, following = page_of(self, rows, name=f"addresses {case_uuid}", order=("-pk",))
        self.note_read("detail", [case], Category.LOCATION)
        return Response({"results": AddressAnswer(found, many=True).data, "next": following})

    @extend_schema(operation_id="add_address", request=AddressInput, responses={201: AddressAnswer}, tags=TAGS)
    def post(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Add an address, confirmed today unless it says otherwise."""
        self.record(CASE, case_uuid)
        address = add_address(actor=self.actor, record_uuid=case_uuid, values=self.body(AddressInput))
        return Response(AddressAnswer(address).data, status=201)


class AddressActView(DoorView):
    """One act at an address of a case's person."""

    categories = {"post": _LOCATED}

    def found(self, case_uuid: uuid.UUID, address_uuid: uuid.UUID) -> None:
        """Raises NotVisible where the case has no such address for the caller."""
        case = self.record(CASE, case_uuid)
        own = Address.objects.permitted(self.actor).filter(person_id=case.person_id, uuid=address_uuid)
        if not own.exists():
            raise NotVisible


class AddressConfirmView(AddressActView):
    """Found right."""

    @extend_schema(operation_id="confirm_address", request=None, responses=AddressAnswer, tags=TAGS)
    def post(self, request: Request, case_uuid: uuid.UUID, address_uuid: uuid.UUID) -> Response:
        """Note that somebody found the address right today. Again changes nothing."""
        self.found(case_uuid, address_uuid)
        done = confirm_address(actor=self.actor, record_uuid=case_uuid, address_uuid=address_uuid)
        return Response(AddressAnswer(done).data)


class AddressEndView(AddressActView):
    """No longer there."""

    @extend_schema(operation_id="end_address", request=None, responses=AddressAnswer, tags=TAGS)
    def post(self, request: Request, case_uuid: uuid.UUID, address_uuid: uuid.UUID) -> Response:
        """Note that the person is no longer there, from today. Again changes nothing."""
        self.found(case_uuid, address_uuid)
        done = end_address(actor=self.actor, record_uuid=case_uuid, address_uuid=address_uuid)
        return Response(AddressAnswer(done).data)


class CaseCloseView(DoorView):
    """The end of a supervision."""

    categories = {"post": Category.MANAGE}

    @extend_schema(operation_id="close_case", request=Closing, responses=CaseRow, tags=TAGS)
    def post(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Close a case. Shares go on until their own end."""
        case = self.record(CASE, case_uuid)
        close_case(actor=self.actor, case_uuid=case_uuid, seen=state_of(case), **self.body(Closing))
        return _row(self, case_uuid)


class CaseReopenView(DoorView):
    """A closed case, taken up again."""

    categories = {"post": Category.MANAGE}

    @extend_schema(operation_id="reopen_case", request=Reopening, responses=CaseRow, tags=TAGS)
    def post(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Take a closed case up again, as active. An open one stays as it is."""
        case = self.record(CASE, case_uuid)
        reason = self.body(Reopening)["reason"]
        reopen_case(actor=self.actor, case_uuid=case_uuid, seen=state_of(case), reason=reason)
        return _row(self, case_uuid)


def _row(view: DoorView, case_uuid: uuid.UUID) -> Response:
    case = Case.objects.open_one(view.actor, case_uuid)
    view.note_read("detail", [case], case.opened & (Category.EXISTENCE | Category.SUPERVISION))
    return Response(CaseRow(case).data)
