"""`make screenshots`: walks through the running demo as each of its people and shoots every page it reaches.

Pages are found by their links, so that a new page is in the gallery as soon as something leads to it. Each address of
the URLconf is shot once for each person, desk and phone; what no link reached is said at the end. Nothing is sent but
the sign-in and a search, so that the demo stays as it was.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.demo")
django.setup()

from django.http import Http404  # noqa: E402 - needs the settings
from django.urls import URLResolver, get_resolver, resolve  # noqa: E402
from playwright.sync_api import Browser, Error, Page, sync_playwright  # noqa: E402

from portal.demo.personas import PERSONAS  # noqa: E402
from portal.launcher import state  # noqa: E402
from portal.launcher.debian import find  # noqa: E402

FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "gallery"
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
# Where no link leads, but a person may come to stand: name → address.
ODD = {
    "bad-filter": "/cases/?status=99",
    "not-found": "/no/such/page/",
    "search-expired": "/search/no-longer-kept/",
}
TALLEST = 8000  # pixels
ENOUGH = 400  # pages a person; a walk that goes on has fallen into a calendar or the like
LEADS_AWAY = {"account_logout"}


def main() -> int:
    """Shoots the gallery; returns the exit status."""
    port = state.load().get("PORT")
    found = find("chromium")
    if not port or not found:
        print("The gallery needs a running demo (`make demo`) and Chromium.", file=sys.stderr)
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    reached: dict[str, list[str]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        for persona in PERSONAS:
            walk = Walk(browser, f"http://localhost:{port}", persona.code, persona.name)
            for name, address in walk.pages():
                reached.setdefault(name, []).append(f"{persona.code}-{name}")
                walk.shoot(name, address)
            walk.close()
            print(f"{persona.code:<15} {walk.count} pages", flush=True)
        browser.close()
    (FOLDER / "index.html").write_text(_index(reached))
    missing = sorted(_names() - set(reached))
    print(f"{FOLDER / 'index.html'}: {len(reached)} addresses. No link leads to: {', '.join(missing) or 'none'}")
    return 0


class Walk:
    """One person's way through the portal, in two windows."""

    def __init__(self, browser: Browser, base: str, code: str, name: str) -> None:
        self.base, self.code, self.count = base, code, 0
        self.windows: dict[str, Page] = {}
        for size, viewport in SIZES.items():
            page = browser.new_context(viewport=viewport, has_touch=size == "phone").new_page()  # type: ignore[arg-type]
            page.goto(f"{base}/demo/")
            page.get_by_role("button", name=re.compile(name)).click()
            page.wait_for_load_state()
            self.windows[size] = page

    def pages(self) -> Iterator[tuple[str, str]]:
        """Name and address of each page, each name once, nearest first; then those to which no link leads."""
        desk = self.windows["desktop"]
        waiting, seen, visited = deque(["/", self._search()]), set[str](), 0
        while waiting and visited < ENOUGH:
            address = waiting.popleft()
            name = _name_of(address)
            if name is None or name in seen:
                continue
            seen.add(name)
            visited += 1
            try:
                answer = desk.goto(self.base + address)
            except Error:  # a file, which the browser takes and does not show
                continue
            if answer is None or "text/html" not in answer.headers.get("content-type", ""):
                continue
            yield name, address
            links = desk.eval_on_selector_all("a[href]", "all => all.map(each => each.href)")
            waiting.extend(_address(link) for link in links if link.startswith(self.base))
        yield from ODD.items()

    def shoot(self, name: str, address: str) -> None:
        """Both pictures of a page."""
        self.count += 1
        for size, page in self.windows.items():
            page.goto(self.base + address)
            page.wait_for_load_state("networkidle")
            # A window as tall as the page, or bars fixed to the window would stand in the middle of the picture.
            height = page.evaluate("() => document.documentElement.scrollHeight")
            page.set_viewport_size({**SIZES[size], "height": max(SIZES[size]["height"], min(height, TALLEST))})
            page.screenshot(path=FOLDER / f"{self.code}-{name}-{size}.png")
            page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]

    def close(self) -> None:
        """Shuts both windows."""
        for page in self.windows.values():
            page.context.close()

    def _search(self) -> str:
        """The address of what a search found, or of the search where this person has none."""
        desk = self.windows["desktop"]
        desk.goto(f"{self.base}/search/")
        box = desk.locator("#id_q")
        if not box.count():
            return "/search/"
        box.fill("Smith")
        box.press("Enter")
        desk.wait_for_load_state()
        return _address(desk.url)


def _address(link: str) -> str:
    parts = urlsplit(link)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _name_of(address: str) -> str | None:
    try:
        name = resolve(urlsplit(address).path).url_name
    except Http404:
        return None
    inside = address.startswith(("/api/", "/static/", "/healthz"))
    return None if inside or name is None or name in LEADS_AWAY else name


def _names(resolver: URLResolver | None = None) -> set[str]:
    """Every named address of pages."""
    found: set[str] = set()
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            found |= set() if str(entry.pattern).startswith("api/") else _names(entry)
        elif entry.name:
            found.add(entry.name)
    return found


def _index(reached: dict[str, list[str]]) -> str:
    """All pictures on one page, by address."""
    parts: list[Any] = [
        "<!doctype html><meta charset=utf-8><title>Gallery</title><style>body{font:16px sans-serif;margin:2rem}"
        "img{vertical-align:top;border:1px solid #999;margin:0 1rem 1rem 0}</style><h1>Every page of the demo</h1>"
    ]
    for name, shots in sorted(reached.items()):
        parts.append(f"<h2>{name}</h2>")
        for shot in shots:
            parts.append(
                f"<p>{shot}</p><img src={shot}-desktop.png width=640 loading=lazy>"
                f"<img src={shot}-phone.png width=240 loading=lazy>"
            )
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main())
