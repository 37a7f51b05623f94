"""Accounts of people and systems: invited, suspended, reinstated; their sessions, letters, tokens and preferences."""

from __future__ import annotations

import datetime
import hashlib
import json
import secrets
import time
import uuid
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest

from agencies.accounts.models import AccountLetter, AccountSession, ApiToken
from agencies.directory import services as directory
from agencies.directory.clock import DatabaseNow, database_now
from agencies.directory.errors import NotVisible, Refused, Stale
from agencies.directory.models import FOREVER, Agency, Cover, Membership, Unit, User
from agencies.directory.querysets import administrations, memberships_in_force, works_elsewhere, works_for
from agencies.trail.services import Acting, record_change, record_command

PREFIX = "ccd_"
END_ROLES = "End their roles here instead."


class InvalidToken(Exception):
    """The token is unknown, expired, revoked, or its client is switched off. All four look alike."""


def _digest(secret: str) -> str:
    # The secret has 256 random bits: a fast hash is enough, there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()


def issue_token(
    *,
    client: User,
    label: str,
    expires_at: datetime.datetime,
    created_by: User | None = None,
    token_uuid: uuid.UUID | None = None,
) -> tuple[ApiToken, str]:
    """A new token for an API client. Returns the row and the secret, which cannot be read again.

    Raises ValueError for an account that is not an API client or an end that is past.
    """
    if client.kind != User.Kind.CLIENT:
        raise ValueError("only API clients hold tokens")
    now = database_now()
    if expires_at <= now:
        raise ValueError("a token ends later than now")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        uuid=token_uuid or uuid.uuid4(),
        user=client,
        label=label,
        digest=_digest(secret),
        hint=secret[:10],
        created_at=now,
        created_by=created_by,
        expires_at=expires_at,
    )
    return token, secret


def authenticate_token(secret: str) -> User:
    """The API client that holds this secret now. Raises InvalidToken."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(
            digest=_digest(secret),
            revoked_at__isnull=True,
            expires_at__gt=DatabaseNow(),
            user__is_active=True,
            user__kind=User.Kind.CLIENT,
        )
        .first()
    )
    if token is None:
        raise InvalidToken
    return token.user


def revoke_token(*, token: ApiToken) -> None:
    """Close a token at once; closing it again changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=DatabaseNow())


