"""How somebody wants to be told: by topic and channel, and at which times of day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import NamedTuple

from django.db import transaction

from sharing.access.actors import Actor
from sharing.access.errors import Refused
from sharing.notices.models import NoticePreference, NoticeTimes
from sharing.notices.registry import topics

Mail = NoticePreference.Mail


class Wish(NamedTuple):
    """In the inbox or not, and how by e-mail."""

    inbox: bool
    mail: Mail


class Times(NamedTuple):
    """Quiet hours, both ends or none, and the time of the daily summary: times of day where the agency is."""

    quiet_from: datetime.time | None
    quiet_until: datetime.time | None
    digest_at: datetime.time


@transaction.atomic
def save_preferences(*, actor: Actor, wishes: Mapping[str, Wish], times: Times) -> None:
    """Keep what the actor wants of each topic named by its code, and when; other topics stay as they are.

    Raises Refused for a topic that does not exist or is required, for mail about what is not in the inbox, since a
    letter does nothing but lead there, and for one end of the quiet hours alone.
    """
    known = {topic.code: topic for topic in topics()}
    rows = []
    for code, wish in wishes.items():
        if code not in known:
            raise Refused("There is no such news.", code)
        topic = known[code]
        if topic.required and wish != Wish(True, Mail.AT_ONCE):
            raise Refused(f"This cannot be turned off. {topic.required}", code)
        if not wish.inbox and wish.mail != Mail.NEVER:
            raise Refused("An e-mail leads to the inbox: keep it in the inbox, or choose no e-mail.", code)
        rows += [
            NoticePreference(user=actor.user, kind=kind.kind, inbox=wish.inbox, mail=wish.mail) for kind in topic.kinds
        ]
    if (times.quiet_from is None) != (times.quiet_until is None):
        missing = "quiet_until" if times.quiet_from else "quiet_from"
        raise Refused("Give both ends of the quiet hours, or neither.", missing)
    NoticePreference.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "kind"], update_fields=["inbox", "mail"]
    )
    NoticeTimes.objects.update_or_create(user=actor.user, defaults=times._asdict())
