"""Whatever POST the API has: sent twice under one key, it is done once, and asks the door before it answers again."""

from __future__ import annotations

from typing import Any

import pytest

from portal.api.schema import document
from tests import services
from tests.calls import bearer, send, system_of, trail
from tests.portal.api.operations import good_body, things
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

# Answers that tell of no record, only of what is the caller's own.
OF_NO_RECORD = {
    "save_case_filter", "remove_case_filter", "choose_case_columns",
    "add_unit", "close_unit", "invite_member", "give_role", "end_role", "send_password_link", "suspend_member",
    "draft_agreement", "propose_agreement", "sign_agreement", "send_agreement_back", "amend_agreement",
    "suspend_agreement", "resume_agreement", "end_agreement",
    "reinstate_member", "end_lock_out", "arrange_cover", "end_cover",
    "put_all_news_away", "register_client", "switch_off_client", "make_token", "rotate_token", "end_token",
    "add_webhook", "rotate_webhook_secret", "test_webhook", "replay_messages",
}  # fmt: skip
# What is said once: the answer that is given again leaves it out.
SECRET = {"make_token", "rotate_token", "add_webhook", "rotate_webhook_secret"}

POSTS = {
    operation["operationId"]: (path, operation)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
    if method == "post"
}


def takes_key(operation: dict[str, Any]) -> bool:
    """Whether the document says so."""
    return "Idempotency-Key" in [parameter["name"] for parameter in operation.get("parameters", [])]


def test_only_what_changes_nothing_takes_no_key() -> None:
    assert {name for name, (_, operation) in POSTS.items() if not takes_key(operation)} == {
        "search_cases",
        "search_officers",
        "export_cases",
    }


@pytest.mark.parametrize("name", [name for name, (_, operation) in POSTS.items() if takes_key(operation)])
def test_twice_is_once(world: World, name: str) -> None:
    feed = system_of(world, "probation/north", "supervisor")
    url = POSTS[name][0].format(**{part: ids[0] for part, ids in things(world, feed, name).items()})
    client, body = bearer(feed), good_body(world, name)
    headers = {"Idempotency_Key": "k-1"}
    if "If-Match" in [parameter["name"] for parameter in POSTS[name][1]["parameters"]]:
        headers["If_Match"] = client.get(url.removesuffix("/").rsplit("/", 1)[0] + "/")["ETag"]
    before = len(trail("read", "id"))
    first = send(client, "POST", url, body, **headers)
    once = len(trail("read", "id"))
    second = send(client, "POST", url, body, **headers)
    assert once <= before + 1, "one answer, one read event"
    assert len(trail("read", "id")) == once + (name not in OF_NO_RECORD), "the answer given again is a read"
    assert 200 <= first.status_code < 300, first.content
    assert (first.status_code, first.get("ETag")) == (second.status_code, second.get("ETag"))
    if name in SECRET:
        assert second.json() == {**first.json(), "secret": None}
        assert first.json()["secret"]
    else:
        assert first.content == second.content
    assert second["Idempotency-Replayed"] == "true"
    [(about,)] = services.owner("SELECT about FROM sharing_keptanswer")
    assert bool(about) != (name in OF_NO_RECORD), "the view calls neither record() nor tells_of()"
