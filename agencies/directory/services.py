"""Units, roles in units, and who answers for whom. Each act leaves one row on the trail."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from agencies.directory.clock import database_now
from agencies.directory.errors import NotAllowed, NotVisible, Refused
from agencies.directory.models import FOREVER, Agency, Cover, Membership, Unit, User
from agencies.directory.querysets import administers, memberships_in_force
from agencies.directory.roles import ADMINISTRATORS, APPROVERS, ROLES
from agencies.trail.services import Acting, record_change

LONGEST_COVER = datetime.timedelta(days=180)
NOT_AN_ADMINISTRATOR = "Only an administrator of the agency changes its accounts and units."


def lock_agency(actor: Acting) -> None:
    """Let one administrator of the agency change accounts and units at a time. Raises NotAllowed for anybody else.

    The lock is the agency's root unit. Two administrators who remove each other at once would else leave nobody.
    """
    if administers(actor.user.pk, actor.agency.pk):
        root = Unit.objects.select_for_update(no_key=True).filter(agency=actor.agency, is_root=True)
        # Asked again: whoever held the lock until now may have taken the role.
        if root.first() is not None and administers(actor.user.pk, actor.agency.pk):
            return
    raise NotAllowed(NOT_AN_ADMINISTRATOR)


def member(actor: Acting, user_id: int) -> User:
    """Somebody who works for the actor's agency, or did; a system is none. Raises NotVisible.

    It lets an administrator read what there was, and give or end roles in the own units. What touches the account
    itself, such as its password, asks for more (agencies.accounts.services).
    """
    people = User.objects.filter(kind=User.Kind.PERSON, memberships__group__unit__agency=actor.agency)
    found = people.filter(pk=user_id).distinct().first()
    if found is None:
        raise NotVisible
    return found


def _unit(actor: Acting, group_id: int) -> Unit:
    found = Unit.objects.filter(group_id=group_id, agency=actor.agency).first()
    if found is None:
        raise NotVisible
    return found


@transaction.atomic
def add_unit(*, actor: Acting, name: str, phone: str = "") -> Unit:
    """Make a unit of the actor's agency. Returns it. Raises NotAllowed or Refused."""
    lock_agency(actor)
    name = _free_name(actor, name)
    unit = make_unit(actor.agency, name, phone=phone)
    record_change(actor=actor, verb="unit.added", obj=unit, after={"name": name, "phone": phone})
    return unit


def make_unit(agency: Agency, name: str, *, phone: str = "", is_root: bool = False) -> Unit:
    """The unit's row and the group whose number is its principal's; no check, and no row on the trail. Returns it."""
    group = Group.objects.create(name=f"unit {uuid.uuid4()}")
    return Unit.objects.create(group=group, agency=agency, name=name, phone=phone, is_root=is_root)


@transaction.atomic
def change_unit(*, actor: Acting, group_id: int, name: str, phone: str) -> Unit:
    """Rename a unit, or give it another number to call. Returns it. Raises NotAllowed, NotVisible or Refused."""
    lock_agency(actor)
    unit = _unit(actor, group_id)
    before = {"name": unit.name, "phone": unit.phone}
    unit.name, unit.phone = _free_name(actor, name, unit), phone
    after = {"name": unit.name, "phone": unit.phone}
    if after != before:
        unit.save(update_fields=["name", "phone"])
        record_change(actor=actor, verb="unit.changed", obj=unit, before=before, after=after)
    return unit


@transaction.atomic
def close_unit(*, actor: Acting, group_id: int) -> Unit:
    """Close a unit in which nobody works any more; its cases stay with the agency's root unit until they are moved.

    Returns it; closing it again changes nothing. Raises NotAllowed, NotVisible or Refused.
    """
    lock_agency(actor)
    unit = _unit(actor, group_id)
    if unit.is_root:
        raise Refused("Every agency keeps its first unit, which holds its agency-wide roles. It cannot be closed.")
    if unit.closed_at is not None:
        return unit
    if memberships_in_force().filter(group_id=group_id).exists():
        raise Refused(
            "People still work in this unit. Give them a role in another unit and end this one, then close it."
        )
    unit.closed_at = database_now()
    unit.save(update_fields=["closed_at"])
    record_change(actor=actor, verb="unit.closed", obj=unit, after={"closed_at": unit.closed_at.isoformat()})
    return unit


@transaction.atomic
def give_role(*, actor: Acting, user_id: int, group_id: int, role: str) -> Membership:
    """Give somebody a role in a unit from now on. Returns the membership; giving it again changes nothing.

    Raises NotAllowed, NotVisible or Refused: nobody gives themselves a role.
    """
    lock_agency(actor)
    return place(actor, member(actor, user_id), _unit(actor, group_id), role)


def place(actor: Acting, user: User, unit: Unit, role: str) -> Membership:
    """The membership that gives the role, and its row on the trail. Within lock_agency(). Raises Refused."""
    if user.pk == actor.user.pk:
        raise Refused("Nobody gives themselves a role. Ask another administrator.", "role")
    known = ROLES.get(role)
    if known is None or known.for_systems != (user.kind == User.Kind.CLIENT):
        raise Refused("Choose a role from the list.", "role")
    if unit.closed_at is not None:
        raise Refused(f"{unit.name} is closed. Choose another unit.", "unit")
    row = Membership.objects.filter(user=user, group_id=unit.pk, role=role).first()
    now = database_now()
    if row is not None and row.starts_at <= now < row.until:
        return row
    if row is None:
        row = Membership.objects.create(user=user, group_id=unit.pk, role=role, starts_at=now)
    else:
        row.starts_at, row.until = now, FOREVER
        row.save(update_fields=["starts_at", "until"])
    record_change(actor=actor, verb="role.given", obj=user, after={"unit": unit.pk, "role": role})
    return row


