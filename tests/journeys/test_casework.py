"""A case opened by hand on a phone, with a document; and a duplicate that is noticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.cases.documents.files import PDF
from tests.journeys.conftest import Somebody
from tests.worlds import World

pytestmark = pytest.mark.browser
Come = Callable[..., Somebody]


def test_a_case_is_opened_on_a_phone_and_gets_its_order(world: World, somebody: Come) -> None:
    """Cases (1), Open a case (2), three answers (3–5), Open (6); Documents (7), Add (8), Download (9)."""
    phone = somebody("olsen", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = phone.page
    page.get_by_role("navigation", name="Places").get_by_role("link", name="Cases").click()
    page.get_by_role("link", name="Open a case").click()
    for label, typed in (("First name", "Anna"), ("Last name", "Novak"), ("Birth date", "5/4/1991")):
        page.locator("main").get_by_label(label).fill(typed)
    page.get_by_label("Your agency’s number for the person").fill("P90001")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Where do they live?")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Case number").fill("C90001")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you open the case")
    page.get_by_role("button", name="Open the case").click()
    expect(page.get_by_text("Case opened.")).to_be_visible()
    page.get_by_role("navigation", name="Case").get_by_role("link", name="Documents").click()
    page.get_by_label("File").set_input_files({"name": "order.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_label("Title").fill("Order of probation")
    page.get_by_role("button", name="Add the document").click()
    expect(page.get_by_text("Document added.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download Order of probation").click()
    assert download.value.suggested_filename == "order.pdf"
    assert not [line for line in phone.requests if "ovak" in line or "P90001" in line]


def test_a_duplicate_interrupts_and_is_settled_by_keyboard(world: World, somebody: Come) -> None:
    person = somebody("olsen")
    page = person.go("/cases/new/")
    for label, typed in (("First name", "Tobias"), ("Last name", "Hallett"), ("Birth date", "3/9/1980")):
        page.locator("main").get_by_label(label).fill(typed)
    page.get_by_label("Your agency’s number for the person").fill("P90001")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it the same person?")
    same = page.get_by_role("button", name="Same person, new case")
    for _ in range(30):
        if same.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A new case of Tobias Hallett")).to_be_visible()
    page.get_by_label("Case number").fill("C90001")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Open the case").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tobias Hallett")
