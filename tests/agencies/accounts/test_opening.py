"""Beginning an agency at the command line: its first administrator takes it from there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from agencies.accounts import letters
from agencies.directory.models import Agency, Membership, User
from tests import services
from tests.calls import signed_in, trail
from tests.pages import text
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

WORDS: dict[str, Any] = {
    "short_name": "Lake Probation",
    "kind": "probation_adult",
    "administrator": "Head@Lake.example",
    "administrator_name": "Hedda Lake",
}


def open_agency(name: str = "Lake County Probation", **other: Any) -> None:
    with services.as_job():
        call_command("open_agency", name, **{**WORDS, **other})


def test_the_administrator_gets_a_letter_and_sets_up_the_rest(transactional_db: None) -> None:
    open_agency()
    with services.as_job():
        assert letters.send_due() == 1
    assert mail.outbox[0].to == ["head@lake.example"]
    found = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)
    assert found
    client = Client()
    form = client.get(found[1], follow=True)
    chosen = {"password1": "a lake is deep enough", "password2": "a lake is deep enough"}
    client.post(form.redirect_chain[-1][0], chosen)
    signed = client.post("/accounts/login/", {"login": "head@lake.example", "password": "a lake is deep enough"})
    assert signed.status_code == 302
    page = client.get("/agency/")
    assert "Lake County Probation" in text(page)
    assert client.get("/agency/units/new/").status_code == 200
    assert [(row[1], row[2]) for row in trail("change", "user_id, verb, channel") if row[1] == "agency.opened"] == [
        ("agency.opened", "command")
    ]


def test_asked_again_before_anybody_could_sign_in_it_writes_another_letter(transactional_db: None) -> None:
    """The first went to a wrong address. Once somebody can sign in, administrators appoint others."""
    open_agency(administrator="wrong@lake.example")
    open_agency(name="LAKE COUNTY PROBATION")
    with services.as_job():
        assert letters.send_due() == 2
        assert Agency.objects.count() == 1
        User.objects.filter(email="head@lake.example").update(password="md5$x$y")
    with pytest.raises(CommandError, match="Its administrators appoint others"):
        open_agency(administrator="third@lake.example")


def test_a_letter_leaves_outside_transactions_and_is_tried_again(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow mail server holds nothing open; one that takes nothing gets the letter later."""
    taken: list[bool] = []

    def take(self: EmailMessage) -> int:
        taken.append(connection.in_atomic_block)
        if len(taken) == 1:
            raise ConnectionRefusedError
        return 1

    monkeypatch.setattr(EmailMessage, "send", take)
    open_agency()
    with services.as_job():
        assert letters.send_due() == 0
        assert letters.send_due() == 0  # not due again yet
        services.owner("UPDATE agencies_accountletter SET next_attempt_at = now()")
        assert letters.send_due() == 1
    assert taken == [False, False]
    assert services.owner("SELECT attempts, sent_at IS NOT NULL FROM agencies_accountletter") == [(2, True)]


def test_who_has_an_account_already_gets_the_role_and_no_letter(world: World) -> None:
    open_agency(administrator=world.users["admin"].email)
    with services.as_job():
        assert Membership.objects.filter(user=world.users["admin"], group__unit__is_root=True).count() == 2
        assert letters.send_due() == 0
    assert signed_in(world.users["admin"]).get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": "pine county community corrections"}, "There is an agency called"),
        ({"administrator": "head at lake"}, "valid email address"),
        ({"time_zone": "Mars/Olympus"}, "There is no time zone"),
        ({"name": "  "}, "need names"),
        ({"short_name": "x" * 41}, "at most"),
        ({"administrator": "system@example.org"}, "belongs to a system"),
    ],
)
def test_what_is_wrong_is_said_and_leaves_nothing(world: World, wrong: dict[str, str], sentence: str) -> None:
    before = Agency.objects.count(), User.objects.count()
    with pytest.raises(CommandError, match=sentence):
        open_agency(**wrong)
    assert (Agency.objects.count(), User.objects.count()) == before
