"""Recording a contact from the doorstep: three clicks, at a desk, on a phone, and by the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Somebody
from tests.worlds import World

pytestmark = pytest.mark.browser
Come = Callable[..., Somebody]

PERSON = "Devon Pike"  # of olsen's cases one whose review stands on Today
SIZES = [{"viewport": {"width": 1280, "height": 900}}, {"viewport": {"width": 390, "height": 844}, "has_touch": True}]


@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
def test_from_today_to_a_saved_contact_in_three_clicks(world: World, somebody: Come, size: dict[str, object]) -> None:
    person = somebody("olsen", **size)
    page = person.page
    seen = len(person.requests)
    steps = (("link", re.compile(PERSON)), ("link", "Add contact"), ("button", "Save contact"))
    for clicks, (role, name) in enumerate(steps):
        if name == "Save contact":
            page.get_by_label("Home visit").check()  # the one choice; the moment and the officer are filled in
            expect(page.get_by_text("Recorded by PO Olsen")).to_be_visible()
        found = page.get_by_role(role, name=name).locator("visible=true").first
        if clicks and "has_touch" in size:
            expect(found).to_be_in_viewport()  # within the thumb's reach, without scrolling
        found.click()
    expect(page.get_by_role("status")).to_contain_text("Contact saved.")
    expect(page.get_by_role("link", name="Home visit").first).to_be_visible()
    pages = [line for line in person.requests[seen:] if re.search(r"(GET|POST) \S+/cases/\S*/$", line)]
    assert len(pages) == 4, pages  # case, form, save, and the page after it
    assert page.evaluate("() => document.documentElement.scrollWidth") <= page.evaluate("() => window.innerWidth")


def test_the_keyboard_alone_records_a_contact(world: World, somebody: Come) -> None:
    page = somebody("olsen").page

    def tab_to(text: str) -> None:
        for _ in range(150):
            page.keyboard.press("Tab")
            said = page.evaluate(
                "() => { const e = document.activeElement, label = e.labels && e.labels[0];"
                " return (e.innerText || '') + ' ' + (label ? label.innerText : '') }"
            )
            if text in " ".join(said.split()):
                return
        raise AssertionError(f"Tab never reached {text!r}")

    for stop in (PERSON, "Add contact"):
        tab_to(stop)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    tab_to("Home visit")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Office visit")).to_be_checked()
    tab_to("Note")
    page.keyboard.type("Came on time.")
    tab_to("Save contact")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Contact saved.")
    expect(page.get_by_text("Came on time.", exact=True)).to_be_visible()


def test_what_is_typed_survives_without_being_saved(world: World, somebody: Come) -> None:
    person = somebody("olsen")
    page = person.go(f"/cases/{world.joint.uuid}/contacts/new/")
    page.get_by_label("Note").fill("Half a sentence")
    expect(page.locator("#draft-state")).to_contain_text("Draft kept")
    page.context.clear_cookies(name=re.compile("session"))  # the session runs out, and the page is closed
    page.goto(page.url)
    page.get_by_label("Email").fill("olsen@example.org")
    page.get_by_label("Password").fill("a long sentence for tests")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{person.address}/cases/{world.joint.uuid}/contacts/new/")
    expect(page.get_by_label("Note")).to_have_value("Half a sentence")


def test_the_partner_learns_of_it_at_once(world: World, somebody: Come) -> None:
    partner = somebody("reyes").page
    page = somebody("olsen").go(f"/cases/{world.joint.uuid}/contacts/new/")
    page.get_by_label("Office visit").check()
    page.get_by_label("Note").fill("Brought the shift letter.")
    page.get_by_role("button", name="Save contact").click()
    expect(page.get_by_role("status")).to_contain_text("Gang, Riverton Police Department")
    expect(partner.locator("#badge-top .badge")).to_have_text("1", timeout=10_000)
    partner.get_by_role("navigation", name="Main").get_by_role("link", name="Inbox").click()
    partner.get_by_role("link", name="Contact recorded: Tobias Hallett").click()
    partner.get_by_role("link", name="Read the contact").click()
    expect(partner.get_by_text("Brought the shift letter.")).to_be_visible()
