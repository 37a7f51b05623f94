"""Contacts as one actor may see them, who will read what the actor is about to write, and the actor's draft."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.apps import apps

from agencies.directory.categories import Category
from cases.contacts.codes import ContactAudience, writes_for_treatment
from cases.supervision.readers import readers_of
from sharing.access.actors import Actor

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from cases.contacts.models import Contact, ContactVersion, Draft
    from cases.supervision.models import Case

WITH_WHO = ("case", "author", "author_agency", "changed_by", "withdrawn_by")


def contacts_of(actor: Actor, case: Case) -> QuerySet[Contact]:
    """The contacts of a case that the actor may see, with who recorded, changed and withdrew them."""
    rows: QuerySet[Contact] = apps.get_model("cases", "Contact").objects.permitted(actor)
    return rows.filter(case_id=case.pk).select_related(*WITH_WHO)


def contact_for(actor: Actor, contact_uuid: uuid.UUID, case_uuid: uuid.UUID) -> Contact | None:
    """A contact of this case with who recorded it, if the actor may see it."""
    rows = apps.get_model("cases", "Contact").objects.permitted(actor).select_related(*WITH_WHO)
    found: Contact | None = rows.filter(uuid=contact_uuid, case__uuid=case_uuid).first()
    return found


def versions_of(actor: Actor, contact: Contact) -> QuerySet[ContactVersion]:
    """Every version of a contact that the actor may see, with who changed it, latest first."""
    rows: QuerySet[ContactVersion] = apps.get_model("cases", "ContactVersion").objects.permitted(actor)
    return rows.filter(contact=contact).select_related("changed_by").order_by("-version")


def versions_around(actor: Actor, contact: Contact, after: int) -> tuple[ContactVersion | None, ContactVersion | None]:
    """A contact's version `after` and the one before it, as the actor may see them. One query."""
    rows = apps.get_model("cases", "ContactVersion").objects.permitted(actor).filter(contact=contact)
    found = {row.version: row for row in rows.filter(version__in=[after - 1, after]).select_related("changed_by")}
    return found.get(after - 1), found.get(after)


def audiences_for(actor: Actor, case: Case) -> list[ContactAudience]:
    """For whom the actor may write on this case, the usual first."""
    if writes_for_treatment(actor.agency.kind):
        return [ContactAudience.TREATMENT]
    own_side = [ContactAudience(actor.side)] if actor.side else []
    treatment = [ContactAudience.TREATMENT] if Category.TREATMENT in case.opened else []
    return [ContactAudience.BOTH, *own_side, *treatment]


def contact_readers(actor: Actor, case: Case, audience: int) -> tuple[list[str], list[str]]:
    """Names of who will read a contact of this audience, and of who is told when it is saved.

    From the actor's keys: somebody who may not share the case is told of its owner, and of no other holder.
    """
    if audience == ContactAudience.TREATMENT:
        return [f"treatment staff of {case.agency.name}", "you"], []
    return readers_of(actor, case, Category.CONTACT_VIEW, audience)


def draft_for(actor: Actor, form: str, record_uuid: uuid.UUID) -> Draft | None:
    """What the actor typed into this form about this record and has not saved."""
    rows = apps.get_model("cases", "Draft").objects.filter(user_id=actor.user_id, agency_id=actor.agency_id)
    found: Draft | None = rows.filter(form=form, record_id=record_uuid).first()
    return found
