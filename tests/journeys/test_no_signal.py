"""A tap on "Save" without connection, or with the server gone before it answers: nothing is lost, nothing doubled."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Somebody
from tests.worlds import PASSWORD, World

pytestmark = pytest.mark.browser
Come = Callable[..., Somebody]

AT_THE_PLAN = re.compile(r"/plan/#goal-")
SENT_NOTHING = "Nothing was sent, because there is no connection; what you typed is still here."
SIGNED_OUT = "You are signed out; what you typed is still here. Sign in in another tab, then save again."
NO_ANSWER = "No answer came, so this may not be saved; what you typed is still here, and you can save again."


def _contact(person: Somebody, world: World) -> Page:
    page = person.go(f"/cases/{world.joint.uuid}/contacts/new/")
    page.get_by_label("Home visit").check()
    page.get_by_label("Note").fill("The dog is loose.")
    return page


def _outcome(person: Somebody, world: World) -> Page:
    person.page.get_by_role("link", name="Record outcome Outcome not recorded: Tobias Hallett").click()
    person.page.get_by_label("Attended and complied").check()
    person.page.get_by_label("Note").fill("The dog is loose.")
    return person.page


def _caution(person: Somebody, world: World) -> Page:
    page = person.go(f"/cases/{world.joint.uuid}/cautions/new/")
    page.get_by_label("Caution, in two").fill("Loose dog")
    page.get_by_label("What happened").fill("The dog is loose.")
    page.get_by_label("Look at it again by").fill(f"{timezone.localdate() + datetime.timedelta(days=30):%m/%d/%Y}")
    return page


def _goal(person: Somebody, world: World) -> Page:
    page = person.go(f"/cases/{world.joint.uuid}/plan/goals/{world.goals[0].uuid}/edit/")
    page.get_by_label("How we know it is reached").fill("The dog is loose.")
    return page


def _tell(page: Page, words: str) -> None:
    """The page says why nothing came of it, where the eye and the screen reader are, and keeps what was typed."""
    said = page.get_by_role("alert").filter(has_text=words)
    expect(said).to_be_visible()
    expect(said).to_be_focused()


def _unanswered(person: Somebody) -> None:
    """Of what the console told, htmx's own notes of a request without an answer are meant to be there."""
    person.faults[:] = [fault for fault in person.faults if "htmx:" not in fault]


@pytest.mark.parametrize("fill", [_contact, _outcome, _caution, _goal])
def test_without_connection_the_form_stays_and_can_be_sent_again(
    world: World, somebody: Come, fill: Callable[[Somebody, World], Page]
) -> None:
    person = somebody("olsen", viewport={"width": 390, "height": 844}, has_touch=True)
    page = fill(person, world)
    address = page.url
    save = page.locator("form.sheet button.button--main")
    person.context.set_offline(True)
    for _ in range(2):
        save.click()
        _tell(page, SENT_NOTHING)
        expect(save).to_be_enabled()
    assert page.url == address
    assert "The dog is loose." in page.locator("form.sheet").evaluate("form => [...new FormData(form).values()]")
    assert "dog" not in page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])").lower()
    person.context.set_offline(False)
    save.click()
    page.wait_for_url(lambda url: url != address)
    expect(page.get_by_role("status").first).to_be_visible()
    _unanswered(person)


def test_an_answer_that_was_lost_makes_no_second_contact(world: World, somebody: Come) -> None:
    person = somebody("olsen")
    page = _contact(person, world)
    save, saved = page.get_by_role("button", name="Save contact"), []

    def lose_the_answer(route: Any) -> None:
        saved.append(route.fetch(max_redirects=0).status)  # it arrives, and nobody hears that it did
        route.abort()

    page.route("**/contacts/new/", lose_the_answer, times=1)
    save.click()
    _tell(page, NO_ANSWER)
    expect(page.get_by_label("Note")).to_have_value("The dog is loose.")
    assert saved == [200]
    save.click()
    expect(page.get_by_role("status").first).to_contain_text("Contact saved.")
    expect(page.get_by_text("The dog is loose.", exact=True)).to_have_count(1)
    _unanswered(person)


def test_an_answer_that_was_lost_brings_nobody_into_conflict_with_themselves(world: World, somebody: Come) -> None:
    """The first tap saved the goal: the second finds it as it was typed, and says so."""
    person = somebody("olsen")
    page = _goal(person, world)
    save = page.get_by_role("button", name="Save goal 1")

    def lose_the_answer(route: Any) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/edit/", lose_the_answer, times=1)
    save.click()
    _tell(page, NO_ANSWER)
    save.click()
    page.wait_for_url(AT_THE_PLAN)
    page.get_by_role("link", name="Update goal 1").click()
    expect(page.get_by_text("Version 2, last changed")).to_be_visible()  # once, and not by both taps
    expect(page.get_by_label("How we know it is reached")).to_have_value("The dog is loose.")
    _unanswered(person)


