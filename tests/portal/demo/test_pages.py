"""The demo's pages: one click signs in, mail can be read, and nobody from elsewhere sees either."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend
from django.test import Client, override_settings

from agencies.directory.models import User
from portal.demo.personas import PERSONAS
from tests import services
from tests.portal.demo import urls  # before DEMO is set: the portal's own addresses are read with it off
from tests.worlds import World

PAGES = ["/demo/", "/demo/mail/"]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Path]:
    """Demo settings, with an own mail folder."""
    with override_settings(DEMO=True, ROOT_URLCONF=urls.__name__, EMAIL_FILE_PATH=str(tmp_path)):
        yield tmp_path


def test_the_page_offers_eight_people(demo: Path, client: Client, db: None) -> None:
    page = client.get("/demo/").content.decode()
    for persona in PERSONAS:
        assert f'value="{persona.code}"' in page
        assert persona.name in page
    assert len(PERSONAS) == 8


@pytest.mark.django_db(transaction=True, databases=["default", "aside"])
def test_one_click_signs_in_and_opens_today(demo: Path, client: Client, world: World) -> None:
    # The small world has none of the demo's people: lend one of them an address.
    with services.as_job():
        User.objects.filter(pk=world.users["olsen"].pk).update(email=PERSONAS[0].email)
    answer = client.post("/demo/sign-in", {"persona": PERSONAS[0].code})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(world.users["olsen"].pk)
    assert client.get("/").status_code == 200


def test_whom_nobody_knows_cannot_be_signed_in_as(demo: Path, client: Client, db: None) -> None:
    for sent in ({}, {"persona": "root"}, {"persona": PERSONAS[0].code}):
        assert client.post("/demo/sign-in", sent).status_code == 404
    assert "_auth_user_id" not in client.session


def test_signing_in_takes_a_token_and_a_post(demo: Path, db: None) -> None:
    assert Client(enforce_csrf_checks=True).post("/demo/sign-in", {"persona": "officer"}).status_code == 403
    assert Client().get("/demo/sign-in").status_code == 405


@pytest.mark.parametrize(
    "passed_on",
    [
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_X_FORWARDED_HOST": "localhost"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "::ffff:192.0.2.7"},
    ],
)
def test_requests_from_elsewhere_find_nothing(demo: Path, client: Client, db: None, passed_on: dict[str, Any]) -> None:
    for path in [*PAGES, "/demo/mail/0123456789"]:
        assert client.get(path, **passed_on).status_code == 404
    assert client.post("/demo/sign-in", {"persona": "officer"}, **passed_on).status_code == 404
    assert client.get("/demo/sign-in", **passed_on).status_code == 404


@pytest.mark.parametrize("settings", [{"DEMO": False}, {"DEMO": False, "ROOT_URLCONF": "portal.urls"}])
def test_outside_demo_settings_there_is_nothing(client: Client, db: None, settings: dict[str, Any]) -> None:
    with override_settings(**{"ROOT_URLCONF": urls.__name__, **settings}):
        for path in PAGES:
            assert client.get(path).status_code == 404
        assert client.post("/demo/sign-in", {"persona": "officer"}).status_code == 404


def test_the_mailbox_shows_what_was_sent_and_each_message(demo: Path, client: Client, db: None) -> None:
    assert b"No e-mail yet" in client.get("/demo/mail/").content
    backend = EmailBackend(file_path=str(demo))
    backend.send_messages(
        [
            EmailMessage("Plan changed", "See https://localhost/inbox/1\n", "C <c@b.example>", [f"{who}@b.example"])
            for who in ("first", "second")
        ]
    )
    (demo / "20260101-000000-1.log").write_bytes(b"\x00\xffno e-mail")
    page = client.get("/demo/mail/").content.decode()
    assert "first@b.example" in page
    assert "second@b.example" in page
    (address, *_) = re.findall(r'href="(/demo/mail/[0-9a-f]+)"', page)
    message = client.get(address).content.decode()
    assert "Plan changed" in message
    assert 'href="https://localhost/inbox/1"' in message
    assert client.get("/demo/mail/0123456789").status_code == 404


def test_production_settings_cannot_load_the_demo() -> None:
    """Not by import, not by DEMO in the environment, and not by asking for the demo's address."""
    code = """
import sys
import django
django.setup()
from django.conf import settings
from django.urls import Resolver404, resolve
import portal.urls
assert not settings.DEMO
assert "portal.settings.demo" not in sys.modules
assert not any(name.startswith("portal.demo") for name in sys.modules), "the demo's code is loaded"
try:
    resolve("/demo/")
except Resolver404:
    print("nothing there")
"""
    environment = {
        "DJANGO_SETTINGS_MODULE": "portal.settings.production",
        "SECRET_KEY": "x" * 60,
        "ALLOWED_HOSTS": "concord.example",
        "DATABASE_URL": "postgres://app@db.example/concord",
        "BROKER_URL": "redis://broker.example/0",
        "EMAIL_URL": "smtp://mail.example:25",
        "DEFAULT_FROM_EMAIL": "concord@concord.example",
    }

    def python(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, **more},
            cwd=services.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    done = python()
    assert done.stdout == "nothing there\n", done.stderr
    refused = python(DEMO="1")
    assert refused.returncode != 0
    assert "must never run on production settings" in refused.stderr


def test_the_demo_world_is_refused_outside_demo_settings(db: None) -> None:
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match="demo settings only"):
        call_command("demo_world")
