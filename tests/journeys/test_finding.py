"""Signing in, finding people, and a phone in the hand."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Somebody
from tests.worlds import World

pytestmark = pytest.mark.browser
Come = Callable[..., Somebody]


def test_a_visitor_is_asked_to_sign_in_and_brought_back(world: World, somebody: Come) -> None:
    person = somebody()
    page = person.go("/cases/")
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next="))
    expect(page.get_by_text("recorded", exact=True)).to_be_visible()
    page.get_by_label("Email").fill("olsen@example.org")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not correct")


def test_a_misspelt_name_finds_the_person_in_two_steps(world: World, somebody: Come) -> None:
    person = somebody("olsen")
    page = person.page
    page.locator("#top-search").fill("Rodrigez")
    page.locator("#top-search").press("Enter")
    expect(page).to_have_url(re.compile(r"/search/[\w-]{20,}/$"))
    page.get_by_role("link", name="Rodriguez, Maria").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Maria Rodriguez")
    assert not [line for line in person.requests if "odrig" in line]


def test_the_list_is_filtered_and_a_chip_takes_the_filter_away(world: World, somebody: Come) -> None:
    page = somebody("mills").page
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Cases").click()
    form = page.get_by_role("form", name="Filter")
    if not form.is_visible():
        page.locator("summary", has_text="Filter").click()
    form.get_by_label("Absconder").check()
    form.get_by_role("button", name="Apply").first.click()
    expect(page.locator("table.cases tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Remove filter: Absconder").click()
    expect(page.locator("table.cases tbody tr")).to_have_count(20)


def test_on_a_phone_danger_person_and_rules_come_first(world: World, somebody: Come) -> None:
    phone = somebody("patel", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = phone.page
    page.get_by_role("navigation", name="Places").get_by_role("link", name="Cases").click()
    page.get_by_role("link", name="Hallett, Tobias").click()
    height = page.viewport_size["height"] if page.viewport_size else 0
    tops = []
    for wanted in ("Firearm", "Tobias Hallett", "Conditions in force"):
        box = page.get_by_text(wanted).locator("visible=true").first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < height, f"{wanted} needs scrolling"
        tops.append(box["y"])
    assert tops == sorted(tops)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