def test_a_merge_comes_into_the_page_and_is_a_kept_form_itself(world: World, somebody: Come) -> None:
    person, other = somebody("olsen"), somebody("reyes")
    page = _goal(person, world)
    _goal(other, world).get_by_label("How we know it is reached").fill("Another target")
    other.page.get_by_role("button", name="Save goal 1").click()
    other.page.wait_for_url(AT_THE_PLAN)
    page.get_by_role("button", name="Save goal 1").click()
    expect(page.get_by_role("heading", name="Goal 1 was changed while you were editing")).to_be_focused()
    page.get_by_label("Keep yours").check()
    person.context.set_offline(True)
    save = page.get_by_role("button", name="Save goal 1")
    save.click()
    _tell(page, SENT_NOTHING)
    person.context.set_offline(False)
    save.click()
    page.wait_for_url(AT_THE_PLAN)
    expect(page.get_by_text("The dog is loose.", exact=True).first).to_be_visible()
    _unanswered(person)


def test_what_the_server_refuses_comes_back_into_the_page(world: World, somebody: Come) -> None:
    page = somebody("olsen").go(f"/cases/{world.joint.uuid}/contacts/new/")
    before = page.evaluate("() => history.length")
    page.get_by_label("Note").fill("No kind chosen")
    page.get_by_role("button", name="Save contact").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.get_by_label("Note")).to_have_value("No kind chosen")
    assert page.evaluate("() => history.length") == before, "the way back leads to where one came from"
    page.get_by_label("Home visit").check()
    page.get_by_role("button", name="Save contact").click()  # the form that came back is kept as well
    expect(page.get_by_role("status")).to_contain_text("Contact saved.")


def test_a_page_in_place_of_the_form_is_told_beside_the_button(world: World, somebody: Come) -> None:
    person = somebody("olsen")
    page = _contact(person, world)
    page.locator("form.sheet input[name=csrfmiddlewaretoken]").evaluate("field => { field.value = 'x'.repeat(64) }")
    page.get_by_role("button", name="Save contact").click()
    _tell(page, "This form has grown too old")
    expect(page.get_by_label("Note")).to_have_value("The dog is loose.")
    page.route("**/contacts/new/", lambda route: route.fulfill(status=404, body="<h1>Gateway</h1>"), times=1)
    page.get_by_role("button", name="Save contact").click()
    _tell(page, NO_ANSWER)


def _sign_in_elsewhere(person: Somebody) -> None:
    tab = person.context.new_page()
    tab.goto(f"{person.address}/accounts/login/")
    tab.get_by_label("Email").fill("olsen@example.org")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    tab.wait_for_url(f"{person.address}/")
    tab.close()


def test_a_form_outlives_the_session_in_which_it_was_filled_in(world: World, somebody: Come) -> None:
    person = somebody("olsen")
    page = _contact(person, world)
    address, save = page.url, page.get_by_role("button", name="Save contact")
    person.context.clear_cookies(name="concord_session")
    save.click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    _sign_in_elsewhere(person)
    page.evaluate("() => dispatchEvent(new Event('focus'))")  # somebody comes back to the tab
    expect(page.get_by_role("heading", name="You are signed out")).to_be_hidden()
    expect(page.get_by_role("alert").filter(has_text=SIGNED_OUT)).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("The dog is loose.")
    assert page.url == address
    save.click()
    expect(page.get_by_role("status").first).to_contain_text("Contact saved.")
    _unanswered(person)


def test_a_form_of_an_earlier_session_is_saved_at_the_second_tap(world: World, somebody: Come) -> None:
    person = somebody("olsen")
    page = _contact(person, world)
    person.context.clear_cookies(name="concord_session")
    _sign_in_elsewhere(person)  # before the page knew that it was signed out
    save = page.get_by_role("button", name="Save contact")
    with page.expect_response("**/account/session/"):
        save.click()
    _tell(page, "Nothing was saved; send it once more.")
    expect(page.get_by_label("Note")).to_have_value("The dog is loose.")
    save.click()
    expect(page.get_by_role("status").first).to_contain_text("Contact saved.")
    _unanswered(person)


def test_without_script_the_form_is_sent_as_ever(world: World, somebody: Come) -> None:
    page = _contact(somebody("olsen", java_script_enabled=False), world)
    page.get_by_role("button", name="Save contact").click()
    expect(page.get_by_role("status")).to_contain_text("Contact saved.")