def keep_preference(*, actor: Acting, name: str, value: Any) -> None:
    """Keep how whoever acts wants pages to look, inside the caller's transaction; `value` is what JSON can hold."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT own_preference(%s, %s::jsonb)", [name, json.dumps(value)])
        actor.user.preferences = json.loads(cursor.fetchone()[0])


@transaction.atomic
def invite(
    *, actor: Acting, email: str, name: str, group_id: int, role: str, title: str = "", badge: str = "", phone: str = ""
) -> User:
    """Open an account for somebody, with a role in a unit, and have a link sent with which they choose a password.

    Somebody who has an account already, from another agency say, is given the role in that account. Returns the
    account. Raises NotAllowed, NotVisible or Refused.
    """
    directory.lock_agency(actor)
    unit = Unit.objects.filter(group_id=group_id, agency=actor.agency).first()
    if unit is None:
        raise NotVisible
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT directory_add_account(%s, %s, %s, %s, %s)", [email, name, title, badge, phone])
            user = User.objects.get(pk=cursor.fetchone()[0])
    elif user.kind != User.Kind.PERSON or not user.is_active:
        raise Refused("This address cannot be invited. Ask whoever runs Concord for you.", "email")
    elif memberships_in_force().filter(user=user, group__unit__agency=actor.agency).exists():
        raise Refused("Somebody of your agency has this address. Give them the role on their page.", "email")
    directory.place(actor, user, unit, role)
    if not user.has_usable_password():
        _write_letter(actor, user, AccountLetter.Kind.INVITATION)
    return user


@transaction.atomic
def open_agency(
    *, name: str, short_name: str, kind: str, time_zone: str, email: str, administrator: str
) -> tuple[Agency, User]:
    """Begin an agency: its root unit, and its first administrator, to whom a worker sends a link to choose a password.

    For whoever runs Concord, as the job role: everything else the administrator does, signed in. Asked again while no
    administrator of the agency can sign in (a letter was lost, its link ran out, the address was wrong), it sends a new
    letter and leaves the agency as it is. Somebody who has an account already is given the role in that account.
    Returns agency and administrator; raises Refused.
    """
    agency = Agency.objects.select_for_update().filter(name__iexact=name).first()
    if agency and any(held.user.has_usable_password() for held in administrations(agency.pk).select_related("user")):
        raise Refused(f"There is an agency called {name} already. Its administrators appoint others.", "name")
    user = User.objects.filter(email=email.lower()).first()
    if user is not None and (user.kind != User.Kind.PERSON or not user.is_active):
        raise Refused("This address belongs to a system, or to an account that is suspended.", "email")
    if agency is None:
        agency = Agency.objects.create(name=name, short_name=short_name, kind=kind, time_zone=time_zone)
        directory.make_unit(agency, short_name, is_root=True)
    root = Unit.objects.get(agency=agency, is_root=True)
    user = user or User.objects.create_user(email, name=administrator)
    if not administrations(agency.pk).filter(user=user).exists():
        now = {"starts_at": database_now(), "until": FOREVER}
        Membership.objects.update_or_create(user=user, group_id=root.pk, role="administrator", defaults=now)
    if not user.has_usable_password():
        AccountLetter.objects.create(user=user, kind=AccountLetter.Kind.INVITATION)
    record_command(
        verb="agency.opened", agency=agency, obj=agency, after={"kind": agency.kind, "administrator": user.pk}
    )
    return agency, user


@transaction.atomic
def send_link(*, actor: Acting, user_id: int) -> AccountLetter:
    """Have a link for a new password sent to a member of the agency: an invitation again, where they never signed in.

    An invitation may be sent by every agency that gives the account a role: it has no password yet, and its owner could
    not ask for one. A link for a new password is sent by the one agency for which its owner works. Returns the letter,
    which a worker sends. Raises NotAllowed, NotVisible or Refused.
    """
    directory.lock_agency(actor)
    user = directory.member(actor, user_id)
    if user.kind != User.Kind.PERSON or not user.is_active:
        raise Refused("This account is suspended. Reinstate it first.")
    _must_work_here(actor, user)
    kind = AccountLetter.Kind.PASSWORD if user.has_usable_password() else AccountLetter.Kind.INVITATION
    if kind == AccountLetter.Kind.PASSWORD:
        _must_be_ours_alone(actor, user, "They ask for a link themselves where they sign in.")
    letter = _write_letter(actor, user, kind)
    record_change(actor=actor, verb="account.link_sent", obj=user, after={"kind": kind})
    return letter


def _write_letter(actor: Acting, user: User, kind: str) -> AccountLetter:
    return AccountLetter.objects.create(user=user, kind=kind, created_by=actor.user)


@transaction.atomic
def correct(
    *, actor: Acting, user_id: int, name: str, title: str, badge: str, phone: str, seen: str | None = None
) -> User:
    """Correct what an account says of a member of the agency, and have a letter tell them; the address stays.

    Whoever was never in sees it when they first sign in, and who corrects their own account knows. Returns the account;
    what is right already changes nothing. Raises NotAllowed, NotVisible, Refused, or Stale with the account as it is
    where `seen`, the details_state() that was read, is given and has passed.
    """
    directory.lock_agency(actor)
    user = directory.member(actor, user_id)
    after = {"name": " ".join(name.split()), "title": title.strip(), "badge": badge.strip(), "phone": phone.strip()}
    if not after["name"]:
        raise Refused("Type the name.", "name")
    _must_be_ours_alone(actor, user, "Neither agency changes the account on the other; ask whoever runs Concord.")
    if not memberships_in_force().filter(user=user, group__unit__agency=actor.agency).exists():
        raise Refused("They have no role here now. Give them one first, if they are back.")
    before = {field: getattr(user, field) for field in after}
    if after == before:
        return user
    if seen is not None and seen != details_state(user):
        raise Stale(user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT directory_correct(%s, %s, %s, %s, %s)", [user.pk, *after.values()])
    for field, value in after.items():
        setattr(user, field, value)
    changed = [field for field in after if after[field] != before[field]]
    record_change(
        actor=actor,
        verb="account.corrected",
        obj=user,
        before={field: before[field] for field in changed},
        after={field: after[field] for field in changed},
    )
    if user.pk != actor.user.pk and not user.is_invited:
        _write_letter(actor, user, AccountLetter.Kind.DETAILS)
    return user


@transaction.atomic
def arrange_cover(*, actor: Acting, officer_id: int, **asked: Any) -> Cover:
    """As directory.arrange_cover(); where somebody else arranges it, a letter tells the officer. Returns the cover."""
    cover = directory.arrange_cover(actor=actor, officer_id=officer_id, **asked)
    if cover.officer_id != actor.user.pk:
        _write_letter(actor, cover.officer, AccountLetter.Kind.COVER)
    return cover


@transaction.atomic
def end_cover(*, actor: Acting, cover_uuid: uuid.UUID) -> Cover:
    """As directory.end_cover(), and a letter tells the officer where somebody else ends it. Returns the cover."""
    lasted = Cover.objects.filter(uuid=cover_uuid, until__gt=DatabaseNow()).exists()
    cover = directory.end_cover(actor=actor, cover_uuid=cover_uuid)
    if lasted and cover.officer_id != actor.user.pk:
        _write_letter(actor, cover.officer, AccountLetter.Kind.COVER)
    return cover


def details_state(user: User) -> str:
    """What of an account somebody saw who corrects it: equal as long as nothing of that changed."""
    return _digest(json.dumps([user.name, user.title, user.badge, user.phone]))[:32]


@transaction.atomic
def suspend(*, actor: Acting, user_id: int, reason: str) -> User:
    """Shut an account now: its sessions and tokens end with it, and nobody signs in to it (AC-2(13)).

    Returns the account; suspending it again changes nothing. Raises NotAllowed, NotVisible or Refused.
    """
    directory.lock_agency(actor)
    user = directory.member(actor, user_id)
    if not reason.strip():
        raise Refused("Say why; the trail keeps it.", "reason")
    _must_be_another(actor, user)
    _must_be_ours_alone(actor, user, END_ROLES)
    here = memberships_in_force().filter(user=user, group__unit__agency=actor.agency)
    directory.keep_somebody(actor, list(here.values_list("pk", flat=True)))
    if _set_active(user, False):
        end_sessions(user=user)
        ApiToken.objects.filter(user=user, revoked_at__isnull=True).update(revoked_at=DatabaseNow())
        record_change(
            actor=actor,
            verb="account.suspended",
            obj=user,
            before={"active": True},
            after={"active": False},
            reason=reason.strip(),
        )
    return user


@transaction.atomic
def reinstate(*, actor: Acting, user_id: int) -> User:
    """Open a suspended account again, with the roles it still holds. Returns it; again changes nothing.

    Raises NotAllowed, NotVisible or Refused.
    """
    directory.lock_agency(actor)
    user = directory.member(actor, user_id)
    _must_be_another(actor, user)
    _must_be_ours_alone(actor, user, END_ROLES)
    if _set_active(user, True):
        record_change(
            actor=actor, verb="account.reinstated", obj=user, before={"active": False}, after={"active": True}
        )
    return user


@transaction.atomic
def note_end_of_lock_out(*, actor: Acting, user_id: int) -> User:
    """Leave on the trail that an administrator lets somebody sign in who failed too often. Returns the account.

    The failures themselves are counted in the cache (adapters.ClosedSignupAdapter). Only the one agency for which the
    person works ends it, since passwords can then be guessed faster. Raises NotAllowed, NotVisible or Refused.
    """
    directory.lock_agency(actor)
    user = directory.member(actor, user_id)
    _must_work_here(actor, user)
    _must_be_ours_alone(actor, user, "The lock-out ends by itself after a quarter of an hour.")
    record_change(actor=actor, verb="account.lock_out_ended", obj=user)
    return user


def _must_be_another(actor: Acting, user: User) -> None:
    if user.pk == actor.user.pk:
        raise Refused("Nobody suspends themselves. Ask another administrator.")


def _must_work_here(actor: Acting, user: User) -> None:
    if not works_for(user.pk, actor.agency.pk):
        raise Refused("This person has no role in your agency now. Give them one first.")


def _must_be_ours_alone(actor: Acting, user: User, instead: str) -> None:
    # Two agencies share an account as equals, however the second came to it. Neither shuts it on the other: to end its
    # roles is enough to shut out somebody whom the other agency has given a role too, and needs nobody's leave.
    if works_elsewhere(user.pk, actor.agency.pk):
        raise Refused(f"This person works for another agency too. {instead}")


def _set_active(user: User, active: bool) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT directory_set_active(%s, %s)", [user.pk, active])
        changed: bool = cursor.fetchone()[0]
    user.is_active = active
    return changed


def end_sessions(*, user: User, but: str = "") -> int:
    """End somebody's sessions on the server, all or all but the one with this key. Returns how many."""
    ended, _ = AccountSession.objects.filter(user=user).exclude(session_key=but).delete()
    return ended


@transaction.atomic
def sign_out_elsewhere(*, actor: Acting, session_key: str) -> int:
    """End every session of the actor's own but this one. Returns how many; none leaves no trace."""
    ended = end_sessions(user=actor.user, but=session_key)
    if ended:
        record_change(actor=actor, verb="account.signed_out_elsewhere", obj=actor.user, after={"sessions": ended})
    return ended


def confirmed_recently(request: HttpRequest) -> bool:
    """Whether whoever uses this session typed their password within the last ACCOUNT_REAUTHENTICATION_TIMEOUT seconds.

    Signing in counts. CJIS Security Policy IA-11 asks for a fresh authentication before a privileged act.
    """
    moments = [record["at"] for record in get_authentication_records(request, request.user)]
    moments.append(request.session.get("signed_in_at", 0.0))
    return bool(time.time() - max(moments) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
