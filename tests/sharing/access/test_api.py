"""Grants over the API: given, moved, ended, explained."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.utils import timezone

from sharing.access.context import acting
from sharing.access.models import Grant
from tests import services
from tests.calls import V1, bearer, send, signed_in, system_of, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def form(world: World, **changes: Any) -> dict[str, Any]:
    """What gives the sheriff's patrol a joint plan."""
    return {
        "group": world.units["sheriff/patrol"].pk,
        "bundle": "joint_plan",
        "purpose": "supervision",
        "agreement": str(world.agreement.uuid),
        "until": (timezone.now() + datetime.timedelta(days=30)).isoformat(),
        **changes,
    }


def test_access_is_given_moved_and_ended_and_works_at_once(world: World) -> None:
    olsen, deputy = signed_in(world.users["olsen"]), signed_in(world.users["deputy"])
    plan, grants = f"{V1}/cases/{world.joint.uuid}/plan/", f"{V1}/cases/{world.joint.uuid}/grants/"
    assert deputy.get(plan).status_code == 403

    given = send(olsen, "POST", grants, form(world, narrowed_by=["RESPONSES"]))
    assert given.status_code == 201, given.content
    assert "RESPONSES" in given.json()["withheld"]
    assert given.json()["state"] == "live"
    url = given.json()["url"]
    assert deputy.get(plan).status_code == 200
    assert deputy.get(url).status_code == 200
    assert url in [grant["url"] for grant in olsen.get(grants).json()["results"]]

    sooner = {"until": (timezone.now() + datetime.timedelta(days=10)).isoformat()}
    assert send(olsen, "PATCH", url, sooner).status_code == 428
    moved = send(olsen, "PATCH", url, sooner, If_Match=given["ETag"])
    assert moved.status_code == 200
    stale = send(olsen, "PATCH", url, sooner, If_Match=given["ETag"])
    assert (stale.status_code, stale["ETag"]) == (412, moved["ETag"])

    assert send(olsen, "POST", f"{url}end/", {}).json()["errors"][0]["pointer"] == "#/reason"
    ended = send(olsen, "POST", f"{url}end/", {"reason": "No longer needed"})
    assert ended.json()["state"] == "ended"
    assert ended["ETag"] != moved["ETag"]
    assert deputy.get(plan).status_code == 403
    assert [verb for (verb,) in trail("change", "verb")] == ["access.given", "access.extended", "access.ended"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"group": 0}, "#/group"),
        ({"group": 999_999}, "#/group"),
        ({"group": 2**40}, "#/group"),
        ({"bundle": "own_case"}, "#/bundle"),
        ({"bundle": "full_file"}, "#/bundle"),  # never to police
        ({"purpose": "curiosity"}, "#/purpose"),
        ({"agreement": str(uuid.uuid4())}, "#/agreement"),
        ({"until": "2020-01-01T00:00:00Z"}, "#/until"),
        ({"until": "9999-12-31T23:59:59-12:00"}, "#/until"),
        ({"until": "tomorrow"}, "#/until"),
        ({"narrowed_by": ["EVERYTHING"]}, "#/narrowed_by/0"),
        ({"narrowed_by": ["EXISTENCE"]}, "#/narrowed_by"),
        ({"kind": "owner"}, "#/kind"),
    ],
)
def test_a_bad_grant_is_pointed_at_and_gives_nothing(world: World, change: dict[str, Any], pointer: str) -> None:
    olsen = signed_in(world.users["olsen"])
    response = send(olsen, "POST", f"{V1}/cases/{world.joint.uuid}/grants/", form(world, **change))
    assert response.status_code == 400, response.content
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert trail("change", "verb") == []


# What the list of units and circles leaves out: what makes it so, and which of the world's receivers it is.
NOT_LISTED = {
    "a closed unit": ("UPDATE agencies_unit SET closed_at = now() WHERE group_id = %(patrol)s", "patrol"),
    "a unit of an agency that is switched off": (
        "UPDATE agencies_agency SET is_active = false WHERE id = %(sheriff)s",
        "patrol",
    ),
    "a circle whose own agreement is suspended": (
        "UPDATE sharing_agreement SET suspended_at = now() WHERE id = %(agreement)s",
        "circle",
    ),
    "a unit of an agency without an agreement": (
        "DELETE FROM sharing_agreementparty WHERE agency_id = %(sheriff)s",
        "patrol",
    ),
    "an unknown number": ("SELECT 1", "unknown"),
}


