"""One's own account: a new password, and nothing that an agency decides."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from agencies.directory.models import User
from tests.calls import signed_in
from tests.pages import Visitor
from tests.worlds import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

NEW = "another long sentence"


def test_a_new_password_ends_every_other_session(world: World) -> None:
    user = world.users["olsen"]
    elsewhere, visitor = signed_in(user), Visitor(user)
    answer = visitor.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    )
    assert answer.status_code == 302
    assert User.objects.get(pk=user.pk).check_password(NEW)
    assert visitor.get("/cases/").status_code == 200
    assert elsewhere.get("/cases/").status_code == 302


def test_a_forgotten_password_is_set_by_the_link_of_the_mail(world: World) -> None:
    client = Client()
    client.post(reverse("account_reset_password"), {"email": world.users["olsen"].email})
    subject, body = str(mail.outbox[0].subject), str(mail.outbox[0].body)
    link = re.search(r"http://\S+/accounts/password/reset/key/\S+", body)
    assert link
    assert "Olsen" not in subject + body
    form = client.get(link[0], follow=True)
    assert client.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW}).status_code == 302
    assert User.objects.get(pk=world.users["olsen"].pk).check_password(NEW)


def test_nobody_changes_the_address_that_their_agency_vouches_for(world: World) -> None:
    client = signed_in(world.users["olsen"])
    assert client.post("/accounts/email/", {"action_add": "", "email": "mine@example.com"}).status_code == 404
    assert User.objects.get(pk=world.users["olsen"].pk).email == "olsen@example.org"


def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(world: World) -> None:
    visitor, thief = Visitor(world.users["olsen"]), Client()
    thief.cookies.load(visitor.client.cookies.output(header="", sep=";"))
    assert thief.get("/cases/").status_code == 200
    assert visitor.post(reverse("account_logout")).status_code == 302
    assert thief.get("/cases/").status_code == 302


@pytest.mark.parametrize(
    "path", ["/", "/cases/", "/search/", "/inbox/", "/account/", "/no/such/page/", "/accounts/login/"]
)
def test_no_browser_keeps_a_page_of_somebody_signed_in(world: World, path: str) -> None:
    assert "no-store" in signed_in(world.users["olsen"]).get(path)["Cache-Control"]
