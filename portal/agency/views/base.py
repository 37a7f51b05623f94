"""What the agency's pages share: its tabs, and who may act there."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from agencies.directory.categories import NOTHING, Category
from agencies.directory.querysets import administers
from agencies.directory.services import NOT_AN_ADMINISTRATOR
from sharing.access.errors import NotAllowed
from sharing.access.pages import Page


class AgencyPage(Page):
    """A page of the actor's own agency; `may_administer` says whether its acts are offered."""

    needs = {"get": NOTHING}
    tab = ""
    folder = "agency"  # of its templates, below portal/
    may_administer: bool

    def enter(self, category: Category) -> None:
        """Learn whether the actor administers the agency."""
        self.may_administer = administers(self.actor.user_id, self.actor.agency_id)

    def show(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """The page under the agency's tabs."""
        around = {"section": "agency", "tab": self.tab, "may_administer": self.may_administer}
        return render(self.request, f"portal/{self.folder}/{template}", {**around, **context}, status=status)


class AdministratorPage(AgencyPage):
    """A page for the agency's administrators. Whoever changes something there has typed their password of late."""

    needs = {"get": NOTHING, "post": NOTHING}
    weighty = frozenset({"post"})

    def enter(self, category: Category) -> None:
        """Refuse everybody else."""
        super().enter(category)
        if not self.may_administer:
            raise NotAllowed(NOT_AN_ADMINISTRATOR)


def is_number(asked: str) -> bool:
    """Whether an address asks by a number that a row may have."""
    return asked.isascii() and asked.isdecimal() and len(asked) < 10
