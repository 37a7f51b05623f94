"""What a first visit transfers: at most 150 kB with the release build of the static files, fonts and photos apart."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import Client, override_settings

from tests.calls import signed_in
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

LIMIT = 150_000  # bytes
RELEASE = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}  # of portal/settings/base.py
PAGES = {
    "sign-in": ("", "/accounts/login/"),
    "today": ("olsen", "/"),
    "list": ("mills", "/cases/"),
    "case": ("olsen", "/cases/{joint}/"),
    "plan": ("olsen", "/cases/{joint}/plan/"),
    "inbox": ("reyes", "/inbox/"),
    "access": ("olsen", "/cases/{joint}/access/"),
}
_LINKED = re.compile(r"""(?:href|src)="(/static/[^"#]+)""")
_DRAWN = re.compile(r"""url\(["']?([^"')#]+\.(?:svg|png|webp))["']?\)""")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The static files as a release has them: hashed names, compressed beside."""
    root = tmp_path_factory.mktemp("static")
    storages = {**django_settings.STORAGES, "staticfiles": RELEASE}
    with override_settings(STATIC_ROOT=root, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield root


def transferred(file: Path) -> int:
    """Bytes of a static file on its way to a browser."""
    compressed = file.with_name(file.name + ".gz")
    return (compressed if compressed.exists() else file).stat().st_size


def weight(page: Any, root: Path) -> int:
    """Bytes of a page and of all that it brings, without fonts."""
    html = _unzipped(page)
    linked = {root / address.removeprefix("/static/") for address in _LINKED.findall(html)}
    drawn = {
        (sheet.parent / url).resolve()
        for sheet in linked
        if sheet.suffix == ".css" and "uswds" not in sheet.name  # of the vendored sheet, what our pages use is in ours
        for url in _DRAWN.findall(sheet.read_text())
    }
    return len(page.content) + sum(transferred(file) for file in linked | drawn)


def _unzipped(page: Any) -> str:
    assert page["Content-Encoding"] == "gzip"
    return gzip.decompress(page.content).decode()


def test_no_page_is_heavy(world: World, built: Path) -> None:
    weights = {}
    for name, (who, address) in PAGES.items():
        client = signed_in(world.users[who]) if who else Client()
        page = client.get(address.format(joint=world.joint.uuid), headers={"Accept-Encoding": "gzip"})
        assert page.status_code == 200, name
        weights[name] = weight(page, built)
    assert max(weights.values()) <= LIMIT, weights
    assert min(weights.values()) > 50_000, f"something is not counted: {weights}"


def test_the_api_keeps_its_strong_etags(world: World) -> None:
    answer = signed_in(world.users["olsen"]).get(
        f"/api/v1/cases/{world.joint.uuid}/", headers={"Accept-Encoding": "gzip"}
    )
    assert answer["ETag"].startswith('"')
    assert "Content-Encoding" not in answer
