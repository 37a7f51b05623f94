"""The one job the portal exists for, in real browsers: a change on one side is news on the other."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Somebody
from tests.worlds import World

pytestmark = pytest.mark.browser
Come = Callable[..., Somebody]

CASE = "Hallett, Tobias"


def open_goal(page: Page) -> None:
    """From anywhere to the form of goal 1."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Cases").click()
    page.get_by_role("link", name=CASE).click()
    page.get_by_role("navigation", name="Case").get_by_role("link", name="Plan").click()
    page.get_by_role("link", name="Update goal 1").click()


def test_a_changed_goal_reaches_the_partners_inbox_with_before_and_after(world: World, somebody: Come) -> None:
    partner = somebody("reyes").page
    expect(partner.locator("#badge-top .badge")).to_have_count(0)

    officer = somebody("olsen")
    page = officer.page
    before = len(officer.requests)
    open_goal(page)
    page.get_by_label("How we know it is reached").fill("Eight months in one job")
    page.get_by_label("Why it changes").fill("New employer")
    page.get_by_role("button", name="Save goal 1").click()
    expect(page.get_by_role("status")).to_contain_text("Riverton Police Department")
    pages = [line for line in officer.requests[before:] if re.search(r"(GET|POST) \S+/(cases)/", line)]
    assert len(pages) == 6  # four clicks (list, case, plan, form), one save, one page after it

    expect(partner.locator("#badge-top .badge")).to_have_text("1", timeout=10_000)
    partner.get_by_role("navigation", name="Main").get_by_role("link", name="Inbox").click()
    partner.get_by_role("link", name="Plan changed: Tobias Hallett").click()
    expect(partner.locator("del")).to_have_text("Six")
    expect(partner.locator("ins")).to_have_text("Eight")
    expect(partner.get_by_text("New employer")).to_be_visible()
    partner.get_by_role("link", name="Open the plan at this goal").click()
    expect(partner).to_have_url(re.compile(r"/plan/#goal-[0-9a-f-]{36}$"))
    expect(partner.get_by_text("Eight months in one job").first).to_be_visible()
    expect(partner.get_by_text("Finish the program")).to_have_count(0)


def test_two_people_change_one_goal_and_neither_text_is_lost(world: World, somebody: Come) -> None:
    ours, theirs = somebody("olsen").page, somebody("reyes").page
    open_goal(ours)
    open_goal(theirs)
    theirs.get_by_label("How we know it is reached").fill("Six months, paid on the books")
    theirs.get_by_role("button", name="Save goal 1").click()
    expect(theirs.get_by_role("status")).to_contain_text("saved")

    ours.get_by_label("How we know it is reached").fill("Eight months in one job")
    ours.get_by_label("Where it starts").fill("Two short jobs")
    ours.get_by_role("button", name="Save goal 1").click()
    expect(ours.get_by_text("Nothing is lost and nothing is saved yet")).to_be_visible()
    expect(ours.get_by_text("Det. Reyes").first).to_be_visible()
    ours.get_by_label("Write a new text from both").check()
    ours.get_by_label("New text for how we know it is reached").fill("Eight months, paid on the books")
    ours.get_by_role("button", name="Save goal 1").click()
    expect(ours.get_by_text("Eight months, paid on the books").first).to_be_visible()
    expect(ours.get_by_text("from Two short jobs")).to_be_visible()


def test_without_javascript_everything_but_the_badge_works(world: World, somebody: Come) -> None:
    page = somebody("olsen", java_script_enabled=False).page
    open_goal(page)
    page.get_by_label("Progress so far").fill("2")
    page.get_by_role("button", name="Save goal 1").click()
    expect(page.get_by_role("status")).to_contain_text("Goal 1 saved")
    page.get_by_role("navigation", name="Case").get_by_role("link", name="Access").click()
    page.get_by_role("link", name="Share with an agency").click()
    page.get_by_label("Share with").select_option(label="Pine County Sheriff's Office, Patrol")
    page.get_by_label("Coordination").check()
    page.get_by_label("Purpose").select_option(label="Supervision")
    page.get_by_label("Until").fill("12/31/30")
    page.get_by_role("button", name="Preview the share").click()
    page.get_by_role("button", name="Share the case").click()
    expect(page.get_by_role("status")).to_contain_text("Shared with Patrol, Pine County Sheriff's Office")
    page.get_by_role("link", name=re.compile("End access of Patrol, Pine")).click()
    page.get_by_label("Reason").fill("Not needed after all")
    page.get_by_role("button", name="End access now").click()
    expect(page.get_by_role("status")).to_contain_text("has ended")


def test_the_keyboard_alone_is_enough(world: World, somebody: Come) -> None:
    page = somebody("olsen").page

    def tab_to(text: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "() => { const e = document.activeElement, label = e.labels && e.labels[0];"
                " return (e.innerText || '') + ' ' + (label ? label.innerText : '') }"
            )
            if text in " ".join(focused.split()):
                visible = page.evaluate(
                    "() => { const r = document.activeElement.getBoundingClientRect();"
                    " const top = document.elementFromPoint(r.left + Math.min(4, r.width / 2), r.top + r.height / 2);"
                    " return !!top && (top === document.activeElement || document.activeElement.contains(top)"
                    " || (document.activeElement.labels || []).length > 0) }"
                )
                assert visible, f"the focus on {text!r} is covered"
                return
        raise AssertionError(f"Tab never reached {text!r}")

    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.innerText") == "Skip to main content"
    for stop in ("Cases", CASE, "Plan", "Update goal 1"):
        tab_to(stop)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    tab_to("Progress so far")
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Goal 1 saved")
