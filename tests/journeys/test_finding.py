"""Signing in, finding people, and a phone in the hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

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
    expect(page.get_by_role("alert")).to_contain_text("We could not sign you in with this address and password")


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


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 900}}


def stands_on_the_first_screen(page: Page, *wanted: str) -> None:
    """Danger, person, who answers and rules: seen without scrolling, in this order."""
    height = page.viewport_size["height"] if page.viewport_size else 0
    for words in wanted:
        box = page.get_by_text(words).locator("visible=true").first.bounding_box()
        assert box is not None, words
        assert box["y"] + box["height"] < height, f"{words} needs scrolling"
    assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize(("who", "rules"), [("patel", "At home from"), ("reyes", "Conditions binding now")])
def test_j1_who_is_this_and_is_it_safe(world: World, somebody: Come, device: Any, who: str, rules: str) -> None:
    """By name: Enter (1), the row (2). By number: Enter (1)."""
    person = somebody(who, **device)
    page = person.page
    if device is PHONE:
        page.get_by_role("navigation", name="Places").get_by_role("link", name="Find").click()
        box = page.locator("#id_q")
    else:
        box = page.locator("#top-search")
    first_screen = ("Firearm", "Tobias Hallett", "PO Olsen", rules)
    box.fill("Hallett")
    clicks = [lambda: box.press("Enter"), lambda: page.get_by_role("link", name="Hallett, Tobias").click()]
    for act in clicks:
        act()
        page.wait_for_load_state()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tobias Hallett")
    stands_on_the_first_screen(page, *first_screen)


def test_j1_by_number_and_by_keyboard_alone(world: World, somebody: Come) -> None:
    person = somebody("patel", **DESK)
    page = person.page
    for _ in range(12):  # the search box is near the top, for whoever goes by Tab
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "top-search":
            break
    page.keyboard.type(world.joint.number)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tobias Hallett")
    stands_on_the_first_screen(page, "Firearm", "PO Olsen")
