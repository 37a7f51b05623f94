"""The events of a case as such: who is told that it was opened, changed, reassigned, closed or reopened.

Units whose key opens status and officer of record are told, and of the owner the officer of record and those who sign.
"""

from agencies.directory.categories import Category
from sharing.notices.registry import EventKind, register

GROUP = "Cases"

OPENED = "case.opened"
CHANGED = "case.changed"
REASSIGNED = "case.reassigned"
CLOSED = "case.closed"
REOPENED = "case.reopened"


def declare() -> None:
    """Register the kinds of event of cases."""
    for kind, title, wording, mail in (
        (OPENED, "Case opened", "{agency} opened the case", True),
        (CHANGED, "Case changed", "{agency} changed status, level or term", False),
        # No mail: a whole caseload may move at once, and the inbox says it.
        (REASSIGNED, "Officer changed", "{agency} reassigned the case", False),
        (CLOSED, "Case closed", "{agency} closed the case", True),
        (REOPENED, "Case reopened", "{agency} reopened the case", True),
    ):
        register(EventKind(kind, Category.SUPERVISION, GROUP, title, wording, mail=mail))
