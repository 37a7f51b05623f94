"""The inbox: news of what the viewer may still see, each opened to what changed; and how they want to be told."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable
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
from sharing.access.actors import Actor
from sharing.access.cursors import DamagedCursor, read_cursor, sign_cursor
from sharing.access.errors import NotVisible, Refused
from sharing.access.pages import Blocks, Page, add_refusal
from sharing.access.registry import shareable_of
from sharing.notices import services
from sharing.notices.forms import PreferencesForm
from sharing.notices.models import InboxItem
from sharing.notices.querysets import (
    DONE,
    FREE,
    MINE,
    News,
    Place,
    choices_of,
    groups,
    inbox_page,
    own_item,
    own_items,
    times_of,
    unread,
)
from sharing.notices.registry import view_of
from sharing.notices.subjects import subject_of


class Inbox(Page):
    """News for one person, newest first, a day at a time; repeated news of one case and day folded into one line."""

    needs = {"get": NOTHING}

    def get(self, request: HttpRequest) -> HttpResponse:
        """A page of open news, of one kind, of what is or is not taken on, or of what was put away."""
        return render(request, "sharing/notices/inbox.html", self.context())

    def context(self, item: InboxItem | None = None) -> dict[str, Any]:
        """What templates/sharing/notices/inbox.html takes, with one item opened; leaves the one read event."""
        show, after = self.asked()
        page = inbox_page(self.actor, show=show, after=after, opened=item)
        opened = _opened(self.actor, page.opened, page.folded) if page.opened else None
        _record_read(self.actor, page.news, page.opened)
        waiting = unread(self.actor)
        all_of_it = f"All ({waiting} unread)" if waiting.number else "All"
        tabs = [("", all_of_it), (FREE, "Not taken on"), (MINE, "Mine"), (DONE, "Done")]
        return {
            "section": "inbox",
            "tabs": [
                {"label": label, "url": _url(show=code), "current": code == show or (not code and show in groups())}
                for code, label in tabs
            ],
            "kinds": [{"name": name, "chosen": name == show} for name in groups()],
            "kind": show if show in groups() else "",
            "days": _days(page.news),
            "opened": opened,
            "unread": waiting.number,
            "put_away": show == DONE,
            "undo": self.undo_offered(),
            "next_url": _url(show=show, after=sign_cursor(page.next.position, "inbox", show)) if page.next else "",
        }

    def asked(self) -> tuple[str, Place | None]:
        """Which news, and from where on. Raises BadRequest rather than showing something else."""
        show, after = self.request.GET.get("show", ""), self.request.GET.get("after", "")
        if show not in ("", DONE, FREE, MINE, *groups()):
            raise BadRequest(f"show: there is no news of the kind “{show[:30]}”.")
        if not after:
            return show, None
        try:
            return show, Place.at(read_cursor(after, "inbox", show))
        except DamagedCursor:
            raise BadRequest("after: this link to a page is damaged.") from None

    def undo_offered(self) -> uuid.UUID | None:
        """The item that was just put away, as the redirect from there names it: one press takes it back."""
        try:
            return uuid.UUID(self.request.GET["undo"])
        except (KeyError, ValueError):
            return None


class InboxOne(Inbox):
    """One piece of news with the list beside it."""

    def get(self, request: HttpRequest, item: uuid.UUID) -> HttpResponse:  # type: ignore[override]
        """What happened, before and after, and the one way on. Opening it marks it read."""
        found = own_item(self.actor, item)
        if found is None:
            raise NotVisible
        if found.read_at is None:
            found.read_at = services.mark_read(actor=self.actor, item_uuid=item).read_at
        return render(request, "sharing/notices/item.html", self.context(found))


class InboxDone(Page):
    """Put one piece of news away, and what the inbox shows as one with it."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest, item: uuid.UUID) -> HttpResponse:
        """Marked done; the list again, with a way to take it back."""
        services.mark_done(actor=self.actor, item_uuid=item, folded=True)
        messages.success(request, "Marked done.")
        return redirect(_url(undo=str(item)))


class InboxUndo(Page):
    """Take news back out of what was put away, with whatever was put away in the same moment."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest, item: uuid.UUID) -> HttpResponse:
        """Open again; the list."""
        found = own_item(self.actor, item)
        if found is None:
            raise NotVisible
        if found.done_at is not None:
            number = services.undo(actor=self.actor, done_at=found.done_at)
            messages.success(request, f"{number} back in the inbox.")
        return redirect("inbox")


class InboxAllDone(Page):
    """Put all news away."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest) -> HttpResponse:
        """All marked done; the list again, with a way to take them back."""
        number, moment = services.mark_all_done(actor=self.actor)
        if not number:
            return redirect("inbox")
        messages.success(request, f"{number} marked done.")
        return redirect(_url(undo=str(own_items(self.actor).filter(done_at=moment)[0].uuid)))


