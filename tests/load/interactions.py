"""`python -m tests.load.interactions`: how long the running demo's pages take from a touch to what the eye sees of it.

On each page everything is tried that does not lead away: boxes ticked, parts folded and unfolded, fields typed into.
The browser itself says how long each took until the next paint (Event Timing API), on a machine slowed down four times,
as a phone is.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from playwright.sync_api import Page, sync_playwright

from portal.launcher import state
from portal.launcher.debian import find

LIMIT = 100.0  # milliseconds to the next paint
SLOWED = 4  # times
TRIED_AT_MOST = 12  # things of a kind on a page
WATCH = """
window.seen = [];
new PerformanceObserver(list => {
  for (const e of list.getEntries()) if (e.interactionId) window.seen.push([e.name, e.duration]);
}).observe({type: 'event', durationThreshold: 16, buffered: true});
"""
_CASE = re.compile(r'href="(/cases/[0-9a-f-]{36}/)"')


def main() -> int:
    """Measures as an officer on a phone, prints a line a page, and returns 1 where something took too long."""
    port, found = state.load().get("PORT"), find("chromium")
    if not port or not found:
        print("This needs a running demo (`make demo`) and Chromium.", file=sys.stderr)
        return 1
    worst = 0.0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=f"http://localhost:{port}")
        page = context.new_page()
        page.goto("/demo/")
        page.get_by_role("button", name="Dana Ortiz").click()
        page.goto("/cases/")
        case = _CASE.findall(page.content())[0]
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        page.add_init_script(WATCH)
        for address in ("/", "/cases/", case, *(f"{case}{tab}/" for tab in TABS), "/inbox/", "/search/"):
            times = touched(page, address)
            slowest = max(times, key=lambda event: event[1], default=["nothing", 0.0])
            worst = max(worst, slowest[1])
            name = address.replace(case, "case/")
            print(f"{name:30} {len(times):3} touches, slowest {slowest[1]:.0f} ms ({slowest[0]})")
        browser.close()
    print(f"The slowest took {worst:.0f} ms; the limit is {LIMIT:.0f}.")
    return 0 if worst <= LIMIT else 1


TABS = ("plan", "timeline", "flags", "contacts/new", "appointments", "access")


def touched(page: Page, address: str) -> list[list[Any]]:
    """[event, milliseconds] for every touch of the page that took a frame or more, and 0 for those that took less."""
    page.goto(address)
    number = 0
    for what in ("summary", "input[type=checkbox]", "input[type=radio]"):
        for thing in page.locator(f"main {what}:visible").all()[:TRIED_AT_MOST]:
            if thing.is_visible():
                thing.click(force=True, timeout=2000, no_wait_after=True)
                number += 1
    for field in page.locator(
        "main textarea:visible, main input[type=text]:visible, main input[type=search]:visible"
    ).all():
        field.click(timeout=2000)
        field.press_sequentially("slow hand", delay=30)
        number += 10
    page.wait_for_timeout(300)
    seen: list[list[Any]] = page.evaluate("window.seen")
    return seen + [["", 0.0]] * max(0, number - len(seen))


if __name__ == "__main__":
    sys.exit(main())
