"""The share view hides what must not be read over a shoulder, and Hide hides all."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests import services
from tests.cases.supervision.test_pages import overview, statements
from tests.pages import Visitor, text, trail
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def together(world: World) -> str:
    return reverse("case_together", args=[world.joint.uuid])


def test_it_shows_what_was_agreed_and_hides_the_rest(world: World) -> None:
    services.owner("UPDATE cases_action SET audience = 0, kind = 'supervise' WHERE id = %s", world.actions[1].pk)
    page = text(Visitor(world.users["olsen"]).get(together(world)))
    for seen in ("Keep a job", "Talk with the employer", "At home from 9 p.m.", "Tobias’s plan", "PO Olsen"):
        assert seen in page
    for hidden in (
        "Firearm",
        "Hallett",
        "Burglary",
        "12 Elm Street",
        "Finish the program",
        "Drive past",
        world.joint.number,
    ):
        assert hidden not in page
    (event,) = trail("read", action="share_view")
    assert event["record_ids"] == [world.joint.uuid]


def test_it_shows_no_more_than_the_grant_opens_and_costs_little(world: World) -> None:
    patel = text(Visitor(world.users["patel"]).get(together(world)))
    assert "At home from 9 p.m." in patel
    assert "Keep a job" not in patel
    assert Visitor(world.users["carter"]).get(together(world)).status_code == 404
    assert len(statements(Visitor(world.users["olsen"]), together(world))) <= 14


def test_hide_signs_out_and_signing_in_leads_back(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    here = overview(world.joint)
    page = olsen.get(here).content.decode()
    assert f'name="next" value="{here}"' in page
    left = olsen.send(reverse("account_logout"), page, {"next": here})
    assert left["Location"] == here
    asked = olsen.get(here)
    assert asked["Location"] == f"{reverse('account_login')}?next={here}"
