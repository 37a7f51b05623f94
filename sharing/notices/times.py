"""When mail may be sent to somebody: outside their quiet hours, and the summary once a day, where their agency is."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from sharing.notices.models import NoticeTimes

DAY = datetime.timedelta(days=1)


def after_quiet_hours(times: NoticeTimes, zone: str, now: datetime.datetime) -> datetime.datetime:
    """`now`, or the end of the quiet hours in which it falls. They may go past midnight, and end when they say."""
    begins, ends = times.quiet_from, times.quiet_until
    if begins is None or ends is None or begins == ends:
        return now
    local = now.astimezone(ZoneInfo(zone))
    clock = local.time()
    over_midnight = begins > ends
    if not (begins <= clock or clock < ends if over_midnight else begins <= clock < ends):
        return now
    day = local.date() + (DAY if over_midnight and clock >= begins else datetime.timedelta())
    return _moment(day, ends, zone)


def next_digest(times: NoticeTimes, zone: str, now: datetime.datetime) -> datetime.datetime:
    """The next moment of somebody's daily summary, later than `now`."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return next(moment for day in (today, today + DAY) if (moment := _moment(day, times.digest_at, zone)) > now)


def _moment(day: datetime.date, clock: datetime.time, zone: str) -> datetime.datetime:
    return datetime.datetime.combine(day, clock, tzinfo=ZoneInfo(zone)).astimezone(datetime.UTC)
