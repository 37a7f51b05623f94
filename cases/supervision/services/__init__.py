"""Opening, changing, reassigning and closing supervision cases by hand."""

from cases.supervision.services.assigning import Reassigned, reassign_case, reassign_cases

__all__ = ["Reassigned", "reassign_case", "reassign_cases"]
