"""Idempotency-Key: one effect and one answer, whatever is sent twice, at once, or dies half-way."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request

from agencies.directory.categories import Category
from agencies.directory.roles import ACTS
from cases.plans import services as plans
from cases.supervision.codes import Audience
from sharing.access import once
from sharing.access.tasks import forget_answers
from tests import services
from tests.access.acts import together
from tests.calls import V1, bearer, send, signed_in, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

GOAL = {"title": "A room", "need": "housing", "target": "Own key by June"}


def add(world: World, who: str = "olsen", key: str = "k-1", body: Any = None, **headers: str) -> Any:
    """A goal added to the joint plan."""
    url = f"{V1}/cases/{world.joint.uuid}/plan/goals/"
    return send(signed_in(world.users[who]), "POST", url, body or GOAL, Idempotency_Key=key, **headers)


def goals(title: str = "A room") -> int:
    """How many goals of this title there are."""
    found: int = services.owner("SELECT count(*) FROM cases_goal WHERE title = %s", title)[0][0]
    return found


def test_sent_twice_it_is_done_once_and_answered_alike(world: World) -> None:
    first, second = add(world), add(world, body=dict(reversed(GOAL.items())))
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert [first[name] for name in ("ETag", "Content-Type")] == [second[name] for name in ("ETag", "Content-Type")]
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert add(world, key='"k-1"')["Idempotency-Replayed"] == "true"  # quoted, as the draft writes it
    assert goals() == 1
    assert add(world, key="k-2").status_code == 201
    assert goals() == 2


def test_a_key_is_for_one_call_of_one_caller(world: World) -> None:
    assert add(world).status_code == 201
    other = add(world, body=GOAL | {"title": "A flat"})
    assert (other.status_code, other.json()["type"]) == (422, "/help/problems/idempotency-key-reused")
    url = f"{V1}/goals/{world.goals[0].uuid}/actions/"
    elsewhere = send(signed_in(world.users["olsen"]), "POST", url, GOAL, Idempotency_Key="k-1")
    assert elsewhere.status_code == 422
    assert "Idempotency-Replayed" not in add(world, who="reyes")
    assert (goals(), goals("A flat")) == (2, 0)


def test_many_at_once_have_one_effect(world: World) -> None:
    answers = together(*[lambda: add(world)] * 6)
    done = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len([answer for answer in done if "Idempotency-Replayed" not in answer]) == 1
    assert len({answer.content for answer in done}) == 1
    assert goals() == 1


def test_the_second_is_told_that_the_first_still_runs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, go_on = threading.Event(), threading.Event()
    real = plans.add_goal

    def slow(**arguments: Any) -> Any:
        made = real(**arguments)
        inside.set()
        go_on.wait(20)
        return made

    monkeypatch.setattr(plans, "add_goal", slow)

    def second() -> Any:
        inside.wait(20)
        try:
            return add(world)
        finally:
            go_on.set()

    first, meanwhile = together(lambda: add(world), second)
    assert (first.status_code, meanwhile.status_code) == (201, 409)
    assert meanwhile.json()["type"] == "/help/problems/still-running"
    assert meanwhile["Retry-After"] == "1"
    assert add(world).content == first.content
    assert goals() == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_killed_call_loses_nothing_and_doubles_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = once._keep

    def killed(*arguments: Any) -> None:
        real(*arguments)
        with connection.cursor() as cursor:  # effect and answer are written, and the server goes away before the commit
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        raw = services.connect("admin")
        raw.cursor().execute("SELECT pg_terminate_backend(%s)", [pid])
        raw.close()

    monkeypatch.setattr(once, "_keep", killed)
    [answer] = together(lambda: add(world))
    assert getattr(answer, "status_code", 500) >= 500
    assert goals() == 0
    monkeypatch.setattr(once, "_keep", real)
    again = add(world)
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again
    assert add(world).content == again.content
    assert goals() == 1


def test_what_was_refused_may_be_tried_again(world: World) -> None:
    assert add(world, body={"title": ""}).status_code == 400
    assert add(world, who="patel").status_code == 403
    assert add(world).status_code == 201
    assert services.owner("SELECT count(*) FROM sharing_keptanswer") == [(1,)]


def test_an_answer_is_given_again_only_to_who_may_still_see_it(world: World) -> None:
    assert add(world, who="reyes").status_code == 201
    services.owner("UPDATE sharing_agreement SET suspended_at = now() WHERE id = %s", world.agreement.pk)
    again = add(world, who="reyes")
    assert again.status_code == 404
    assert "A room" not in again.content.decode()
    services.owner("UPDATE sharing_agreement SET suspended_at = NULL")
    assert add(world, who="reyes")["Idempotency-Replayed"] == "true"
    assert goals() == 1


def test_a_part_that_is_for_the_other_side_now_is_not_shown_again(world: World) -> None:
    assert add(world, who="reyes").status_code == 201
    services.owner("UPDATE cases_goal SET audience = %s WHERE title = 'A room'", int(Audience.SUPERVISION))
    again = add(world, who="reyes")
    assert again.status_code == 404
    assert "A room" not in again.content.decode()
    assert trail("read", "1") == []
    services.owner("UPDATE cases_goal SET audience = %s WHERE title = 'A room'", int(Audience.BOTH))
    assert add(world, who="reyes")["Idempotency-Replayed"] == "true"


def test_an_answer_given_again_is_a_read(world: World) -> None:
    assert add(world, who="reyes").status_code == 201
    assert trail("read", "1") == []
    assert add(world, who="reyes").status_code == 201
    ((action, user, records, categories),) = trail("read", "action, user_id, record_ids, categories")
    assert (action, user, records) == ("replay", world.users["reyes"].pk, [world.joint.uuid])
    assert Category.PLAN_VIEW in Category(categories)
    assert not Category(categories) & ACTS


def test_a_key_is_free_again_after_a_day(world: World) -> None:
    assert add(world).status_code == 201
    [(left,)] = services.owner("SELECT until - access_now() FROM sharing_keptanswer")
    assert 86390 < left.total_seconds() <= 86400
    services.owner("UPDATE sharing_keptanswer SET until = access_now()")
    assert "Idempotency-Replayed" not in add(world)
    assert add(world, key="k-2").status_code == 201
    services.owner("UPDATE sharing_keptanswer SET until = access_now() WHERE key = 'k-2'")
    for _ in range(2):  # run twice, it leaves what one run leaves
        with services.as_job():
            forget_answers()
        assert services.owner("SELECT key FROM sharing_keptanswer") == [("k-1",)]


@pytest.mark.parametrize("key", ["", " ", '""', "two words", "é", "x" * 201])
def test_a_key_that_is_none_is_pointed_at(world: World, key: str) -> None:
    answer = add(world, key=key)
    assert answer.status_code == 400
    assert answer.json()["errors"][0] | {"detail": ""} == {"in": "header", "pointer": "#/Idempotency-Key", "detail": ""}
    assert goals() == 0


def test_a_search_is_answered_anew_and_not_kept(world: World) -> None:
    system = bearer(world.users["system"])
    for words in ("Hallett", "Pike"):
        asked = send(system, "POST", f"{V1}/searches/", {"words": words}, Idempotency_Key="k-1")
        assert asked.status_code == 200
        assert len(asked.json()["results"]) == 1
    assert services.owner("SELECT count(*) FROM sharing_keptanswer") == [(0,)]


def test_kept_answers_are_their_callers_own_and_no_worker_reads_them(world: World) -> None:
    assert add(world).status_code == 201
    with pytest.raises(Exception, match="permission denied"), services.connect("job") as job:
        job.cursor().execute("SELECT body FROM sharing_keptanswer")
    with services.connect("app") as app, app.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sharing_keptanswer")
        assert cursor.fetchone() == (0,)


def test_a_form_is_known_again_by_what_it_holds() -> None:
    def asked(content: bytes, **fields: str) -> str:
        file = SimpleUploadedFile("terms.pdf", content)
        raw = RequestFactory().post("/x/", {**fields, "file": file})  # each with a boundary of its own
        request = Request(raw, parsers=[JSONParser(), MultiPartParser()])
        found = once._fingerprint(request)
        assert request.data["file"].read() == content
        return found

    assert asked(b"one", title="Terms") == asked(b"one", title="Terms")
    assert len({asked(b"one", title="Terms"), asked(b"two", title="Terms"), asked(b"one", title="Term")}) == 3