class InboxTake(Page):
    """Take on, for one's unit, what its members were told."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest, item: uuid.UUID) -> HttpResponse:
        """Taken on; the item again. Where a colleague was quicker, it says who."""
        try:
            services.take(actor=self.actor, item_uuid=item)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, "You have taken this on. Your unit sees it.")
        return redirect("inbox_item", item=item)


class InboxGiveBack(Page):
    """Leave to one's unit what one had taken on."""

    needs = {"post": NOTHING}

    def post(self, request: HttpRequest, item: uuid.UUID) -> HttpResponse:
        """Free again; the item."""
        services.give_back(actor=self.actor, item_uuid=item)
        messages.success(request, "Given back. Anyone in your unit can take it on.")
        return redirect("inbox_item", item=item)


class InboxPreferences(Page):
    """Which news, over which channel, and when."""

    needs = {"get": NOTHING, "post": NOTHING}

    def get(self, request: HttpRequest) -> HttpResponse:
        """The choices as they are."""
        return self.show(PreferencesForm(choices=choices_of(self.actor), times=times_of(self.actor.user_id)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep them, and come back to the inbox."""
        choices, times = choices_of(self.actor), times_of(self.actor.user_id)
        form = PreferencesForm(request.POST, choices=choices, times=times)
        if form.is_valid():
            try:
                services.save_preferences(actor=self.actor, wishes=form.wishes(), times=form.times())
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, "Your choices are saved. They count from the next news on.")
                return redirect("inbox")
        return self.show(form, status=400)

    def show(self, form: PreferencesForm, status: int = 200) -> HttpResponse:
        """The page."""
        context = {"section": "inbox", "form": form, "zone": self.actor.agency.time_zone.replace("_", " ")}
        return render(self.request, "sharing/notices/preferences.html", context, status=status)


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
    return [{"day": day, "letters": _folded(list(rows))} for day, rows in by_day]


def _folded(news: list[News]) -> list[dict[str, Any]]:
    """One line for all news of one case and title on a day: the newest, with how many there are."""
    by_thing: dict[tuple[uuid.UUID, str, bool], list[News]] = {}
    for one in news:
        by_thing.setdefault((one.item.event.record_id, one.title, one.record is None), []).append(one)
    rows = []
    for first, *others in by_thing.values():
        row = _row(first)
        if others:
            row["number"] = 1 + len(others)
            row["summary"] = _summary([first, *others])
            row["read_at"] = all(not one.unread for one in [first, *others])
        rows.append(row)
    return rows


def _summary(news: list[News]) -> str:
    """What happened, each thing once, newest first: "Alder City PD changed a goal, changed an action"."""
    lines = list(dict.fromkeys(one.line for one in news))
    agency = news[0].item.event.actor_agency
    who = f"{agency.short_name} " if agency else ""
    same = all(line.startswith(who) for line in lines)
    return lines[0] if len(lines) == 1 else ", ".join([lines[0], *(line[len(who) * same :] for line in lines[1:])])


def _row(news: News) -> dict[str, Any]:
    item, event = news.item, news.item.event
    return {
        "uuid": item.uuid,
        "title": f"{news.title}: {news.name}" if news.name else "Access ended",
        "summary": news.line,
        "agency": event.actor_agency,
        "created_at": item.created_at,
        "read_at": item.read_at or item.done_at,
        "done_at": item.done_at,
        "number": 1,
        "taken_by": news.taken.name if news.taken else "",
    }


def _opened(actor: Actor, news: News, others: Iterable[News]) -> dict[str, Any]:
    """The opened item. What changed is told by the floor that owns the changed thing, through the door."""
    item, event = news.item, news.item.event
    row: dict[str, Any] = {
        **_row(news),
        "by": event.actor.display if event.actor else "",
        "text": news.kind.wording.replace("{agency}", "").strip() if event.actor else news.line,
        "ended": news.record is None,
        "others": [_row(one) for one in others if one.record is not None],
        "unit": item.unit.name if item.unit and news.record is not None else "",
        "taken_at": news.taken.at if news.taken else None,
        "mine": news.taken is not None and news.taken.user_id == actor.user_id,
        "may_take": item.unit_id in actor.groups_for(NOTHING),
        "may_give_back": services.gives_back_for_others(actor, item),
    }
    if news.record is None:
        return row
    if not news.is_about_record:
        return row | {"open_url": subject_of(event.record_type).address(news.record), "open_label": "Open it"}
    shareable = shareable_of(event.record_type)
    frame = shareable.frame(actor, event.record_id)
    around = frame.context(Blocks())
    row["cautions"] = around["cautions"] if Category.CAUTIONS in frame.opened else []
    row["has_cautions"] = True
    row |= {"open_url": shareable.address(frame.record), "open_label": "Open the case"}
    describe = view_of(event.object_type)
    return row | (describe(actor, event, frame.record) if describe else {})


def _record_read(actor: Actor, listed: list[News], opened: News | None) -> None:
    """One event a record type: names in the list, and of the opened item what it tells and its cautions."""
    by_type: dict[str, set[uuid.UUID]] = {}
    for news in [*listed, *([opened] if opened else [])]:
        if news.is_about_record:
            by_type.setdefault(news.item.event.record_type, set()).add(news.item.event.record_id)
    shown = Category.EXISTENCE | (opened.kind.category | Category.CAUTIONS if opened else NOTHING)
    for record_type, ids in by_type.items():
        record_read(
            actor=actor,
            action="inbox",
            record_type=record_type,
            record_ids=sorted(ids),
            categories=shown,
        )
