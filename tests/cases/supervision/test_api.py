"""The list, the detail and the search of cases over the API."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.supervision.models import Case
from tests import services
from tests.calls import V1, bearer, send, signed_in, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

CASES = f"{V1}/cases/"


def ids(response: Any) -> list[str]:
    """Which cases an answer lists."""
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def test_the_list_holds_what_the_door_opens(world: World) -> None:
    for who, expected in {
        "olsen": set(range(14)),
        "pratt": set(range(14)) - {2},
        "quist": set(range(14, 20)),
        "reyes": {n for n in range(16) if n != 1},
        "carter": {3},
        "admin": set(),
    }.items():
        response = signed_in(world.users[who]).get(CASES, {"limit": 200})
        assert set(ids(response)) == {str(world.cases[n].uuid) for n in expected}, who


def test_name_and_contact_is_a_name_and_whom_to_call(world: World) -> None:
    carter = signed_in(world.users["carter"])
    for row in (carter.get(CASES).json()["results"][0], carter.get(f"{CASES}{world.referred.uuid}/").json()):
        assert row["person"]["name"]["sur"] == "Souza"
        assert row["unit"]
        assert row["agency"]["phone"]
        assert row["supervision"] is None
        assert row["officer_of_record"] is None
        assert [row["person"][field] for field in ("birth_date", "sex", "race")] == [None, None, None]
        assert {"SUPERVISION", "CAUTIONS", "CONDITIONS", "PLAN_VIEW", "LOCATION"} <= set(row["withheld"])
    assert not {"Burglary", "FL", "C00003", "Elm"} & set(json.dumps(row).split('"'))


def test_withheld_says_the_same_for_an_empty_part_and_a_full_one(world: World) -> None:
    patel = signed_in(world.users["patel"])
    full, empty = (patel.get(f"{CASES}{world.cases[n].uuid}/").json() for n in (0, 7))
    assert full["withheld"] == empty["withheld"]
    for name in ("addresses", "assessments", "plan"):
        assert full[name] is None
        assert empty[name] is None
    assert full["cautions"]
    assert empty["cautions"] == []


def test_the_owner_sees_every_part(world: World) -> None:
    row = signed_in(world.users["olsen"]).get(f"{CASES}{world.joint.uuid}/").json()
    assert row["supervision"]["status"] == "ACTIVE"
    assert row["supervision"]["type"] == "PROBATION"
    assert row["officer_of_record"]["name"] == "Olsen"
    assert all(row[part] for part in ("aliases", "identifiers", "addresses", "assessments"))
    assert row["plan"]["id"] == str(world.plan.uuid)
    assert set(row["withheld"]) == {"TREATMENT", "VICTIM"}


def test_hidden_and_missing_cannot_be_told_apart(world: World) -> None:
    reyes = signed_in(world.users["reyes"])
    bodies = []
    for path in (
        f"cases/{world.restricted.uuid}/",
        f"cases/{uuid.uuid4()}/",
        f"cases/{world.cases[18].uuid}/plan/",
        f"goals/{world.goals[1].uuid}/",
        f"goals/{uuid.uuid4()}/",
        "cases/not-a-number/",
        "nowhere/",
    ):
        response = send(reyes, "GET", f"{V1}/{path}", X_Request_Id="the-same-for-all")
        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"
        bodies.append((response.content, sorted(response.headers)))
    assert all(body == bodies[0] for body in bodies)


def test_a_refusal_changes_nothing_and_is_recorded(world: World) -> None:
    reyes = signed_in(world.users["reyes"])
    reyes.get(f"{CASES}{world.restricted.uuid}/")
    signed_in(world.users["patel"]).get(f"{CASES}{world.joint.uuid}/plan/")
    assert trail("denial", "user_name, status") == [("Det. Reyes", 404), ("Ofc. Patel", 403)]
    assert trail("read", "action") == []


def test_each_answer_leaves_one_read_event(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    olsen.get(CASES)
    olsen.get(f"{CASES}{world.joint.uuid}/")
    send(olsen, "POST", f"{V1}/searches/", {"words": "Hallett"})
    assert trail("read", "action, channel, cardinality(record_ids)") == [
        ("list", "api", 14),
        ("detail", "api", 1),
        ("search", "api", 1),
    ]


def test_a_change_shows_the_case_once_and_a_refused_one_does_not(world: World) -> None:
    olsen, url = signed_in(world.users["olsen"]), f"{CASES}{world.joint.uuid}/"
    tag = olsen.get(url)["ETag"]
    assert send(olsen, "PATCH", url, {"level": "MAXIMUM"}, If_Match=tag).status_code == 200
    assert send(olsen, "PATCH", url, {"level": "MINIMUM"}, If_Match=tag).status_code == 412
    assert trail("read", "action, record_ids::text[]") == [("detail", [str(world.joint.uuid)])] * 2


def test_pages_follow_each_other_and_stay_put(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    for sort in ("latest", "review"):
        whole = ids(olsen.get(CASES, {"limit": 200, "sort": sort}))
        found, url = [], f"{CASES}?limit=4&sort={sort}"
        while url:
            response = olsen.get(url)
            found += ids(response)
            url = response.json()["next"]
        assert found == whole
    # Somebody's change moves a case to the top: it is not shown again further down, and nothing is skipped.
    first = olsen.get(CASES, {"limit": 4}).json()
    services.owner("UPDATE cases_case SET updated_at = now() WHERE id = %s", world.cases[6].pk)
    rest = ids(olsen.get(first["next"]))
    assert rest == [str(world.cases[n].uuid) for n in (4, 5, 7, 8)]


def test_a_cursor_is_good_for_its_own_list_and_caller_only(world: World) -> None:
    olsen, reyes = signed_in(world.users["olsen"]), signed_in(world.users["reyes"])
    following = olsen.get(CASES, {"limit": 2}).json()["next"]
    assert olsen.get(following).status_code == 200
    for response in (
        reyes.get(following),
        olsen.get(following + "&status=ACTIVE"),
        olsen.get(CASES, {"cursor": "forged"}),
    ):
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == "#/cursor"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("bogus=1", "#/bogus"),
        ("status=NOPE", "#/status/0"),
        ("status=", "#/status/0"),
        ("status=1", "#/status/0"),
        ("risk_level=high", "#/risk_level/0"),
        ("scope=everything", "#/scope"),
        ("sort=name", "#/sort"),
        ("limit=0", "#/limit"),
        ("limit=201", "#/limit"),
        ("limit=ten", "#/limit"),
        ("limit=", "#/limit"),
        ("limit=5&limit=6", "#/limit"),
        ("count=maybe", "#/count"),
        ("format=xml", "#/format"),
    ],
)
def test_a_bad_filter_is_an_error_never_a_wider_list(world: World, query: str, pointer: str) -> None:
    response = signed_in(world.users["olsen"]).get(f"{CASES}?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["type"] == "/help/problems/invalid-input"
    assert [(error["in"], error["pointer"]) for error in body["errors"]] == [("query", pointer)]


def test_filters_narrow_and_tell_no_more_than_is_open(world: World) -> None:
    quist = signed_in(world.users["quist"])
    assert ids(quist.get(CASES, {"status": "ABSCONDER"})) == [str(world.cases[16].uuid)]
    assert len(ids(quist.get(CASES, {"status": ["ABSCONDER", "COMPLETED"]}))) == 4
    assert len(ids(signed_in(world.users["olsen"]).get(CASES, {"scope": "mine"}))) == 7
    assert ids(signed_in(world.users["olsen"]).get(CASES, {"scope": "shared"})) == []
    carter = signed_in(world.users["carter"])
    assert len(ids(carter.get(CASES))) == 1
    for query in ({"status": "ACTIVE"}, {"risk_level": "VERY_HIGH"}, {"sort": "review"}):
        assert ids(carter.get(CASES, query)) == []


def test_the_count_is_given_where_it_is_asked_for(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    body = olsen.get(CASES, {"limit": 2, "count": "true"}).json()
    assert (body["count"], body["countExact"]) == (14, True)
    assert "count" not in olsen.get(CASES).json()


def test_a_page_costs_the_same_at_five_rows_and_at_all(world: World) -> None:
    system = bearer(world.users["system"])
    for query, most in (({}, 9), ({"count": "true"}, 9), ({"sort": "review", "status": "ACTIVE"}, 9)):
        costs = []
        for limit in (5, 50):
            with CaptureQueriesContext(connection) as captured:
                assert len(ids(system.get(CASES, {"limit": limit, **query}))) >= 5
            costs.append(len(captured))
        assert costs[0] == costs[1] <= most, "\n".join(query["sql"] for query in captured.captured_queries)


def test_a_case_costs_at_most_fourteen_queries(world: World) -> None:
    system = bearer(world.users["system"])
    with CaptureQueriesContext(connection) as captured:
        assert system.get(f"{CASES}{world.joint.uuid}/").status_code == 200
    assert len(captured) <= 14, "\n".join(query["sql"] for query in captured.captured_queries)


def test_an_unchanged_case_is_not_sent_again(world: World) -> None:
    olsen, reyes = signed_in(world.users["olsen"]), signed_in(world.users["reyes"])
    url = f"{CASES}{world.joint.uuid}/"
    tag = olsen.get(url)["ETag"]
    assert not tag.startswith("W/")
    again = send(olsen, "GET", url, If_None_Match=tag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert reyes.get(url)["ETag"] != tag
    assert {"Authorization", "Cookie"} <= set(again["Vary"].split(", "))
    services.owner("UPDATE cases_address SET street = '1 New Road' WHERE person_id = %s", world.joint.person_id)
    assert send(olsen, "GET", url, If_None_Match=tag).status_code == 200


def test_a_search_forgives_spelling_and_stays_within_the_door(world: World) -> None:
    def found(who: str, **asked: Any) -> list[str]:
        response = send(signed_in(world.users[who]), "POST", f"{V1}/searches/", asked)
        assert response.status_code == 200, response.content
        return [row["person"]["name"]["sur"] for row in response.json()["results"]]

    assert found("olsen", words="Rodrigez") == ["Rodriguez"]
    assert found("reyes", words="Rodriguez") == []
    assert found("olsen", number="C00005") == ["Volkova"]
    assert found("olsen", birth_date="1980-03-09") == ["Hallett"]
    assert found("carter", words="Souza") == ["Souza"]
    assert found("carter", birth_date="1983-03-09") == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#"),
        ({"words": "a"}, "#/words"),
        ({"words": "a\u0000b"}, "#/words"),
        ({"birth_date": "soon"}, "#/birth_date"),
        ({"number": "C1", "words": "Pike"}, "#/number"),
        ({"word": "Pike"}, "#/word"),
        ([], "#"),
    ],
)
def test_a_bad_search_says_what_is_wrong(world: World, body: Any, pointer: str) -> None:
    response = send(signed_in(world.users["olsen"]), "POST", f"{V1}/searches/", body)
    assert response.status_code == 400
    assert pointer in [error["pointer"] for error in response.json()["errors"]]


def test_a_browser_needs_its_token_to_post(world: World) -> None:
    careful = signed_in(world.users["olsen"], enforce_csrf_checks=True)
    assert send(careful, "POST", f"{V1}/searches/", {"words": "Pike"}).status_code == 403
    assert Case.objects.count() == 0  # without a context the database shows nothing


def test_who_has_name_and_contact_only_confirms_no_number_by_searching(world: World) -> None:
    """A search that answers is as good as a column: other systems' numbers are found by who may read them."""
    number = {"number": f"FL{world.referred.pk:08}"}
    found = {
        who: len(send(signed_in(world.users[who]), "POST", f"{V1}/searches/", number).json()["results"])
        for who in ("olsen", "patel", "carter")
    }
    assert found == {"olsen": 1, "patel": 1, "carter": 0}