@pytest.mark.parametrize("bundle", ["status_card", "referral"])  # the second may not go to police, and would say so
@pytest.mark.parametrize("which", NOT_LISTED)
def test_a_receiver_that_no_list_offers_is_refused_like_an_unknown_number(
    world: World, which: str, bundle: str
) -> None:
    """A second agreement covers everybody, so that nothing but the receiver itself is in the way."""
    [(second,)] = services.owner(
        "INSERT INTO sharing_agreement (uuid, title, starts_at, ends_at)"
        " VALUES (gen_random_uuid(), 'A second one', now() - interval '1 day', '9999-12-31') RETURNING uuid"
    )
    services.owner(
        "INSERT INTO sharing_agreementparty (agreement_id, agency_id)"
        " SELECT g.id, a.id FROM sharing_agreement g, agencies_agency a WHERE g.uuid = %s",
        second,
    )
    statement, name = NOT_LISTED[which]
    receivers = {"patrol": world.units["sheriff/patrol"].pk, "circle": world.circle.pk, "unknown": 999_999}
    values = {"sheriff": world.agencies["sheriff"].pk, "agreement": world.agreement.pk, **receivers}
    with services.owner_cursor() as cursor:
        cursor.execute(statement, values)
    olsen = signed_in(world.users["olsen"])
    listed = [unit["group"] for unit in olsen.get(f"{V1}/directory/units/").json()["results"]]
    assert receivers[name] not in listed
    asked = form(world, group=receivers[name], bundle=bundle, agreement=str(second))
    response = send(olsen, "POST", f"{V1}/cases/{world.cases[6].uuid}/grants/", asked)
    assert response.status_code == 400, response.content
    [error] = response.json()["errors"]
    assert (error["pointer"], error["detail"]) == ("#/group", "Choose a unit or circle from the list.")
    assert trail("change", "verb") == []


def test_why_and_who(world: World) -> None:
    url = f"{V1}/cases/{world.joint.uuid}/access/"
    reyes = signed_in(world.users["reyes"]).get(url).json()
    assert {way["bundle"] for way in reyes["why"]} == {"Joint plan", "Status card"}
    assert reyes["holders"] is None
    assert reyes["readers"] is None
    assert set(reyes["withheld"]) == {"ASSESSMENT", "TREATMENT", "VICTIM", "DOCUMENTS"}
    olsen = signed_in(world.users["olsen"]).get(url).json()
    assert "Gang, Riverton Police Department" in [holder["principal"] for holder in olsen["holders"]]
    assert [(reader["user_name"], reader["action"]) for reader in olsen["readers"]] == [("Det. Reyes", "access")]


def holders_seen_by(client: Any, case: Any) -> list[str]:
    """Under which names the owner's own units stand among those who can see the case."""
    listed = client.get(f"{V1}/cases/{case.uuid}/access/").json()["holders"]
    return [holder["principal"] for holder in listed if holder["bundle"] == "Own case"]


def test_an_officer_and_headquarters_each_see_both_rows_of_the_owner(world: World) -> None:
    headquarters, officer = bearer(system_of(world, "probation/root", "supervisor")), signed_in(world.users["olsen"])
    both = ["North, Pine County Community Corrections", "Pine County Community Corrections"]
    for client in (officer, headquarters):
        assert holders_seen_by(client, world.joint) == both
        grants = client.get(f"{V1}/cases/{world.joint.uuid}/grants/").json()["results"]
        assert [grant["principal"] for grant in grants if grant["kind"] == "owner"] == both
        # The link of each row leads to its paper, for the owner's people and nobody else.
        for grant in grants[:2]:
            assert client.get(grant["url"]).json()["principal"] == grant["principal"]
            assert signed_in(world.users["reyes"]).get(grant["url"]).status_code == 404
    with acting(world.users["reyes"], world.agencies["police"]):
        assert not Grant.objects.filter(kind="owner", group__unit__agency=world.agencies["probation"]).exists()


def test_a_unit_not_named_on_a_restricted_case_is_not_said_to_see_it(world: World) -> None:
    officer = signed_in(world.users["olsen"])
    assert len(holders_seen_by(officer, world.restricted)) == 2
    services.owner("DELETE FROM cases_casenamedprincipal WHERE group_id = %s", world.units["probation/root"].pk)
    assert holders_seen_by(officer, world.restricted) == ["North, Pine County Community Corrections"]


def test_a_grant_is_known_to_its_two_sides_only(world: World) -> None:
    url = f"{V1}/grants/{world.grants['suspect'].uuid}/"
    seen = {who: signed_in(world.users[who]).get(url).status_code for who in ("olsen", "deputy", "reyes", "patel")}
    assert seen == {"olsen": 200, "deputy": 200, "reyes": 404, "patel": 404}
    # A grant that has ended opens nothing, not even itself.
    ended = f"{V1}/grants/{world.grants['restricted'].uuid}/"
    assert signed_in(world.users["reyes"]).get(ended).status_code == 404


def test_a_suspended_agreement_shows_and_shuts(world: World) -> None:
    services.owner("UPDATE sharing_agreement SET suspended_at = now() WHERE id = %s", world.agreement.pk)
    assert signed_in(world.users["reyes"]).get(f"{V1}/cases/{world.joint.uuid}/").status_code == 404
    assert signed_in(world.users["olsen"]).get(f"{V1}/agreements/").json()["results"] == []


def test_what_a_grant_needs_is_listed(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    agreements = olsen.get(f"{V1}/agreements/").json()["results"]
    assert [agreement["id"] for agreement in agreements] == [str(world.agreement.uuid)]
    assert len(agreements[0]["parties"]) == 4
    found, url = [], f"{V1}/directory/units/?limit=4"
    while url:
        page = olsen.get(url).json()
        found += page["results"]
        url = page["next"]
    assert {unit["group"] for unit in found} == {unit.pk for unit in world.units.values()} | {world.circle.pk}
    own = olsen.get(f"{V1}/directory/units/", {"agency": str(world.agencies["police"].uuid)}).json()["results"]
    assert {unit["group"] for unit in own} == {world.units[f"police/{name}"].pk for name in ("root", "patrol", "gang")}
