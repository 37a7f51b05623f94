"""The examples of docs/api.md, run in their order with the client of docs/examples against a live portal."""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agencies.accounts.services import issue_token
from portal.api.reference import code_lists
from tests import services
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCKS = re.findall(r"```python\n(.*?)```", (DOCS / "api.md").read_text(), flags=re.DOTALL)


@pytest.fixture
def token(world: World) -> str:
    """A token of the gang unit's system."""
    with services.as_job():
        _, secret = issue_token(
            client=world.users["system"], label="docs", expires_at=timezone.now() + datetime.timedelta(hours=1)
        )
    return secret


def test_the_examples_hold(world: World, live_server: Any, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS / "examples"))
    monkeypatch.delitem(sys.modules, "concord", raising=False)
    names = {"ADDRESS": live_server.url, "TOKEN": token, "CASE": str(world.joint.uuid)}
    assert len(BLOCKS) > 5
    for number, block in enumerate(BLOCKS, 1):
        exec(compile(block, f"docs/api.md, example {number}", "exec"), names)


def test_every_code_list_named_in_the_examples_is_there() -> None:
    text = (DOCS / "api.md").read_text() + (DOCS / "examples" / "concord.py").read_text()
    named = set(re.findall(r"/reference/([a-z-]+)/", text)) | set(re.findall(r"code of the list `([a-z-]+)`", text))
    assert named >= {"contact-kinds", "supervision-statuses"}
    assert named <= set(code_lists())
