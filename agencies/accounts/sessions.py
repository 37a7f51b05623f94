"""Sessions that know whose they are, and whose end stands in the database.

Django's way to extend its store (docs: "Extending database-backed session engines"). A session ends after
SESSION_COOKIE_AGE seconds without a request that a person made, and after ACCOUNT_LONGEST_SESSION seconds in any case
(CJIS Security Policy AC-11 and IA-5); both are one column, which loading a session already asks for.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

TOUCH_EVERY = datetime.timedelta(seconds=60)
"""How stale the note of the last use may be: a write a minute, not one a request."""

_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS X", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"),
)  # fmt: skip


def device_of(user_agent: str) -> str:
    """ "Chrome on Windows", from what a browser says of itself; "Another program" for anything else."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if browser and system else browser or system or "Another program"


class SessionStore(DatabaseStore):
    """The database-backed store with the account, the device and the last use beside the data."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.used_at: datetime.datetime | None = None
        self.ends_at: datetime.datetime | None = None

    @classmethod
    def get_model_class(cls) -> Any:
        """The table of sessions."""
        from agencies.accounts.models import AccountSession

        return AccountSession

    def load(self) -> dict[str, Any]:
        """The session's data; {} for one that ended or never was."""
        row = self._get_session_from_db()  # type: ignore[attr-defined]
        if not row:
            return {}
        self.used_at, self.ends_at = row.used_at, row.expire_date
        return self.decode(row.session_data)

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row to keep: whose the session is, from when, and when it ends."""
        row: Any = super().create_model_instance(data)
        now = timezone.now()
        account = re.fullmatch(r"[0-9]+", str(data.get(SESSION_KEY, "")))
        row.user_id = int(account[0]) if account else None
        row.device = str(data.get("device", ""))[:60]
        row.started_at = datetime.datetime.fromtimestamp(data.get("signed_in_at", now.timestamp()), datetime.UTC)
        row.used_at = now
        row.expire_date = self._end(now, row.started_at)
        return row

    def touch(self) -> None:
        """Note that a person used the session, where the last note is old: moves its end, and nothing of its data."""
        now = timezone.now()
        if self.used_at is None or now - self.used_at < TOUCH_EVERY:
            return
        signed_in_at = self.get("signed_in_at", self.used_at.timestamp())
        self.used_at = now
        self.ends_at = self._end(now, datetime.datetime.fromtimestamp(signed_in_at, datetime.UTC))
        rows = self.get_model_class().objects.filter(session_key=self.session_key)
        rows.update(used_at=self.used_at, expire_date=self.ends_at)

    def seconds_left(self) -> int:
        """Seconds until the session ends if nobody uses it."""
        if self.ends_at is None:
            return 0
        return max(0, int((self.ends_at - timezone.now()).total_seconds()))

    @staticmethod
    def _end(now: datetime.datetime, started_at: datetime.datetime) -> datetime.datetime:
        idle = datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE)
        longest = datetime.timedelta(seconds=settings.ACCOUNT_LONGEST_SESSION)
        return min(now + idle, started_at + longest)
