"""Recording, reading, correcting and withdrawing a contact in the browser."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.pages import Visitor, hidden, rows, text, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

CONTACT = {"kind": "2", "on": "", "at": "", "location": "0", "place": "", "outcome": "0", "note": "", "audience": "0"}


def add(world: World, case: Any = None) -> str:
    return reverse("contact_add", args=[(case or world.joint).uuid])


def save(world: World, who: str, case: Any = None, **typed: str) -> Any:
    """Fill in and send the form of a new contact; what is not typed stays as the page filled it in."""
    visitor, address = Visitor(world.users[who]), add(world, case)
    page = visitor.get(address).content.decode()
    filled = {name: hidden(page, name) for name in ("on", "at")}
    return visitor.send(address, page, {**CONTACT, **filled, "token": hidden(page, "token"), **typed})


def recorded() -> dict[str, Any]:
    """The contact recorded last."""
    return rows("SELECT * FROM cases_contact ORDER BY id DESC LIMIT 1")[0]


def test_one_choice_is_enough(world: World) -> None:
    answer = save(world, "olsen")
    assert answer.status_code == 302
    assert answer["Location"] == reverse("case_timeline", args=[world.joint.uuid])
    contact = recorded()
    assert abs(contact["occurred_at"] - timezone.now()) < datetime.timedelta(minutes=2)
    assert (contact["author_id"], contact["kind"], contact["timed"]) == (world.users["olsen"].pk, 2, True)
    after = text(Visitor(world.users["reyes"]).get(answer["Location"]))
    assert "Office visit" in after


def test_the_message_says_who_is_told(world: World) -> None:
    visitor, address = Visitor(world.users["olsen"]), add(world)
    page = visitor.get(address).content.decode()
    filled = {name: hidden(page, name) for name in ("on", "at", "token")}
    answer = visitor.client.post(
        address, {**CONTACT, **filled, "csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken")}, follow=True
    )
    said = text(answer)
    assert "Contact saved." in said
    assert "Gang, Riverton Police Department" in said


@pytest.mark.parametrize(
    ("on", "at", "expected"),
    [
        ("1/1/26", "9:30", "2026-01-01 14:30"),  # as typed in the agency's zone, New York
        ("Jan 2 2026", "930", "2026-01-02 14:30"),
        ("2026.01.03", "14.05", "2026-01-03 19:05"),
        ("1 4 26", "2pm", "2026-01-04 19:00"),
    ],
)
def test_days_and_hours_are_read_as_people_type_them(world: World, on: str, at: str, expected: str) -> None:
    assert save(world, "olsen", on=on, at=at).status_code == 302
    assert f"{recorded()['occurred_at']:%Y-%m-%d %H:%M}" == expected


def test_without_an_hour_none_is_invented(world: World) -> None:
    assert save(world, "olsen", on="1/5/26", at="").status_code == 302
    assert recorded()["timed"] is False
    page = text(Visitor(world.users["olsen"]).get(reverse("contact", args=[world.joint.uuid, recorded()["uuid"]])))
    assert "Jan 5, 2026" in page
    assert "12:00am" not in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"kind": ""}, "Choose what kind of contact it was."),
        ({"on": "soonish"}, "We cannot read this as a date."),
        ({"at": "quarter past"}, "We cannot read this as a time."),
        ({"on": "6/4/2199"}, "This is still to come."),
        ({"note": "x" * 12_001}, "12001"),
        ({"audience": "2"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_saved_comes_back_as_typed(world: World, typed: dict[str, str], said: str) -> None:
    before = recorded()["id"]
    answer = save(world, "olsen", **{"place": "12 Elm Street", **typed})
    assert answer.status_code == 400
    assert said in text(answer)
    assert "12 Elm Street" in text(answer)
    assert recorded()["id"] == before


def test_the_same_form_sent_twice_records_once(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    page = visitor.get(add(world)).content.decode()
    fields = {**CONTACT, **{name: hidden(page, name) for name in ("on", "at", "token")}}
    assert [visitor.send(add(world), page, fields).status_code for _ in range(2)] == [302, 302]
    assert len(trail("change", verb="contact.recorded")) == 1
    other = visitor.send(add(world), page, fields | {"note": "Another visit"})
    assert other.status_code == 400
    assert "This form was used already. Open it again." in text(other)
    assert "Another visit" in text(other)


# --- Who will read it -------------------------------------------------------------------------------------------------


def test_the_owner_reads_before_saving_whose_keys_open_it(world: World) -> None:
    page = text(Visitor(world.users["olsen"]).get(add(world)))
    assert "Will be read by Pine County Community Corrections; and Gang, Riverton Police Department." in page
    assert "Will be read by Pine County Community Corrections. No police agency will." in page
    assert "Sheriff" not in page  # a status card opens no contacts
    assert "Treatment staff" not in page
    suspect = text(Visitor(world.users["olsen"]).get(add(world, world.suspect)))
    assert "Patrol, Pine County Sheriff" in suspect


def test_a_partner_is_told_of_the_owner_and_of_no_other_holder(world: World) -> None:
    """The same words, whoever else holds a key."""
    page = text(Visitor(world.users["reyes"]).get(add(world)))
    assert "Pine County Community Corrections, Riverton Police Department and whoever else" in page
    police_only = page[page.index("Police only") :]
    assert "Riverton Police Department and other police units Pine County Community Corrections lets" in police_only
    assert "whoever else" not in police_only
    assert "No supervision agency will." in police_only
    assert "Sheriff" not in page
    card = text(Visitor(world.users["patel"]).get(add(world)))
    assert "Pine County Community Corrections, you and whoever else" in card
    provider = text(Visitor(world.users["carter"]).get(add(world, world.referred)))
    assert "treatment staff of Pine County Community Corrections and you" in provider
    assert "Both agencies" not in provider
    assert "Treatment staff only" in text(Visitor(world.users["tran"]).get(add(world)))


# --- Drafts -----------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_and_comes_back_to_its_owner_alone(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    draft = reverse("contact_draft", args=[world.joint.uuid])
    typed = {**CONTACT, "note": "He opened after a while", "on": "1/5/26", "at": "9:30", "token": "x"}
    said = visitor.post(draft, typed, form_at=add(world))
    assert "Draft kept at" in text(said)
    assert "He opened" not in text(said)
    again = text(Visitor(world.users["olsen"]).get(add(world)))
    assert "He opened after a while" in again
    assert 'value="1/5/26"' in again
    assert "What you had typed is back." in again
    assert "He opened" not in text(Visitor(world.users["pratt"]).get(add(world)))
    assert "He opened" not in text(Visitor(world.users["olsen"]).get(add(world, world.suspect)))
    assert trail("change") == []


def test_a_draft_is_gone_once_it_is_saved_or_discarded(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    draft = reverse("contact_draft", args=[world.joint.uuid])
    for ending in ("save", "discard"):
        visitor.post(draft, {**CONTACT, "on": "1/5/26", "note": "Half a"}, form_at=add(world))
        if ending == "save":
            assert save(world, "olsen", note="Half a sentence").status_code == 302
        else:
            assert visitor.post(draft, {"discard": "1"}, form_at=add(world)).status_code == 302
        assert "Half a" not in text(visitor.get(add(world)))
        assert rows("SELECT id FROM cases_draft") == []


def test_a_draft_that_comes_after_the_contact_does_not_rise_again(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    page = visitor.get(add(world)).content.decode()
    typed = {**CONTACT, "note": "He opened", **{name: hidden(page, name) for name in ("on", "at", "token")}}
    draft = reverse("contact_draft", args=[world.joint.uuid])
    assert "Draft kept at" in text(visitor.send(draft, page, typed))
    assert visitor.send(add(world), page, typed).status_code == 302
    assert "This contact is saved already." in text(visitor.send(draft, page, typed))
    assert "What you had typed is back." not in text(visitor.get(add(world)))


# --- Reading, correcting, withdrawing ---------------------------------------------------------------------------------


def one(world: World, name: str = "contact", number: int = 0) -> str:
    return reverse(name, args=[world.joint.uuid, world.contacts[number].uuid])


def correction(page: str, **typed: str) -> dict[str, str]:
    filled = {name: hidden(page, name) for name in ("on", "at", "seen_version")}
    return {**CONTACT, **filled, "note": "Came late with the pay slip.", "reason": "Looked at the clock again", **typed}


def test_a_correction_shows_both_versions_who_and_why(world: World) -> None:
    visitor = Visitor(world.users["pratt"])
    address = one(world, "contact_correct")
    page = visitor.get(address).content.decode()
    assert visitor.send(address, page, correction(page)).status_code == 302
    read = text(Visitor(world.users["reyes"]).get(one(world)))
    for said in ("Version 2", "PO Pratt", "Looked at the clock again", "<del>on time</del>", "<ins>late</ins>"):
        assert said in read
    assert "Correct</a>" not in read  # another agency's
    assert "Corrected" in text(Visitor(world.users["reyes"]).get(reverse("case_timeline", args=[world.joint.uuid])))


def test_a_correction_needs_a_reason(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    page = visitor.get(one(world, "contact_correct")).content.decode()
    answer = visitor.send(one(world, "contact_correct"), page, correction(page, reason=""))
    assert answer.status_code == 400
    assert "Say why it is corrected." in text(answer)
    assert "Came late" in text(answer)


def test_a_stale_correction_loses_no_word(world: World) -> None:
    first, second = Visitor(world.users["olsen"]), Visitor(world.users["pratt"])
    address = one(world, "contact_correct")
    page = first.get(address).content.decode()
    assert second.post(address, correction(page, note="Came early.")).status_code == 302
    answer = first.send(address, page, correction(page))
    assert answer.status_code == 409
    for said in ("early", "Came late with the pay slip.", "Nothing is lost and nothing is saved yet", "PO Pratt"):
        assert said in text(answer)
    again = answer.content.decode()
    assert first.send(address, again, correction(again)).status_code == 302
    assert rows("SELECT version, note FROM cases_contact WHERE id = %s", [world.contacts[0].pk]) == [
        {"version": 3, "note": "Came late with the pay slip."}
    ]


def test_a_correction_whose_answer_was_lost_meets_nobody(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    address = one(world, "contact_correct")
    page = visitor.get(address).content.decode()
    for _ in range(2):
        assert visitor.send(address, page, correction(page)).status_code == 302
        assert "Contact corrected." in text(visitor.get(one(world)))
    assert len(trail("change", verb="contact.corrected")) == 1
    other = visitor.send(address, page, correction(page, reason="Asked the front desk"))
    assert other.status_code == 409  # what was typed since is not taken for saved


def test_the_correction_form_stands_as_the_contact_does(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    page = visitor.get(one(world, "contact_correct")).content.decode()
    filled = {name: hidden(page, name) for name in ("on", "at", "seen_version")}
    same = {**CONTACT, **filled, "note": world.contacts[0].note, "reason": "None"}
    assert visitor.send(one(world, "contact_correct"), page, same).status_code == 302
    # Seconds are not typed, so the moment alone may differ by less than a minute.
    moved = rows("SELECT occurred_at FROM cases_contact WHERE id = %s", [world.contacts[0].pk])[0]["occurred_at"]
    assert abs(moved - world.contacts[0].occurred_at) < datetime.timedelta(minutes=1)


def test_a_withdrawn_contact_says_who_and_why_everywhere(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    assert visitor.post(one(world, "contact_withdraw"), {"reason": ""}).status_code == 400
    assert visitor.post(one(world, "contact_withdraw"), {"reason": "Wrong person"}).status_code == 302
    for address in (one(world), reverse("case_timeline", args=[world.joint.uuid])):
        page = text(Visitor(world.users["reyes"]).get(address))
        assert "Withdrawn" in page
        assert "Wrong person" in page
    timeline = text(Visitor(world.users["reyes"]).get(reverse("case_timeline", args=[world.joint.uuid])))
    assert "pay slip" not in timeline
    assert visitor.get(one(world, "contact_correct")).status_code == 403


def test_the_partners_news_leads_to_the_contact(world: World) -> None:
    from cases.contacts.events import describe
    from cases.supervision.models import Case
    from sharing.notices.models import OutboxEvent
    from tests import services
    from tests.access.acts import act

    save(world, "olsen", kind="1", note="Opened at once.")
    with services.as_job():
        event = OutboxEvent.objects.get(kind="contact.recorded")

    def read(actor: Any) -> dict[str, Any]:
        return describe(actor, event, Case.objects.get(pk=world.joint.pk))

    told = act(world, "reyes", read)
    assert told["text"].startswith("recorded: Home visit, ")
    assert told["open_url"] == reverse("contact", args=[world.joint.uuid, recorded()["uuid"]])
    assert act(world, "patel", read) == {}


@pytest.mark.parametrize("name", ["contact_add", "contact", "contact_correct"])
def test_each_page_costs_fourteen_statements_at_most(world: World, name: str) -> None:
    visitor = Visitor(world.users["olsen"])
    address = add(world) if name == "contact_add" else one(world, name)
    visitor.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert visitor.get(address).status_code == 200
    assert len(caught) <= 14, [query["sql"][:80] for query in caught.captured_queries]
