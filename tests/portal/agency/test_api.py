"""The directory over the API: what partners read, and what an administrator's program changes."""

from __future__ import annotations

import contextlib
import datetime
import threading
import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import services
from tests.access.acts import together
from tests.calls import V1, bearer, send, signed_in
from tests.pages import trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def names(client: Client, path: str, **asked: Any) -> list[str]:
    """The names on the first page of a list."""
    return [row["name"] for row in client.get(V1 + path, asked).json()["results"]]


def test_agencies_and_partners_units_are_for_everybody_officers_for_their_own_agency(world: World) -> None:
    reyes = signed_in(world.users["reyes"])
    assert len(names(reyes, "/agencies/")) == 4
    assert names(reyes, "/agencies/", kind="sheriff") == ["Pine County Sheriff's Office"]
    assert "North" in names(reyes, "/units/", agency=world.agencies["probation"].uuid)
    assert set(names(reyes, "/officers/")) == {"Reyes", "Stone", "Patel"}
    assert names(reyes, "/officers/", unit=world.units["probation/north"].pk) == []
    services.owner("UPDATE sharing_agreement SET ended_at = now()")
    assert "North" not in names(reyes, "/units/")
    assert "Gang" in names(reyes, "/units/")
    assert set(names(bearer(world.users["system"]), "/officers/")) == {"Reyes", "Stone", "Patel"}


def test_an_account_is_opened_given_roles_shut_and_opened_again(world: World) -> None:
    admin = signed_in(world.users["admin"])
    south, north = world.units["probation/south"].pk, world.units["probation/north"].pk
    new = {"name": "Nora Quill", "email": "nora@example.org", "unit": south, "role": "supervising_officer"}
    assert send(admin, "POST", f"{V1}/members/", {**new, "role": "system_partner"}).status_code == 400
    opened = send(admin, "POST", f"{V1}/members/", new)
    assert (opened.status_code, opened.json()["state"]) == (201, "invited")
    one = f"{V1}/members/{opened.json()['id']}"
    given = send(admin, "POST", f"{one}/roles/", {"unit": north, "role": "analyst"}).json()
    assert {role["role"] for role in given["roles"]} == {"supervising_officer", "analyst"}
    analyst = next(role["id"] for role in given["roles"] if role["role"] == "analyst")
    ended = send(admin, "POST", f"{one}/roles/{analyst}/end/").json()
    assert [role["role"] for role in ended["roles"]] == ["supervising_officer"]
    assert send(admin, "POST", f"{one}/suspend/", {"reason": "Left"}).json()["state"] == "suspended"
    assert "Nora Quill" in names(admin, "/members/", state="suspended")
    assert send(admin, "POST", f"{one}/reinstate/").json()["state"] == "invited"
    verbs = [row["verb"] for row in trail("change")]
    assert verbs == ["role.given", "role.given", "role.ended", "account.suspended", "account.reinstated"]
    assert {row["channel"] for row in trail("change")} == {"api"}


def test_colleagues_are_found_by_words_in_the_body_within_the_agency(world: World) -> None:
    reyes = signed_in(world.users["reyes"])
    for words, found in (("PAT", ["Patel"]), ("stone@example", ["Stone"]), ("olsen", [])):
        answer = send(reyes, "POST", f"{V1}/officers/search/", {"words": words}).json()
        assert [row["name"] for row in answer["results"]] == found


def test_an_account_is_corrected_from_the_answer_that_was_read(world: World) -> None:
    admin, one = signed_in(world.users["admin"]), f"{V1}/members/{world.users['olsen'].pk}/"
    read = admin.get(one)
    tag = {"If-Match": read["ETag"]}
    changed = admin.patch(one, {"phone": "555-0177"}, content_type="application/json", headers=tag)
    assert changed.status_code == 200, changed.content
    assert changed.json() == {**read.json(), "phone": "555-0177"}
    assert admin.patch(one, {"phone": "1"}, content_type="application/json", headers=tag).status_code == 412
    fresh = {"If-Match": changed["ETag"]}
    for wrong in ({"email": "x@example.org"}, {"name": " "}, {"phone": "5" * 31}):
        assert admin.patch(one, wrong, content_type="application/json", headers=fresh).status_code == 400
    (row,) = trail("change")
    assert (row["verb"], row["before"], row["after"]) == ("account.corrected", {"phone": ""}, {"phone": "555-0177"})


