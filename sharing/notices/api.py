"""The caller's inbox over the API."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from sharing.access.actors import Actor
from sharing.access.errors import NotVisible
from sharing.access.permissions import ANY_ACTOR
from sharing.access.rest import DoorView, digest_tag
from sharing.notices import services
from sharing.notices.models import OutboxEvent
from sharing.notices.querysets import News, Place, choices_of, inbox_page, item_for, times_of, unread
from sharing.notices.serializers import (
    AllDoneAnswer,
    InboxAnswer,
    InboxParameters,
    NewsAnswer,
    NewsDetail,
    PreferencesAnswer,
    PreferencesInput,
    wishes_in,
)

TAGS = ["Inbox"]

Compare = Callable[[Actor, OutboxEvent], dict[str, Any] | None]


class InboxView(DoorView):
    """The caller's news."""

    categories = {"get": ANY_ACTOR}
    parameters = InboxParameters
    shows = NewsAnswer
    expands = {"case": "record_id"}

    @extend_schema(operation_id="list_inbox", parameters=[InboxParameters], responses=InboxAnswer, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List the caller's news, newest first: what is open, one heading of it, or what was put away."""
        show = self.asked.get("show", "")
        after = Place.at(self.position("inbox", show))
        page = inbox_page(self.actor, show, after, self.asked["limit"])
        waiting = unread(self.actor)
        return Response(
            {
                "results": NewsAnswer(page.news, many=True).data,
                "next": self.next_address(page.next and page.next.position, "inbox", show),
                "unread": waiting.number,
                "unreadExact": not waiting.capped,
            }
        )


class ItemView(DoorView):
    """Base of what is about one item."""

    def news(self, item_uuid: uuid.UUID) -> News:
        """The item. Raises NotVisible."""
        news = item_for(self.actor, item_uuid)
        if news is None:
            raise NotVisible
        if news.is_about_record:
            self.tells_of(news.item.event.record_type, news.item.event.record_id)
        return news


class NewsView(ItemView):
    """One item of the caller's inbox."""

    categories = {"get": ANY_ACTOR}
    shows = NewsDetail
    expands = {"case": "record_id"}
    # Given by the address table: how the floor above shows before and after of what changed.
    comparing: Compare | None = None

    @extend_schema(operation_id="read_news", responses=NewsDetail, tags=TAGS)
    def get(self, request: Request, item_uuid: uuid.UUID) -> Response:
        """Read one item, with before and after where a goal or action changed. The item then counts as read."""
        services.mark_read(actor=self.actor, item_uuid=item_uuid)
        news = self.news(item_uuid)
        event, change = news.item.event, None
        if news.is_about_record:
            if self.comparing is not None:
                change = self.comparing(self.actor, event)
            self.note_read("notice", [news.record], news.kind.category)
        return Response(NewsDetail(news, context={"change": change}).data)


class NewsDoneView(ItemView):
    """Putting an item away."""

    categories = {"post": ANY_ACTOR}

    @extend_schema(operation_id="put_news_away", request=None, responses=NewsAnswer, tags=TAGS)
    def post(self, request: Request, item_uuid: uuid.UUID) -> Response:
        """Put an item away. Doing it again changes nothing."""
        services.mark_done(actor=self.actor, item_uuid=item_uuid)
        return Response(NewsAnswer(self.news(item_uuid)).data)


class NewsUndoView(ItemView):
    """Taking an item back."""

    categories = {"post": ANY_ACTOR}

    @extend_schema(operation_id="take_news_back", request=None, responses=NewsAnswer, tags=TAGS)
    def post(self, request: Request, item_uuid: uuid.UUID) -> Response:
        """Take an item back that was put away. Doing it again changes nothing."""
        services.mark_open(actor=self.actor, item_uuid=item_uuid)
        return Response(NewsAnswer(self.news(item_uuid)).data)


class NewsTakeView(ItemView):
    """Taking news on for one's unit."""

    categories = {"post": ANY_ACTOR}

    @extend_schema(operation_id="take_news_on", request=None, responses=NewsAnswer, tags=TAGS)
    def post(self, request: Request, item_uuid: uuid.UUID) -> Response:
        """Take on for the caller's unit what its members were told. Refused where a colleague was quicker."""
        services.take(actor=self.actor, item_uuid=item_uuid)
        return Response(NewsAnswer(self.news(item_uuid)).data)


class NewsGiveBackView(ItemView):
    """Leaving to one's unit what one had taken on."""

    categories = {"post": ANY_ACTOR}

    @extend_schema(operation_id="give_news_back", request=None, responses=NewsAnswer, tags=TAGS)
    def post(self, request: Request, item_uuid: uuid.UUID) -> Response:
        """Leave to the unit what the caller had taken on, or, for a supervisor of the unit, whoever has it.

        Doing it again changes nothing.
        """
        services.give_back(actor=self.actor, item_uuid=item_uuid)
        return Response(NewsAnswer(self.news(item_uuid)).data)


class AllDoneView(DoorView):
    """Putting everything away."""

    categories = {"post": ANY_ACTOR}

    @extend_schema(operation_id="put_all_news_away", request=None, responses=AllDoneAnswer, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Put every open item of the caller's inbox away."""
        number, moment = services.mark_all_done(actor=self.actor)
        return Response({"number": number, "done_at": moment})


class PreferencesView(DoorView):
    """How the caller is told."""

    categories = {"get": ANY_ACTOR, "patch": ANY_ACTOR}
    shows = PreferencesAnswer

    @extend_schema(operation_id="read_inbox_preferences", responses=PreferencesAnswer, tags=TAGS)
    def get(self, request: Request) -> Response:
        """Read which kinds of news reach the caller, over which channel, and when."""
        shown = self.shown()
        return self.tagged(shown, digest_tag(shown))

    @extend_schema(
        operation_id="change_inbox_preferences", request=PreferencesInput, responses=PreferencesAnswer, tags=TAGS
    )
    def patch(self, request: Request) -> Response:
        """Change what is named; other topics and times stay as they are."""
        self.must_match(digest_tag(self.shown()))
        asked = self.body(PreferencesInput)
        now = times_of(self.actor.user_id)
        times = services.Times(*(asked.get(name, getattr(now, name)) for name in services.Times._fields))
        services.save_preferences(actor=self.actor, wishes=wishes_in(asked), times=times)
        shown = self.shown()
        return self.tagged(shown, digest_tag(shown))

    def shown(self) -> Any:
        """The caller's choices as JSON."""
        times = times_of(self.actor.user_id)
        return PreferencesAnswer({"topics": choices_of(self.actor), "times": times}).data
