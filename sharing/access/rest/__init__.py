"""What every call of the API obeys: a declared category, known input, one door, and a version seen before a change.

Both this floor and the one above answer calls, so the common pieces stand here, below their serializers.
"""

from sharing.access.rest.base import BadQuery, Deprecated, DoorView, VersionNotNamed, VersionPassed, digest_tag
from sharing.access.rest.fields import (
    IF_MATCH,
    MAX_PAGE_SIZE,
    PAGE_SIZE,
    AgencyBrief,
    AgencyField,
    CodeField,
    Gated,
    LinkField,
    Moment,
    NoParameters,
    PageParameters,
    Strict,
)
from sharing.access.rest.paging import page_by_number, page_of, page_of_list

__all__ = [
    "IF_MATCH",
    "MAX_PAGE_SIZE",
    "PAGE_SIZE",
    "AgencyBrief",
    "AgencyField",
    "BadQuery",
    "CodeField",
    "Deprecated",
    "DoorView",
    "Gated",
    "LinkField",
    "Moment",
    "NoParameters",
    "PageParameters",
    "Strict",
    "VersionNotNamed",
    "VersionPassed",
    "digest_tag",
    "page_by_number",
    "page_of",
    "page_of_list",
]
