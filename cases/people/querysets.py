"""Who may see which person: through the person's cases."""

from sharing.access.querysets import PartQuerySet


class PersonQuerySet(PartQuerySet):
    """People, seen by whoever sees one of their cases."""


class PersonPartQuerySet(PartQuerySet):
    """Names, numbers and addresses, seen by whoever may see that category of one of the person's cases."""
