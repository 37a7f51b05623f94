"""For each operation of the API something that it is about, and a body that it takes."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from agencies.accounts.services import issue_token
from agencies.directory.models import Cover, Membership, Unit, User
from cases.documents.models import Document
from cases.documents.storing import storage
from cases.lists.models import SavedFilter
from sharing.access.context import job_context
from sharing.notices.models import InboxItem, OutboxEvent, Webhook
from tests import services
from tests.portal.api import agreements
from tests.worlds import World


def things(world: World, feed: Any, operation_id: str) -> dict[str, list[Any]]:
    """Name of a part of an address → what may stand there; the first is open to `feed`, a supervisor of north.

    `feed` also administers its agency, and with it a system that has a token and a webhook.
    """
    with services.as_job():
        headquarters = world.units["probation/root"].pk
        Membership.objects.create(user=feed, group_id=headquarters, role="administrator")
        system = User.objects.create_user("other@example.org", name="Other system", kind=User.Kind.CLIENT)
        Membership.objects.create(user=system, group_id=headquarters, role="system_reader")
        until = timezone.now() + datetime.timedelta(days=20)
        token, _ = issue_token(client=system, label="test", expires_at=until)
        webhook = Webhook.objects.create(
            client=system, agency=world.agencies["probation"], url="https://records.example/", created_by=feed
        )
    return {
        "agreement_uuid": [agreements.an_agreement(world, feed, operation_id), world.joint.uuid],
        "client_id": [system.pk, world.users["system"].pk],
        "token_uuid": [token.uuid, world.joint.uuid],
        "webhook_uuid": [webhook.uuid, world.joint.uuid],
        "case_uuid": [world.joint.uuid, world.cases[3].uuid, world.cases[15].uuid],
        "record_uuid": [world.joint.uuid, world.cases[3].uuid, world.cases[15].uuid],
        "person_uuid": [world.joint.person.uuid, world.joint.uuid],
        "condition_uuid": [each for (each,) in services.owner("SELECT uuid FROM cases_condition ORDER BY id LIMIT 3")],
        "name": ["supervision-statuses", "needs", "none-such"],
        "goal_uuid": [goal.uuid for goal in world.goals],
        "flag_uuid": [flag.uuid for flag in world.flags],
        "caution_uuid": [world.caution.uuid],
        "action_uuid": [action.uuid for action in world.actions],
        "appointment_uuid": [one.uuid for one in world.appointments],
        "contact_uuid": [contact.uuid for contact in world.contacts],
        "grant_uuid": [world.grants[name].uuid for name in ("joint", "referred", "ended", "circle")],
        "address_uuid": [an_address(world), world.joint.uuid],
        "document_uuid": [stored_document(world).uuid],
        "filter_uuid": [a_filter(feed), world.joint.uuid],
        "item_uuid": [an_item(world, feed).uuid, world.joint.uuid],
        **of_the_directory(world, feed),
    }


def of_the_directory(world: World, feed: Any) -> dict[str, list[Any]]:
    """What calls about the directory are about; `feed` administers probation for them."""
    olsen, probation = world.users["olsen"], world.agencies["probation"]
    later = timezone.now() + datetime.timedelta(days=100)
    with services.as_job():
        root = world.units["probation/root"].pk
        Membership.objects.get_or_create(user=feed, group_id=root, role="administrator")
        group = Group.objects.create(name="empty")
        empty = Unit.objects.create(group=group, agency=probation, name="East")
        cover = Cover.objects.create(
            agency=probation, officer=feed, colleague=olsen, starts_at=later, until=later + datetime.timedelta(days=1)
        )
    return {
        "agency_uuid": [probation.uuid, world.joint.uuid],
        "unit_id": [empty.pk, world.units["police/gang"].pk, root],
        "member_id": [olsen.pk, world.users["reyes"].pk],
        "membership_id": [Membership.objects.get(user=olsen).pk, 0],
        "cover_uuid": [cover.uuid, world.joint.uuid],
    }


def good_body(world: World, operation_id: str) -> Any:
    """A body that the operation takes, or None where it needs none."""
    until = (timezone.now() + datetime.timedelta(days=20)).isoformat()
    north, analyst = world.units["probation/north"].pk, "analyst"
    return {
        "draft_agreement": agreements.terms(world),
        "change_agreement": {"max_days": 30},
        "sign_agreement": agreements.to_sign() if operation_id == "sign_agreement" else None,
        "send_agreement_back": {"reason": "Ninety days are long"},
        "suspend_agreement": {"reason": "A leak"},
        "end_agreement": {"reason": "Done"},
        "add_unit": {"name": "West"},
        "change_unit": {"phone": "555-0123"},
        "invite_member": {"name": "Nora Quill", "email": "nora@example.org", "unit": north, "role": analyst},
        "give_role": {"unit": north, "role": analyst},
        "correct_member": {"phone": "555-0177"},
        "suspend_member": {"reason": "Left"},
        "arrange_cover": {
            "officer": world.users["pratt"].pk,
            "colleague": world.users["olsen"].pk,
            "starts_at": timezone.now().isoformat(),
            "until": until,
        },
        "search_cases": {"words": "Hallett"},
        "search_officers": {"words": "olsen"},
        "save_case_filter": {"name": "High", "risk_level": ["HIGH"]},
        "choose_case_columns": {"columns": ["risk"]},
        "reassign_cases": {"cases": [str(world.joint.uuid)], "officer": None, "reason": "Leave"},
        "export_cases": {"purpose": "audit"},
        "open_case": {
            "number": "C90001",
            "person": {"local_id": "P90001", "given_name": "Anna", "family_name": "Novak", "birth_date": "1991-05-04"},
            "unit": world.units["probation/north"].pk,
        },
        "change_case": {"level": "MAXIMUM"},
        "change_person": {"middle_name": "J", "aliases": [{"sur": "Hall"}]},
        "add_address": {"street": "9 Mill Lane", "city": "Riverton", "state": "FL"},
        "close_case": {"status": "COMPLETED", "closed_on": "2026-11-01", "reason": "Term ended"},
        "reopen_case": {"reason": "New order"},
        "start_plan": {"purpose": "Steady work"},
        "record_contact": {"kind": "HOME_VISIT", "occurred_at": "2026-01-05T14:30:00Z"},
        "correct_contact": {"note": "Came late", "reason": "Typing error"},
        "withdraw_contact": {"reason": "Another person’s"},
        "add_goal": {"title": "A room", "need": "housing", "target": "Own key by June"},
        "add_action": {"title": "Call the landlord"},
        "set_flag": {"kind": "veteran", "basis": "self_report", "evidence": "Papers"},
        "review_flag": {"note": "Looked at the file"},
        "end_flag": {"reason": "No longer so"},
        "add_caution": {"text": "Needles", "review_due": until[:10]},
        "review_caution": {"note": "Still so", "review_due": until[:10]},
        "end_caution": {"reason": "Handed in"},
        "change_goal": {"progress_now": 1},
        "change_action": {"status": "done"},
        "move_end_of_access": {"until": until},
        "make_appointment": {"starts_at": until, "officer": "olsen@example.org"},
        "change_appointment": {"place": "Room 2", "officer": "olsen@example.org"},
        "record_outcome": {"outcome": "attended_complied"},
        "move_appointment": {"starts_at": until, "note": "Shift changed"},
        "cancel_appointment": {"note": "Office closed"},
        "end_access": {"reason": "Closed"},
        "add_document": {"title": "Order", "kind": "order", "file": SimpleUploadedFile("order.pdf", b"%PDF-1.7 %%EOF")},
        "withdraw_document": {"reason": "Another person’s"},
        "change_inbox_preferences": {"topics": [{"code": "plan.started", "inbox": True, "mail": "digest"}]},
        "register_client": {"name": "Jail", "units": [world.units["probation/north"].pk], "role": "system_reader"},
        "make_token": {"label": "nightly", "expires_at": until},
        "add_webhook": {
            "client": User.objects.get(email="other@example.org").pk if operation_id == "add_webhook" else 0,
            "url": "https://records.example/news",
            "kinds": ["plan.goal_changed"],
        },
        "change_webhook": {"kinds": ["access.given"]},
        "replay_messages": {},
        "give_access": {
            "group": world.units["sheriff/patrol"].pk,
            "bundle": "joint_plan",
            "purpose": "supervision",
            "agreement": str(world.agreement.uuid),
            "until": until,
        },
    }.get(operation_id)


def a_filter(user: Any) -> uuid.UUID:
    """A filter that this user keeps."""
    with services.as_job(), job_context():
        return SavedFilter.objects.create(user=user, name="Kept", query=[["status", "1"]]).uuid


def an_address(world: World) -> uuid.UUID:
    """Where the joint case's person lives."""
    found = services.owner("SELECT uuid FROM cases_address WHERE person_id = %s", world.joint.person_id)
    return uuid.UUID(str(found[0][0]))


def an_item(world: World, user: Any) -> InboxItem:
    """A piece of news for this user."""
    with services.as_job():
        event = OutboxEvent.objects.create(
            kind="plan.goal_changed",
            record_type="cases.case",
            record_id=world.joint.uuid,
            object_type="cases.goal",
            object_id=str(world.goals[0].uuid),
            versions={"before": 0, "after": 1},
            actor=world.users["olsen"],
            actor_agency=world.agencies["probation"],
        )
        unit = world.units["probation/north"]
        return InboxItem.objects.create(event=event, user=user, agency=world.agencies["probation"], unit=unit)


def stored_document(world: World) -> Document:
    """The world's document, with its file at its place."""
    if not storage().exists(world.document.stored_as):
        storage().save(world.document.stored_as, ContentFile(b"%PDF-1.7\n"))
    return world.document
