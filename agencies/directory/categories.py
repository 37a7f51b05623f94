"""The kinds of data and acts that can be opened or kept shut, one bit each."""

from collections.abc import Iterable
from enum import IntFlag


class Category(IntFlag):
    """One bit per kind of data or act on a record.

    The numbers are stored in keys and passed to the database: never renumber, only append.
    """

    EXISTENCE = 1 << 0  # that there is a case, the person's name, and whom to call
    SUPERVISION = 1 << 1  # type, status, term, level, offence, officer of record
    CAUTIONS = 1 << 2
    CONDITIONS = 1 << 3
    CONTACT_VIEW = 1 << 4
    CONTACT_ADD = 1 << 5
    PLAN_VIEW = 1 << 6
    PLAN_CHANGE = 1 << 7
    PLAN_SIGN = 1 << 8
    FLAGS = 1 << 9
    LOCATION = 1 << 10  # addresses, vehicles, work
    RESPONSES = 1 << 11
    ASSESSMENT = 1 << 12  # scores, not the level in words
    TREATMENT = 1 << 13
    VICTIM = 1 << 14
    DOCUMENTS = 1 << 15
    SHARE = 1 << 16  # give access to others, see who has it and who looked
    MANAGE = 1 << 17  # belongs to the record's own agency: reassign, restrict, close

    @property
    def label(self) -> str:
        """The words shown to people."""
        return LABELS[self]


NOTHING = Category(0)

LABELS = {
    Category.EXISTENCE: "Name and contact",
    Category.SUPERVISION: "Status, term and level",
    Category.CAUTIONS: "Cautions",
    Category.CONDITIONS: "Conditions",
    Category.CONTACT_VIEW: "Contacts",
    Category.CONTACT_ADD: "Add a contact",
    Category.PLAN_VIEW: "Joint plan",
    Category.PLAN_CHANGE: "Change the plan",
    Category.PLAN_SIGN: "Sign the plan",
    Category.FLAGS: "Flags and warrants",
    Category.LOCATION: "Addresses, vehicles, work",
    Category.RESPONSES: "Responses and incentives",
    Category.ASSESSMENT: "Assessment scores",
    Category.TREATMENT: "Treatment",
    Category.VICTIM: "Victim",
    Category.DOCUMENTS: "Documents",
    Category.SHARE: "Share with others",
    Category.MANAGE: "Manage the case",
}

# What a category is worth nothing without. Declared once; bundles and roles are closed over it.
PREREQUISITES = {
    Category.PLAN_CHANGE: Category.PLAN_VIEW,
    Category.PLAN_SIGN: Category.PLAN_VIEW,
    Category.MANAGE: Category.SHARE,
}


def with_prerequisites(mask: Category) -> Category:
    """The mask closed over PREREQUISITES. Everything rests on EXISTENCE; nothing stays nothing."""
    if not mask:
        return NOTHING
    closed = mask | Category.EXISTENCE
    while True:
        wider = closed
        for category, needed in PREREQUISITES.items():
            if category in closed:
                wider |= needed
        if wider == closed:
            return closed
        closed = wider


def labels_of(mask: int) -> list[str]:
    """Words for every category in the mask, in the order of the bits."""
    return [LABELS[category] for category in Category if mask & category]


def codes_of(mask: int) -> list[str]:
    """The names of the categories in the mask, as systems exchange them: EXISTENCE, PLAN_VIEW."""
    return [str(category.name) for category in Category if mask & category]


def union(masks: Iterable[int]) -> Category:
    """Every category that stands in some of the masks."""
    found = 0  # a plain number: flags cost ten times as much to combine, and a list asks for hundreds
    for mask in masks:
        found |= int(mask)
    return Category(found)
