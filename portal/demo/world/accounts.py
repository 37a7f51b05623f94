"""What an administrator's pages show: an invitation on its way, a suspended account, last sign-ins, and cover."""

from __future__ import annotations

import datetime
import random

from agencies.accounts.models import AccountLetter
from agencies.directory.models import Cover, Membership, User
from portal.demo.world.directory import COUNTY_PROBATION, Directory

INVITED = ("Nora Quill", "PO", "probation/south", "supervising_officer")


def furnish_accounts(directory: Directory, now: datetime.datetime) -> None:
    """Everybody has signed in of late but those of whom their page says otherwise. For the job role, in its context."""
    rng = random.Random("accounts")  # noqa: S311 - the same every time
    people = list(User.objects.filter(kind=User.Kind.PERSON).order_by("pk"))
    for person in people:
        person.last_login = now - datetime.timedelta(minutes=rng.randint(20, 9 * 24 * 60))
    suspended = directory.officers("probation/south")[4]
    for person in people:
        person.is_active = person.pk != suspended.pk
    User.objects.bulk_update(people, ["last_login", "is_active"], batch_size=500)
    administrator = directory.personas["administrator"]
    deputy = directory.officers("probation/county", "supervisor")[0]  # so that nobody administers alone
    Membership.objects.create(user=deputy, group_id=directory.group("probation/root"), role="administrator")
    _invite(directory, administrator, now)
    _cover(directory, now)


def _invite(directory: Directory, by: User, now: datetime.datetime) -> None:
    name, title, unit, role = INVITED
    email = f"{name.lower().replace(' ', '.')}@probation.example"
    user = User.objects.create(email=email, name=name, title=title, password="!")  # noqa: S106
    Membership.objects.create(user=user, group_id=directory.group(unit), role=role)
    sent = now - datetime.timedelta(hours=20)
    AccountLetter.objects.create(
        user=user, kind=AccountLetter.Kind.INVITATION, created_at=sent, created_by=by, sent_at=sent, attempts=1
    )


def _cover(directory: Directory, now: datetime.datetime) -> None:
    """A colleague of the officer's is away, and she answers."""
    officer = directory.personas["officer"]
    away = next(person for person in directory.officers("probation/north") if person.pk != officer.pk)
    Cover.objects.create(
        agency=directory.agencies[COUNTY_PROBATION],
        officer=away,
        colleague=officer,
        starts_at=now - datetime.timedelta(days=1),
        until=now + datetime.timedelta(days=6),
    )
