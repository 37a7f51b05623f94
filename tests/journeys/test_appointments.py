"""From Today to what came of an appointment: two clicks, on a desk and on a phone, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Somebody
from tests.worlds import World

pytestmark = pytest.mark.browser
Come = Callable[..., Somebody]

DESK: dict[str, Any] = {}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_an_outcome_takes_two_clicks_from_today(world: World, somebody: Come, screen: dict[str, Any]) -> None:
    officer = somebody("olsen", **screen)
    page, before = officer.page, len(officer.requests)
    page.get_by_role("link", name="Record outcome Outcome not recorded: Tobias Hallett").click()
    page.get_by_label("Attended and complied").check()
    page.get_by_role("button", name="Save outcome").click()
    expect(page.get_by_role("status")).to_contain_text("attended and complied. Gang, Riverton Police Department")
    expect(page).to_have_url(officer.address + "/")
    expect(page.get_by_text("Outcome not recorded")).to_have_count(0)
    asked = [line for line in officer.requests[before:] if "/static/" not in line and "/inbox/badge" not in line]
    assert [line.split()[0] for line in asked] == ["GET", "POST", "GET"], (
        asked
    )  # the form; the save, and where it leads
    assert page.evaluate("() => document.documentElement.scrollWidth") <= page.evaluate("() => window.innerWidth")


def test_an_outcome_by_keyboard_alone(world: World, somebody: Come) -> None:
    page = somebody("olsen").page

    def tab_to(text: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "() => { const e = document.activeElement, label = e.labels && e.labels[0];"
                " return (e.innerText || '') + ' ' + (label ? label.innerText : '') }"
            )
            if text in " ".join(focused.split()):
                return
        raise AssertionError(f"Tab never reached {text!r}")

    tab_to("Record outcome Outcome not recorded: Tobias Hallett")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to("Attended and complied")
    page.keyboard.press("ArrowDown")
    tab_to("Save outcome")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("attended, did not comply")
