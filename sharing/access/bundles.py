"""What a bundle is: a named set of categories that is given as one, and to whom it may be given."""

from dataclasses import dataclass

from agencies.directory.categories import Category, with_prerequisites
from agencies.directory.models import AgencyKind


@dataclass(frozen=True, slots=True)
class Bundle:
    """A named set of categories, closed over its prerequisites, and the kinds of agency that may receive it."""

    code: str
    label: str
    explanation: str
    categories: Category
    receivers: frozenset[AgencyKind] = frozenset()

    @property
    def mask(self) -> int:
        """The categories as stored in grants and keys."""
        return int(with_prerequisites(self.categories))

    def may_go_to(self, kind: str) -> bool:
        """Whether an agency of this kind may be given the bundle."""
        return AgencyKind(kind) in self.receivers
