"""When something that failed is tried again, and for how long a message under way is left to whoever sends it."""

from __future__ import annotations

import datetime
import random
import time
from collections.abc import Callable

from agencies.directory.clock import database_now

# Seconds until the next attempt (the Standard Webhooks ladder); after the last a message is given up, never deleted.
RETRY_AFTER = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
# A message is sent outside any transaction. Whoever claims it has this long; then it counts as lost, and is due again.
LEASE = datetime.timedelta(seconds=60)


def later(step: int, at_least: float = 0) -> datetime.datetime:
    """The moment of the attempt after `step` failures, with a tenth of jitter so that a recovery is no stampede."""
    seconds = max(RETRY_AFTER[step] * random.uniform(1, 1.1), at_least)  # noqa: S311
    return database_now() + datetime.timedelta(seconds=seconds)


def drain(work: Callable[[], bool], *, limit: int = 1000, seconds: float = 200) -> int:
    """Do one piece of work after another while there is some, for a bounded time. Returns how many were done."""
    deadline = time.monotonic() + seconds
    for done in range(limit):
        if time.monotonic() > deadline or not work():
            return done
    return limit
