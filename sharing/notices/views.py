"""The inbox: news of records the viewer may still see, each opened to what changed."""

from __future__ import annotations

import itertools
import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from agencies.directory.categories import NOTHING, Category
from agencies.trail.services import record_read
from sharing.access.cursors import DamagedCursor, read_cursor, sign_cursor
from sharing.access.errors import NotVisible
from sharing.access.pages import Blocks, Page
from sharing.access.registry import shareable_of
from sharing.notices import services
from sharing.notices.querysets import DONE, News, Place, groups, inbox_page, item_for, unread
from sharing.notices.registry import view_of


class Inbox(Page):
    """News for one person, newest first."""

    needs = {"get": NOTHING}

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of open news, of one kind, or of what was put away."""
        return render(request, "sharing/notices/inbox.html", self.context())

    def context(self, news: News | None = None) -> dict[str, Any]:
        """What templates/sharing/notices/inbox.html takes, with one item opened; leaves the one read event."""
        show, after = self.asked()
        page = inbox_page(self.actor, show=show, after=after)
        opened = _opened(self.actor, news) if news else None
        _record_read(self.actor, page.news, news)
        waiting = unread(self.actor)
        tabs = [("", f"All ({waiting} unread)" if waiting.number else "All"), *((name, name) for name in groups())]
        return {
            "section": "inbox",
            "tabs": [
                {"label": label, "url": _url(show=code), "current": code == show}
                for code, label in [*tabs, (DONE, "Done")]
            ],
            "days": _days(page.news),
            "opened": opened,
            "unread": waiting.number,
            "next_url": _url(show=show, after=sign_cursor(page.next.position, "inbox", show)) if page.next else "",
        }

    def asked(self) -> tuple[str, Place | None]:
        """Which news, and from where on. Raises BadRequest rather than showing something else."""
        show, after = self.request.GET.get("show", ""), self.request.GET.get("after", "")
        if show not in ("", DONE, *groups()):
            raise BadRequest(f"show: there is no news of the kind “{show[:30]}”.")
        if not after:
            return show, None
        try:
            return show, Place.at(read_cursor(after, "inbox", show))
        except DamagedCursor:
            raise BadRequest("after: this link to a page is damaged.") from None


class InboxOne(Inbox):
    """One piece of news with the list beside it."""

    def get(self, request: HttpRequest, item: uuid.UUID) -> HttpResponse:  # type: ignore[override]
        """What happened, before and after, and the one way on. Opening it marks it read."""
        news = item_for(self.actor, item)
        if news is None:
            raise NotVisible
        services.mark_read(actor=self.actor, item_uuid=item)
        return render(request, "sharing/notices/item.html", self.context(news))


class InboxDone(Page):
    """Put one piece of news away."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest, item: uuid.UUID) -> HttpResponse:
        """Marked done; the list again."""
        services.mark_done(actor=self.actor, item_uuid=item)
        messages.success(request, "Marked done. You find it under Done.")
        return redirect("inbox")


class InboxUndo(Page):
    """Take news back out of what was put away, with whatever was put away in the same moment."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest, item: uuid.UUID) -> HttpResponse:
        """Open again; the list."""
        news = item_for(self.actor, item)
        if news is None:
            raise NotVisible
        if news.item.done_at is not None:
            number = services.undo(actor=self.actor, done_at=news.item.done_at)
            messages.success(request, f"{number} back in the inbox.")
        return redirect("inbox")


class InboxAllDone(Page):
    """Put all news away."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest) -> HttpResponse:
        """All marked done; the list again."""
        number, _ = services.mark_all_done(actor=self.actor)
        messages.success(request, f"{number} marked done. You find them under Done.")
        return redirect("inbox")


class Badge(Page):
    """The unread count, as a piece of the header that asks for itself."""

    needs = {"get": NOTHING}

    def get(self, request: HttpRequest) -> HttpResponse:
        """The badge alone."""
        waiting = unread(self.actor)
        response = render(request, "components/badge_live.html", {"inbox_unread": waiting if waiting.number else ""})
        response["Cache-Control"] = "no-store"
        return response


def _url(**asked: str) -> str:
    given = {name: value for name, value in asked.items() if value}
    return f"{reverse('inbox')}{'?' if given else ''}{urlencode(given)}"


def _days(news: list[News]) -> list[dict[str, Any]]:
    by_day = itertools.groupby(news, key=lambda one: timezone.localtime(one.item.created_at).date())
    return [{"day": day, "letters": [_row(one) for one in rows]} for day, rows in by_day]


def _row(news: News) -> dict[str, Any]:
    item, event = news.item, news.item.event
    name = shareable_of(event.record_type).naming(news.record) if news.record is not None else ""
    return {
        "uuid": item.uuid,
        "title": f"{news.title}: {name}" if name else "Access ended",
        "summary": news.line,
        "agency": event.actor_agency,
        "created_at": item.created_at,
        "read_at": item.read_at or item.done_at,
        "done_at": item.done_at,
    }


def _opened(actor: Any, news: News) -> dict[str, Any]:
    """The opened item. What changed is told by the floor that owns the changed thing, through the door."""
    event = news.item.event
    row: dict[str, Any] = {
        **_row(news),
        "by": event.actor.display if event.actor else "",
        "text": news.kind.wording.replace("{agency}", "").strip() if event.actor else news.line,
        "ended": news.record is None,
    }
    if news.record is None:
        return row
    shareable = shareable_of(event.record_type)
    frame = shareable.frame(actor, event.record_id)
    around = frame.context(Blocks())
    row["cautions"] = around["cautions"] if Category.CAUTIONS in frame.opened else []
    row |= {"open_url": shareable.address(frame.record), "open_label": "Open the case"}
    describe = view_of(event.object_type)
    return row | (describe(actor, event, frame.record) if describe else {})


def _record_read(actor: Any, listed: list[News], opened: News | None) -> None:
    """One event a record type: names in the list, and of the opened item what it tells and its cautions."""
    by_type: dict[str, set[uuid.UUID]] = {}
    for news in [*listed, *([opened] if opened else [])]:
        if news.record is not None:
            by_type.setdefault(news.item.event.record_type, set()).add(news.record.uuid)
    shown = Category.EXISTENCE | (opened.kind.category | Category.CAUTIONS if opened else NOTHING)
    for record_type, ids in by_type.items():
        record_read(
            actor=actor,
            action="inbox",
            record_type=record_type,
            record_ids=sorted(ids),
            categories=shown,
        )
