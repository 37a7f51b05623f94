"""The events of a case as such: who is told that it was opened, changed, reassigned, closed or reopened.

Units whose key opens status and officer of record are told, and of the owner the officer of record and those who sign.
"""

from agencies.directory.categories import Category
from sharing.notices.registry import EventKind, register

GROUP = "Cases"

REASSIGNED = "case.reassigned"


def declare() -> None:
    """Register the kinds of event of cases."""
    # No mail: a whole caseload may move at once, and the inbox says it.
    register(
        EventKind(
            REASSIGNED, Category.SUPERVISION, GROUP, "Officer changed", "{agency} reassigned the case", mail=False
        )
    )
