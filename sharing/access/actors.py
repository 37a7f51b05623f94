"""Who acts: a person or an API client, for one agency, with the principals held at this moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agencies.directory.categories import Category, union

if TYPE_CHECKING:
    from agencies.directory.models import Agency, Side, User


class NoContext(RuntimeError):
    """Somebody asked the door without saying who is asking. A fault of ours, never an answer to a user."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A unit or circle through which the actor holds keys, and the categories the actor's roles allow there."""

    group_id: int
    mask: int  # bits of Category; a plain number, since a liaison holds two hundred of these and each page asks them


@dataclass(frozen=True, slots=True)
class Actor:
    """An acting person or system. Built once per request or task, never kept longer.

    `closed_agreements` are those that are suspended, ended early or not begun: keys under them open nothing.
    """

    user: User
    agency: Agency
    principals: tuple[Principal, ...] = ()
    closed_agreements: tuple[int, ...] = ()
    channel: str = "html"
    request_id: str = ""
    purpose: str = ""
    _groups: dict[int, list[int]] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def user_id(self) -> int:
        """Number of the account: what exclusions, the trail and the database's context name."""
        return self.user.pk

    @property
    def agency_id(self) -> int:
        """Number of the agency for which the actor acts."""
        return self.agency.pk

    @property
    def side(self) -> Side:
        """The side of the partnership on which the actor acts now."""
        return self.agency.side

    @property
    def role_mask(self) -> Category:
        """Every category that some role of the actor allows somewhere."""
        return union(principal.mask for principal in self.principals)

    @property
    def opens_records(self) -> bool:
        """Whether some role of the actor opens records at all: an administrator's does not."""
        return any(principal.mask for principal in self.principals)

    def groups_for(self, category: int) -> list[int]:
        """Numbers of the principals whose role allows the whole category; what the door asks keys for."""
        wanted = int(category)
        if wanted not in self._groups:
            self._groups[wanted] = [p.group_id for p in self.principals if p.mask & wanted == wanted]
        return self._groups[wanted]
