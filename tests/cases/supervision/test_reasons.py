"""Why a search found somebody: said from what the reader may see, and how often one may ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.calls import V1, send, signed_in
from tests.pages import Visitor, text
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def found(world: World, who: str, words: str) -> dict[str, list[tuple[str, str]]]:
    """Family name → (label, text) of each reason."""
    visitor = Visitor(world.users[who])
    answer = visitor.get(visitor.post(reverse("case_search"), {"q": words})["Location"])
    return {
        case.person.family_name: [(reason.label, reason.text) for reason in case.reasons]
        for case in answer.context["cases"]
    }


def test_name_alias_close_spelling_and_birth_date_are_told_apart(world: World) -> None:
    assert found(world, "olsen", "hall tob") == {"Hallett": [("Name", "Tobias Hallett")]}
    assert found(world, "olsen", "Rodrigez") == {"Rodriguez": [("Close to the name", "Maria Rodriguez")]}
    assert found(world, "olsen", "ace")["Hallett"] == [("Alias", "Ace Of Spades")]
    born = found(world, "olsen", "Hallett 3/10/1980")
    assert born == {"Hallett": [("Name", "Tobias Hallett"), ("Birth date, a day off", "Mar 9, 1980")]}


def test_what_fits_is_marked(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    page = text(visitor.get(visitor.post(reverse("case_search"), {"q": "hallett"})["Location"]))
    assert "Name: Tobias <mark>Hallett</mark>" in page


def test_an_alias_is_not_told_to_somebody_who_sees_the_name_alone(world: World) -> None:
    assert found(world, "carter", "ace") == {world.referred.person.family_name: []}
    visitor = Visitor(world.users["carter"])
    page = text(visitor.get(visitor.post(reverse("case_search"), {"q": "spades"})["Location"]))
    assert "Of Spades" not in page


def test_a_number_another_system_gave_is_told_to_whoever_knows_the_status(world: World) -> None:
    number = f"FL{world.joint.pk:08}"
    owner("UPDATE cases_identifier SET value = %s WHERE person_id = %s", number, world.cases[5].person_id)
    assert found(world, "olsen", number)["Hallett"] == [("State ID", number)]


def test_a_search_costs_nine_statements_however_many_it_finds(world: World) -> None:
    visitor = Visitor(world.users["mills"])
    costs = []
    for words in ("Hallett", "ace"):
        address = visitor.post(reverse("case_search"), {"q": words})["Location"]
        visitor.get(address)
        with CaptureQueriesContext(connection) as caught:
            visitor.get(address)
        costs.append(len(caught.captured_queries))
    assert costs[0] == costs[1] <= 9


def test_pages_and_calls_are_counted_together_and_the_next_is_told_to_wait(world: World, settings: Any) -> None:
    settings.API_RATES = {"calls": (1000, 3600), "search": (3, 3600)}
    visitor, api = Visitor(world.users["stone"]), signed_in(world.users["stone"])
    for _ in range(2):
        assert visitor.post(reverse("case_search"), {"q": "Hallett"}).status_code == 302
    assert send(api, "POST", f"{V1}/searches/", {"words": "Hallett"}).status_code == 200
    refused = visitor.post(reverse("case_search"), {"q": "Hallett"})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "Wait" in text(refused)
    assert send(api, "POST", f"{V1}/searches/", {"words": "Hallett"}).status_code == 429
    assert Visitor(world.users["reyes"]).post(reverse("case_search"), {"q": "Hallett"}).status_code == 302