def test_of_two_corrections_from_one_answer_the_second_is_refused(world: World) -> None:
    admin, one = signed_in(world.users["admin"]), f"{V1}/members/{world.users['olsen'].pk}/"
    tag = {"If-Match": admin.get(one)["ETag"]}

    held = threading.Event()

    def correct(**change: str) -> int:
        held.wait(10)
        return signed_in(world.users["admin"]).patch(
            one, change, content_type="application/json", headers=tag
        ).status_code  # fmt: skip

    def hold() -> None:
        """Hold the agency's lock until both wait for it."""
        with contextlib.closing(services.connect("owner")) as holder:
            holder.autocommit = False
            with holder, holder.cursor() as cursor:
                agency = world.agencies["probation"].pk
                cursor.execute("SELECT 1 FROM agencies_unit WHERE agency_id = %s AND is_root FOR UPDATE", [agency])
                held.set()
                until, waiting = time.monotonic() + 20, 0
                while waiting < 2 and time.monotonic() < until:
                    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                    waiting = cursor.fetchone()[0]
                assert waiting == 2

    results = together(hold, lambda: correct(phone="1"), lambda: correct(badge="2"))
    assert sorted(results[1:]) == [200, 412], results


def test_a_person_whose_password_is_not_fresh_changes_no_account_by_the_api(world: World) -> None:
    admin = signed_in(world.users["admin"])
    session = admin.session
    session["signed_in_at"] = time.time() - 3600
    session.save()
    refused = send(admin, "POST", f"{V1}/members/{world.users['olsen'].pk}/suspend/", {"reason": "x"})
    assert refused.status_code == 403
    assert "reauthenticate" in refused.json()["detail"]
    assert admin.get(f"{V1}/members/").status_code == 200


def test_a_unit_is_changed_from_the_version_that_was_read(world: World) -> None:
    admin = signed_in(world.users["admin"])
    unit = f"{V1}/units/{world.units['probation/north'].pk}/"
    tag = admin.get(unit)["ETag"]
    changed = send(admin, "PATCH", unit, {"phone": "555-0123"}, If_Match=tag)
    assert changed.json()["phone"] == "555-0123"
    assert send(admin, "PATCH", unit, {"phone": "555-0124"}, If_Match=tag).status_code == 412
    police = f"{V1}/units/{world.units['police/gang'].pk}/"
    tag = admin.get(police)["ETag"]
    assert send(admin, "PATCH", police, {"name": "Ours"}, If_Match=tag).status_code == 404


def test_cover_and_workload_have_their_twins(world: World) -> None:
    olsen, pratt = signed_in(world.users["olsen"]), signed_in(world.users["pratt"])
    now = timezone.now()
    asked = {
        "colleague": world.users["pratt"].pk,
        "starts_at": (now - datetime.timedelta(hours=1)).isoformat(),
        "until": (now + datetime.timedelta(days=2)).isoformat(),
    }
    cover = send(olsen, "POST", f"{V1}/covers/", asked).json()
    others = {**asked, "officer": world.users["quist"].pk}
    assert send(olsen, "POST", f"{V1}/covers/", others).status_code == 403
    assert send(signed_in(world.users["admin"]), "POST", f"{V1}/covers/", others).json()["officer"] == others["officer"]
    services.owner("DELETE FROM agencies_cover WHERE officer_id = %s", world.users["quist"].pk)
    assert [row["id"] for row in pratt.get(f"{V1}/covers/").json()["covering"]] == [cover["id"]]
    away = {row["name"]: row["away"] for row in pratt.get(f"{V1}/officers/").json()["results"]}
    assert away["Olsen"]["name"] == "PO Pratt"
    assert send(pratt, "POST", f"{V1}/covers/{cover['id']}/end/").status_code == 404
    assert send(olsen, "POST", f"{V1}/covers/{cover['id']}/end/").status_code == 200
    assert pratt.get(f"{V1}/covers/").json()["covering"] == []
    loads = {row["officer"]: row["cases"] for row in olsen.get(f"{V1}/workload/").json()["loads"]}
    assert loads == {"PO Olsen": 7, "PO Pratt": 7}
    assert signed_in(world.users["admin"]).get(f"{V1}/workload/").json()["loads"] == []
