"""Recording, correcting and withdrawing contacts: what each leaves behind, and what each refuses."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from cases.contacts import services
from cases.contacts.codes import ContactAudience, ContactKind
from cases.contacts.models import Contact, ContactVersion, Draft
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale
from sharing.notices.audience import recipients
from sharing.notices.models import OutboxEvent
from tests import services as servers
from tests.access.acts import act, leaves, together
from tests.access.test_walls import refused, sql
from tests.pages import rows, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def values(**changed: Any) -> dict[str, Any]:
    return {
        "kind": ContactKind.HOME_VISIT,
        "occurred_at": timezone.now() - datetime.timedelta(hours=1),
        "note": "Opened at once.",
        **changed,
    }


def record(world: World, who: str, case: Any = None, **changed: Any) -> Contact:
    case_uuid = (case or world.joint).uuid
    return act(world, who, lambda a: services.record_contact(actor=a, case_uuid=case_uuid, values=values(**changed)))


def correct(world: World, who: str, contact: Contact, *, seen: int = 1, reason: str = "Typing error", **changes: Any):
    return act(
        world,
        who,
        lambda a: services.correct_contact(
            actor=a, contact_uuid=contact.uuid, changes=changes, seen_version=seen, reason=reason
        ),
    )


def withdraw(world: World, who: str, contact: Contact, reason: str = "Wrong person") -> Contact:
    return act(world, who, lambda a: services.withdraw_contact(actor=a, contact_uuid=contact.uuid, reason=reason))


def sees(world: World, who: str, contact: Contact) -> bool:
    return bool(act(world, who, lambda a: Contact.objects.permitted(a).filter(pk=contact.pk).exists()))


def told(contact: Contact, kind: str = "contact.recorded") -> set[str]:
    """Who is told, as the relay would work it out."""
    with servers.as_job(), transaction.atomic():
        event = OutboxEvent.objects.get(object_id=str(contact.uuid), kind=kind)
        return {user.email.partition("@")[0] for user, *_ in recipients(event)}


def test_recording_leaves_one_contact_one_version_one_change_one_event(world: World) -> None:
    with leaves(changes=1, events=1):
        contact = record(world, "olsen")
    assert [
        row["version"] for row in rows("SELECT version FROM cases_contactversion WHERE contact_id = %s", [contact.pk])
    ] == [1]
    (change,) = trail("change", verb="contact.recorded")
    assert "Opened" not in str(change["after"])  # the trail holds no narrative
    assert change["after"]["note"] == len("Opened at once.")


def test_the_same_form_twice_records_once(world: World) -> None:
    token, typed = uuid.uuid4(), values()

    def once() -> Contact:
        return act(
            world,
            "olsen",
            lambda a: services.record_contact(actor=a, case_uuid=world.joint.uuid, values=typed, contact_uuid=token),
        )

    with leaves(changes=1, events=1):
        assert once().pk == once().pk


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": 77}, "kind"),
        ({"note": "x" * 12_001}, "note"),
        ({"occurred_at": timezone.now() + datetime.timedelta(days=1)}, "occurred_at"),
        ({"audience": ContactAudience.POLICE}, "audience"),
        ({"audience": ContactAudience.TREATMENT}, "audience"),
        ({"version": 9}, "version"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_leaves_nothing(world: World, changed: dict[str, Any], field: str) -> None:
    with leaves(), pytest.raises(Refused) as refusal:
        record(world, "olsen", **changed)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("who", "error"),
    [("dispatch", NotAllowed), ("quist", NotVisible), ("carter", NotVisible), ("admin", NotVisible)],
)
def test_who_may_not_add(world: World, who: str, error: type[Exception]) -> None:
    with leaves(), pytest.raises(error):
        record(world, who)


def test_an_author_who_may_not_read_contacts_reads_their_own(world: World) -> None:
    mine = record(world, "patel", kind=ContactKind.TRAFFIC_STOP)
    assert sees(world, "patel", mine)
    assert not sees(world, "patel", world.contacts[0])
    assert sees(world, "olsen", mine)
    assert not sees(world, "deputy", mine)  # the same card, and not the author
    assert correct(world, "patel", mine, note="Let go").version == 2


def test_a_providers_note_shows_to_nobody_without_treatment(world: World) -> None:
    """Whatever audience is asked for: that somebody is in treatment is itself confidential."""
    note = record(world, "carter", world.referred, audience=ContactAudience.BOTH)
    assert note.audience == ContactAudience.TREATMENT
    assert sees(world, "carter", note)
    assert sees(world, "tran", note)
    assert not sees(world, "olsen", note)
    assert not sees(world, "mills", note)
    assert told(note) <= {"tran"}
    before = rows("SELECT updated_at, version FROM cases_case WHERE id = %s", [world.referred.pk])
    record(world, "carter", world.referred)
    assert rows("SELECT updated_at, version FROM cases_case WHERE id = %s", [world.referred.pk]) == before
    with pytest.raises(Refused):
        correct(world, "carter", note, audience=ContactAudience.BOTH)


def test_whoever_reads_treatment_may_write_for_treatment(world: World) -> None:
    note = record(world, "tran", audience=ContactAudience.TREATMENT)
    assert sees(world, "tran", note)
    assert not sees(world, "olsen", note)


def test_partners_with_access_are_told_and_one_side_alone_of_its_own(world: World) -> None:
    assert told(record(world, "olsen")) == {"reyes", "stone", "system", "mills"}
    assert told(record(world, "olsen", audience=ContactAudience.SUPERVISION)) == {"mills"}
    assert told(record(world, "reyes", audience=ContactAudience.POLICE)) == {"stone", "system"}
    assert told(record(world, "patel")) == {"olsen", "mills", "reyes", "stone", "system"}


def test_what_one_side_keeps_to_itself_moves_no_list(world: World) -> None:
    def moved() -> Any:
        return rows("SELECT updated_at FROM cases_case WHERE id = %s", [world.joint.pk])

    before = moved()
    record(world, "olsen", audience=ContactAudience.SUPERVISION)
    assert moved() == before
    record(world, "olsen")
    assert moved() != before


def test_a_correction_keeps_the_version_before_and_says_who_and_why(world: World) -> None:
    contact = world.contacts[0]
    with leaves(changes=1, events=1):
        correct(world, "pratt", contact, note="Came late.", reason="Looked at the clock again")
    first, second = rows("SELECT * FROM cases_contactversion WHERE contact_id = %s ORDER BY version", [contact.pk])
    assert first["values"]["note"] == "Came on time with the pay slip."
    assert second["values"]["note"] == "Came late."
    assert (second["reason"], second["changed_by_id"]) == ("Looked at the clock again", world.users["pratt"].pk)
    assert second["author_id"] == world.users["olsen"].pk


def test_a_correction_without_a_reason_or_a_change(world: World) -> None:
    with leaves(), pytest.raises(Refused):
        correct(world, "olsen", world.contacts[0], reason=" ", note="Came late.")
    with leaves():
        assert correct(world, "olsen", world.contacts[0], note=world.contacts[0].note).version == 1


def test_a_stale_correction_is_refused_with_the_current_one(world: World) -> None:
    correct(world, "olsen", world.contacts[0], note="Came late.")
    with leaves(), pytest.raises(Stale):
        correct(world, "pratt", world.contacts[0], note="Came early.")


def test_of_six_corrections_of_one_version_one_wins(world: World) -> None:
    acts = [lambda n=n: correct(world, "olsen", world.contacts[0], note=f"Number {n}") for n in range(6)]
    results = together(*acts)
    assert sum(isinstance(result, Contact) for result in results) == 1
    assert sum(isinstance(result, Stale) for result in results) == 5


def test_only_the_agency_that_recorded_it_corrects_or_withdraws(world: World) -> None:
    with leaves(), pytest.raises(NotAllowed):
        correct(world, "reyes", world.contacts[0], note="Never came.")
    with leaves(), pytest.raises(NotAllowed):
        withdraw(world, "reyes", world.contacts[0])
    with leaves(), pytest.raises(NotVisible):
        correct(world, "reyes", world.contacts[1], note="No.")
    with leaves(), pytest.raises(NotVisible):
        withdraw(world, "quist", world.contacts[0])


def test_a_withdrawn_contact_stays_with_who_and_why_and_is_not_corrected(world: World) -> None:
    contact = world.contacts[0]
    with leaves(changes=1, events=1):
        assert withdraw(world, "olsen", contact).withdraw_reason == "Wrong person"
    with leaves():  # again changes nothing
        withdraw(world, "olsen", contact, reason="Twice")
    with leaves(), pytest.raises(NotAllowed):
        correct(world, "olsen", contact, seen=2, note="Back")
    assert sees(world, "reyes", contact)
    assert told(contact, "contact.withdrawn") == {"reyes", "stone", "system", "mills"}


def test_a_contact_taken_back_from_the_partner_is_no_longer_told_to_them(world: World) -> None:
    contact = record(world, "olsen")
    correct(world, "olsen", contact, audience=ContactAudience.SUPERVISION)
    assert told(contact) == told(contact, "contact.corrected") == {"mills"}
    assert not sees(world, "reyes", contact)


# --- Drafts -----------------------------------------------------------------------------------------------------------


def keep(world: World, who: str, note: str) -> None:
    act(world, who, lambda a: services.keep_draft(actor=a, case_uuid=world.joint.uuid, values={"note": note}))


def test_a_draft_is_its_owners_alone_and_goes_with_the_save(world: World) -> None:
    with leaves():
        keep(world, "olsen", "He")
        keep(world, "olsen", "He opened")
        keep(world, "pratt", "Mine")
    assert act(world, "olsen", lambda a: [d.values["note"] for d in Draft.objects.all()]) == ["He opened"]
    record(world, "olsen")
    assert [row["user_id"] for row in rows("SELECT user_id FROM cases_draft")] == [world.users["pratt"].pk]


def test_a_draft_without_end_is_not_kept(world: World) -> None:
    with pytest.raises(Refused, match="Too long"):
        keep(world, "olsen", "x" * 60_001)
    assert rows("SELECT id FROM cases_draft") == []


def test_old_drafts_are_swept_by_a_job_that_cannot_read_them(world: World) -> None:
    keep(world, "olsen", "Old")
    keep(world, "pratt", "New")
    servers.owner(
        "UPDATE cases_draft SET updated_at = now() - interval '8 days' WHERE user_id = %s", world.users["olsen"].pk
    )
    with servers.as_job():
        with pytest.raises(Exception, match="permission denied"):
            list(Draft.objects.values_list("values", flat=True))
        assert services.sweep_drafts() == 1
        assert services.sweep_drafts() == 0
    assert len(rows("SELECT id FROM cases_draft")) == 1


# --- The wall alone ---------------------------------------------------------------------------------------------------


def test_the_database_takes_no_contact_in_anothers_name_nor_for_another_agency(world: World) -> None:
    def forged(actor: Any, **changed: Any) -> None:
        fields = {
            "case": world.joint, "author": actor.user, "author_agency": actor.agency, "changed_by": actor.user,
            "kind": 1, "occurred_at": timezone.now(), "audience": 0, **changed,
        }  # fmt: skip
        with refused():
            Contact.objects.create(**fields)

    def as_reyes(actor: Any) -> None:
        forged(actor, author=world.users["olsen"])
        forged(actor, author_agency=world.agencies["probation"])
        forged(actor, audience=1)
        forged(actor, case=world.restricted)
        assert Contact.objects.filter(pk=world.contacts[0].pk).update(note="Mine") == 0
        with refused():
            ContactVersion.objects.filter(contact=world.contacts[2]).update(values={})
        with refused():
            Contact.objects.filter(pk=world.contacts[2].pk).update(author=world.users["stone"])
        with refused():
            sql("DELETE FROM cases_contact WHERE id = %s", world.contacts[2].pk)

        own = Contact.objects.get(pk=world.contacts[2].pk)
        with refused():
            ContactVersion.objects.create(
                contact=own, case_id=own.case_id, author_id=own.author_id, author_agency_id=own.author_agency_id,
                audience=own.audience, version=9, values={}, changed_by=world.users["olsen"],
            )  # fmt: skip

    act(world, "reyes", as_reyes)
    act(world, "carter", lambda a: forged(a, case=world.referred, audience=0))