@transaction.atomic
def end_role(*, actor: Acting, user_id: int, membership_id: int) -> Membership:
    """Take a role from somebody now: from the next request on it opens nothing. Returns the membership.

    Ending one that has ended changes nothing. Raises NotAllowed, NotVisible or Refused: an agency keeps an
    administrator, and somebody who decides over its records.
    """
    lock_agency(actor)
    row = (
        Membership.objects.filter(pk=membership_id, user=user_id, group__unit__agency=actor.agency)
        .select_related("user", "group__unit")
        .first()
    )
    if row is None:
        raise NotVisible
    now = database_now()
    if row.until <= now:
        return row
    keep_somebody(actor, [row.pk])
    if row.user_id == actor.user.pk:
        raise Refused("Nobody takes a role from themselves. Ask another administrator.")
    before = {"unit": row.group_id, "role": row.role, "until": row.until.isoformat()}
    row.until = max(now, row.starts_at + datetime.timedelta(microseconds=1))
    row.save(update_fields=["until"])
    record_change(actor=actor, verb="role.ended", obj=row.user, before=before, after={"until": row.until.isoformat()})
    return row


def keep_somebody(actor: Acting, leaving: list[int]) -> None:
    """Refuse where without these memberships nobody would administer the agency, or decide over its records."""
    here = memberships_in_force().filter(group__unit__agency=actor.agency, user__is_active=True)
    for roles, name in ((ADMINISTRATORS, "administrator"), (APPROVERS, "supervisor")):
        holders = here.filter(role__in=roles)
        if holders.filter(pk__in=leaving).exists() and not holders.exclude(pk__in=leaving).exists():
            raise Refused(f"This is the last {name} of {actor.agency.name}. Give somebody else the role first.")


@transaction.atomic
def arrange_cover(
    *,
    actor: Acting,
    colleague_id: int,
    starts_at: datetime.datetime,
    until: datetime.datetime,
    officer_id: int | None = None,
) -> Cover:
    """Name a colleague of the own agency who answers while the actor is away, or another member, for administrators.

    It gives the colleague the officer's news and a list, and opens nothing: what they see of a case is what their own
    units open. Returns the cover. Raises NotAllowed or Refused.
    """
    officer, whom = actor.user, "you"
    if officer_id not in (None, actor.user.pk):
        lock_agency(actor)
        try:
            officer = member(actor, officer_id or 0)
        except NotVisible:
            raise Refused("Choose an officer of your agency.", "officer") from None
        whom = officer.display
    # Two covers at once for the same days: whoever comes second waits for the first, and is refused.
    User.objects.select_for_update(no_key=True).get(pk=officer.pk)
    now = database_now()
    if colleague_id == officer.pk:
        raise Refused("Choose a colleague; nobody covers for themselves.", "colleague")
    here = memberships_in_force().filter(
        user__is_active=True, user__kind=User.Kind.PERSON, group__unit__agency=actor.agency
    )
    if not here.filter(user=officer).exists():
        raise Refused(f"{officer.display} does not work for your agency now.")
    if not here.filter(user_id=colleague_id).exists():
        raise Refused("Choose a colleague who works for your agency now.", "colleague")
    if until <= max(now, starts_at):
        raise Refused("Choose a last day that is not past, and not before the first.", "until")
    if until - starts_at > LONGEST_COVER:
        raise Refused("A cover lasts half a year at most. Have the caseload moved instead.", "until")
    overlapping = Cover.objects.filter(
        officer=officer, agency=actor.agency, starts_at__lt=until, until__gt=max(now, starts_at)
    )
    if overlapping.exists():
        raise Refused(f"A colleague already covers for {whom} on some of these days. End that cover first.", "starts")
    cover = Cover.objects.create(
        agency=actor.agency, officer=officer, colleague_id=colleague_id, starts_at=starts_at, until=until
    )
    after: dict[str, Any] = {"colleague": colleague_id, "from": starts_at.isoformat(), "until": until.isoformat()}
    record_change(actor=actor, verb="cover.arranged", obj=cover, after=after)
    return cover


@transaction.atomic
def end_cover(*, actor: Acting, cover_uuid: uuid.UUID) -> Cover:
    """End a cover now: the actor's own, or a member's for administrators. Returns it; one that is over stays as it is.

    Raises NotVisible.
    """
    theirs = Cover.objects.filter(uuid=cover_uuid, agency=actor.agency)
    if not administers(actor.user.pk, actor.agency.pk):
        theirs = theirs.filter(officer=actor.user)
    cover = theirs.select_for_update(of=("self",)).select_related("officer").first()
    if cover is None:
        raise NotVisible
    now = database_now()
    if cover.until <= now:
        return cover
    before = {"until": cover.until.isoformat()}
    cover.until = max(now, cover.starts_at)
    cover.save(update_fields=["until"])
    record_change(actor=actor, verb="cover.ended", obj=cover, before=before, after={"until": cover.until.isoformat()})
    return cover


def _free_name(actor: Acting, name: str, unit: Unit | None = None) -> str:
    """The name without blanks around it. Raises Refused where another unit of the agency bears it."""
    name = " ".join(name.split())
    if not name:
        raise Refused("Type the unit's name.", "name")
    others = Unit.objects.filter(agency=actor.agency, name__iexact=name)
    if (others.exclude(pk=unit.pk) if unit else others).exists():
        raise Refused("Your agency has a unit of this name.", "name")
    return name
