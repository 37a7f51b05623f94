"""Opening, changing, reassigning and closing supervision cases by hand."""

from cases.supervision.services.assigning import (
    Reassigned,
    check_officer_asked,
    officer_named,
    reassign_case,
    reassign_cases,
)
from cases.supervision.services.changing import EDITABLE, close_case, reopen_case, state_of, update_case
from cases.supervision.services.opening import (
    Duplicate,
    PossibleDuplicate,
    open_case,
    possible_duplicates,
    units_to_open_in,
)
from cases.supervision.services.parts import finish_part, move_to_top, shown_to_both

__all__ = [
    "EDITABLE",
    "Duplicate",
    "PossibleDuplicate",
    "Reassigned",
    "check_officer_asked",
    "close_case",
    "finish_part",
    "move_to_top",
    "officer_named",
    "open_case",
    "possible_duplicates",
    "reassign_case",
    "reassign_cases",
    "reopen_case",
    "shown_to_both",
    "state_of",
    "units_to_open_in",
    "update_case",
]
