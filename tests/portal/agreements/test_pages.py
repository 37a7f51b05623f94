"""Agreements in the browser: begun from a template, signed by both, amended, suspended; and who sees what of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from sharing.agreements.codes import AgreementKind
from tests.pages import Visitor, hidden, text
from tests.services import owner
from tests.sharing.agreements.test_services import chiefs, draft, in_force, propose
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

__all__ = ["chiefs"]


def at(name: str, agreement: Any = None, *more: Any) -> str:
    return reverse(name, args=[agreement.uuid, *more] if agreement else list(more))


def newest() -> Any:
    return owner("SELECT uuid FROM sharing_agreement ORDER BY id DESC LIMIT 1")[0][0]


def begun(page: str) -> dict[str, Any]:
    """What the form of a new agreement holds before anybody changes it."""
    import re

    fields: dict[str, Any] = {}
    for name in ("purposes", "allowances"):
        fields[name] = re.findall(rf'name="{name}" value="([^"]+)"[^>]* checked', page)
    for name in ("max_days", "response_hours", "retention_days", "starts_on", "ends_on", "review_on"):
        fields[name] = hidden(page, name)
    fields["text"] = re.findall(r'<textarea name="text"[^>]*>\s*([^<]*)', page)[0]
    return {**fields, "onward": "never"}


@pytest.mark.parametrize("kind", AgreementKind.values)
def test_each_template_needs_a_title_a_partner_and_a_statute_and_is_a_draft(chiefs: World, kind: str) -> None:
    admin, where = Visitor(chiefs.users["admin"]), at("agreement_new", None, kind)
    page = admin.get(where).content.decode()
    typed = begun(page)
    assert typed["purposes"]
    assert typed["allowances"]
    refused = text(admin.send(where, page, typed))
    for words in ("Give it a title.", "Choose at least one other agency.", "Name the statutes or orders"):
        assert words in refused
    partner = "provider" if kind == "referral" else "police"
    typed["once"] = hidden(page, "once")
    typed |= {"title": "Ours", "partners": [chiefs.agencies[partner].pk], "legal_authority": "State Code 944.01"}
    assert admin.send(where, page, typed)["Location"] == reverse("agreement", args=[newest()])
    shown = text(admin.get(reverse("agreement", args=[newest()])))
    assert "Draft" in shown
    assert "State Code 944.01" in shown
    made = owner("SELECT count(*) FROM sharing_agreement")
    assert admin.send(where, page, typed)["Location"] == reverse("agreement", args=[newest()])  # a double click
    assert owner("SELECT count(*) FROM sharing_agreement") == made


def test_a_draft_is_proposed_read_and_signed_by_both(chiefs: World) -> None:
    agreement = draft(chiefs)
    admin, stone = Visitor(chiefs.users["admin"]), Visitor(chiefs.users["stone"])
    assert stone.get(at("agreement", agreement)).status_code == 404
    assert "Safer visits" not in text(stone.get(reverse("agreements")))
    page = admin.get(at("agreement_propose", agreement)).content.decode()
    admin.send(at("agreement_propose", agreement), page, {"seen_revision": hidden(page, "seen_revision")})
    assert "Waits for your signature" in text(stone.get(reverse("agreements")))
    for visitor in (stone, admin):
        where = at("agreement_sign", agreement)
        page = visitor.get(where).content.decode()
        assert "We tell one another what keeps officers safe." in page
        sent = {name: hidden(page, name) for name in ("number", "digest")}
        assert "Say as what you sign." in text(visitor.send(where, page, sent))
        assert visitor.send(where, page, {**sent, "capacity": "Chief"})["Location"] == at("agreement", agreement)
    shown = text(stone.get(at("agreement", agreement)))
    assert shown.count("Signed by") == 2
    assert "In force" in shown


def test_an_amendment_shows_what_it_would_change(chiefs: World) -> None:
    agreement, admin = in_force(chiefs), Visitor(chiefs.users["admin"])
    admin.post(at("agreement_amend", agreement))
    where = at("agreement_edit", agreement)
    page = admin.get(where).content.decode()
    assert 'name="title"' not in page  # it stays as it was signed
    typed = {**begun(page), "legal_authority": "State Code 944.01", "seen_revision": hidden(page, "seen_revision")}
    admin.send(where, page, {**typed, "max_days": "30"})
    shown = text(admin.get(at("agreement", agreement)))
    assert "What version 2 would change" in shown
    assert "30 days" in shown
    assert "90 days" in shown
    assert "version 2 would change" not in text(Visitor(chiefs.users["stone"]).get(at("agreement", agreement)))
    propose(chiefs, agreement, revision=2)
    assert "version 2 would change" in text(Visitor(chiefs.users["stone"]).get(at("agreement", agreement)))


def test_suspended_by_one_party_it_says_why_to_the_other(chiefs: World) -> None:
    agreement = in_force(chiefs)
    Visitor(chiefs.users["stone"]).post(at("agreement_suspend", agreement), {"reason": "A leak at the jail"})
    shown = text(Visitor(chiefs.users["admin"]).get(at("agreement", agreement)))
    assert "Suspended by Riverton Police Department." in shown
    assert "A leak at the jail" in shown
    assert reverse("agreement_resume", args=[agreement.uuid]) not in shown


def test_everybody_of_a_party_reads_it_and_its_administrators_act(chiefs: World) -> None:
    agreement, olsen = in_force(chiefs), Visitor(chiefs.users["olsen"])
    shown = text(olsen.get(at("agreement", agreement)))
    assert "We tell one another" in shown
    assert "Suspend" not in shown
    for name in ("agreement_suspend", "agreement_end", "agreement_amend", "agreement_edit", "agreement_sign"):
        assert olsen.get(at(name, agreement)).status_code == 403
        assert Visitor(chiefs.users["deputy"]).get(at(name, agreement)).status_code == 404  # no party
