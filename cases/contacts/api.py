"""Contacts over the API: list, read, record, correct, withdraw, and what each said before."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.directory.categories import Category
from cases.contacts import services
from cases.contacts.models import Contact
from cases.contacts.querysets import contact_for, contacts_of, versions_of
from cases.contacts.serializers import (
    ContactAnswer,
    ContactCorrection,
    ContactInput,
    ContactList,
    ContactVersionAnswer,
    ContactVersionList,
    WithdrawInput,
)
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from sharing.access.errors import NotAllowed, NotVisible
from sharing.access.rest import DoorView, PageParameters, page_by_number

TAGS = ["Contacts"]


class ContactsView(DoorView):
    """The contacts of a case."""

    categories = {"get": Category.EXISTENCE, "post": Category.CONTACT_ADD}
    parameters = PageParameters
    shows = ContactAnswer

    @extend_schema(operation_id="list_contacts", parameters=[PageParameters], responses=ContactList, tags=TAGS)
    def get(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """List the contacts of a case, the last recorded first; of a caller who may only add them, their own."""
        case = Case.objects.open_one(self.actor, case_uuid)
        if not case.opened & (Category.CONTACT_VIEW | Category.CONTACT_ADD):
            raise NotAllowed("You may know of this case, but its contacts are not open to you.")
        found, following = page_by_number(
            self, contacts_of(self.actor, case), name=f"contacts {case_uuid}", newest_first=True
        )
        self.note_read("contact", [case], Category.CONTACT_VIEW & case.opened | Category.EXISTENCE)
        return Response(
            {
                "results": ContactAnswer(found, many=True).data,
                "next": following,
                "own_only": Category.CONTACT_VIEW not in case.opened,
            }
        )

    @extend_schema(operation_id="record_contact", request=ContactInput, responses={201: ContactAnswer}, tags=TAGS)
    def post(self, request: Request, case_uuid: uuid.UUID) -> Response:
        """Record a contact that has taken place. Everybody entitled is told."""
        self.record(CASE, case_uuid)
        values = self.body(ContactInput)
        contact = services.record_contact(actor=self.actor, case_uuid=case_uuid, values=values)
        return self.tagged(ContactAnswer(contact).data, self.tag_of(contact), status=201)


class OneContactView(DoorView):
    """What views of one contact share."""

    def contact(self, case_uuid: uuid.UUID, contact_uuid: uuid.UUID) -> Contact:
        """The contact, if the caller may see it. Raises NotVisible, or NotAllowed where another agency's is changed."""
        found = contact_for(self.actor, contact_uuid, case_uuid)
        if found is None:
            raise NotVisible
        if self.category & Category.CONTACT_ADD and found.author_agency_id != self.actor.agency_id:
            raise NotAllowed("Only the agency that recorded a contact corrects or withdraws it.")
        self.tells_of(CASE, case_uuid)
        return found


class ContactView(OneContactView):
    """A contact."""

    categories = {"get": Category.EXISTENCE, "patch": Category.CONTACT_ADD}
    shows = ContactAnswer

    @extend_schema(operation_id="read_contact", responses=ContactAnswer, tags=TAGS)
    def get(self, request: Request, case_uuid: uuid.UUID, contact_uuid: uuid.UUID) -> Response:
        """Read a contact."""
        contact = self.contact(case_uuid, contact_uuid)
        self.note_read("contact", [contact.case], Category.CONTACT_VIEW)
        return self.tagged(ContactAnswer(contact).data, self.tag_of(contact))

    @extend_schema(operation_id="correct_contact", request=ContactCorrection, responses=ContactAnswer, tags=TAGS)
    def patch(self, request: Request, case_uuid: uuid.UUID, contact_uuid: uuid.UUID) -> Response:
        """Correct a contact from the version named in If-Match, and say why. The version before it is kept."""
        seen = self.contact(case_uuid, contact_uuid)
        self.must_match(self.tag_of(seen))
        changes = self.body(ContactCorrection, partial=True)
        reason = changes.pop("reason", "")
        contact = services.correct_contact(
            actor=self.actor, contact_uuid=contact_uuid, changes=changes, seen_version=seen.version, reason=reason
        )
        return self.tagged(ContactAnswer(contact).data, self.tag_of(contact))


class ContactVersionsView(OneContactView):
    """What a contact said before."""

    categories = {"get": Category.EXISTENCE}
    parameters = PageParameters
    shows = ContactVersionAnswer

    @extend_schema(
        operation_id="list_contact_versions", parameters=[PageParameters], responses=ContactVersionList, tags=TAGS
    )
    def get(self, request: Request, case_uuid: uuid.UUID, contact_uuid: uuid.UUID) -> Response:
        """List every version of a contact that the caller may see, latest first."""
        contact = self.contact(case_uuid, contact_uuid)
        self.note_read("contact", [contact.case], Category.CONTACT_VIEW)
        rows = versions_of(self.actor, contact)
        found, following = page_by_number(self, rows, name=f"contact versions {contact_uuid}", newest_first=True)
        return Response({"results": ContactVersionAnswer(found, many=True).data, "next": following})


class ContactWithdrawView(OneContactView):
    """Withdraw a contact."""

    categories = {"post": Category.CONTACT_ADD}

    @extend_schema(operation_id="withdraw_contact", request=WithdrawInput, responses=ContactAnswer, tags=TAGS)
    def post(self, request: Request, case_uuid: uuid.UUID, contact_uuid: uuid.UUID) -> Response:
        """Mark a contact as recorded in error, and say why. It stays readable, and again changes nothing."""
        self.contact(case_uuid, contact_uuid)
        reason = self.body(WithdrawInput)["reason"]
        contact = services.withdraw_contact(actor=self.actor, contact_uuid=contact_uuid, reason=reason)
        return self.tagged(ContactAnswer(contact).data, self.tag_of(contact))
