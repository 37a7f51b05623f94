"""Appointments as rows of any page: the calendar, and Today."""

from __future__ import annotations

from agencies.directory.categories import NOTHING, Category
from cases.appointments.models import Appointment
from cases.supervision.querysets import cautions_of
from sharing.access import explain
from sharing.access.actors import Actor
from sharing.access.pages import Blocks

MAY_NOT_LOOK = "Appointments are not part of your role"


def dressed(actor: Actor, appointments: list[Appointment], blocks: Blocks) -> list[Appointment]:
    """The appointments with `shown_cautions` of their person: None where they could not be loaded, and `cautions_open`;
    `along`: whether the actor comes along with somebody else, who will say how it went; and `beside`: who else comes.

    Two queries. An empty list means that there are none only where `cautions_open` says that one may look.
    """
    cases = list({one.case_id: one.case for one in appointments}.values())
    masks = blocks.read(lambda: explain.opened_masks(actor, cases)) if cases else {}
    cautions = blocks.read(lambda: cautions_of(actor, cases)) if cases and masks is not None else None
    for one in appointments:
        opened = NOTHING if masks is None else masks.get(one.case_id, NOTHING)
        one.cautions_open = masks is None or Category.CAUTIONS in opened  # type: ignore[attr-defined]
        along = one.officer_id != actor.user_id
        one.along = along  # type: ignore[attr-defined]
        others = [user for user in one.companions.all() if user.pk != actor.user_id]
        officers = [one.officer, *others] if along else others
        one.beside = ", ".join([*(user.display for user in officers), *filter(None, [one.others])])  # type: ignore[attr-defined]
        one.shown_cautions = None if cautions is None else cautions.get(one.case_id, [])  # type: ignore[attr-defined]
    return appointments
