"""Setting, reviewing and ending flags and cautions: lock, check, change, trail, outbox; the outer one commits."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.clock import database_now
from cases.flags import events
from cases.flags.codes import FOR_SUPERVISION_ALONE, LONGEST_REVIEW, usual_review
from cases.flags.models import Flag
from cases.flags.querysets import SETS_CAUTIONS, SETS_FLAGS
from cases.supervision.codes import Audience
from cases.supervision.models import Case, Caution, StandingPart
from cases.supervision.services import finish_part
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale, refusing
from sharing.access.registry import shareable_of
from sharing.access.services import lock_record, sent_before

P = TypeVar("P", Flag, Caution)

FLAG_FIELDS = ("kind", "level", "basis", "evidence", "audience", "review_on")
CAUTION_FIELDS = ("text", "detail", "rank", "review_on")


@transaction.atomic
def set_flag(
    *, actor: Actor, case_uuid: uuid.UUID, values: Mapping[str, Any], flag_uuid: uuid.UUID | None = None
) -> Flag:
    """Set a flag on a case, in the actor's and their agency's name. Returns it. `values` are of FLAG_FIELDS.

    Without a day of review the usual one of its kind counts. With `flag_uuid`, given out with the form, setting the
    same again returns what the first time set. Raises NotVisible, NotAllowed or Refused.
    """
    case = _locked_case(actor, case_uuid, SETS_FLAGS)
    known = Flag.objects.permitted(actor).filter(case=case)
    given = known.filter(uuid=flag_uuid).first() if flag_uuid else None
    today = timezone.localdate()
    flag = Flag(case=case, uuid=flag_uuid or uuid.uuid4(), agency=actor.agency, set_by=actor.user, set_on=today)
    _apply(flag, values, FLAG_FIELDS)
    flag.review_on = flag.review_on or usual_review(flag.kind, today)
    if flag.kind in FOR_SUPERVISION_ALONE and "audience" not in values:
        flag.audience = Audience.SUPERVISION
    _check_flag(actor, flag)
    if given:
        return _set_before(given, flag, FLAG_FIELDS)
    if known.filter(kind=flag.kind, audience=flag.audience, ended_on=None).exists():
        raise Refused("This flag stands already. Review it instead of setting it twice.", "kind")
    return _save_new(actor, flag, FLAG_FIELDS, events.FLAG_SET)


@transaction.atomic
def review_flag(
    *, actor: Actor, flag_uuid: uuid.UUID, seen_version: int, note: str, review_on: datetime.date | None = None
) -> Flag:
    """Say that a flag still holds, and until when. Returns it. `note` says what was looked at.

    Without a day the usual one of its kind counts. Raises NotVisible, NotAllowed, Refused, or Stale with the flag as it
    is now.
    """
    flag = _locked(actor, Flag, flag_uuid, SETS_FLAGS)
    until = review_on or usual_review(flag.kind, timezone.localdate())
    return _review(actor, flag, seen_version, note, until, events.FLAG_REVIEWED)


@transaction.atomic
def end_flag(*, actor: Actor, flag_uuid: uuid.UUID, reason: str) -> Flag:
    """End a flag, with the reason that stays beside it. Returns it; ending it again changes nothing.

    Raises NotVisible, NotAllowed or Refused.
    """
    return _end(actor, _locked(actor, Flag, flag_uuid, SETS_FLAGS), reason, events.FLAG_ENDED)


@transaction.atomic
def add_caution(
    *, actor: Actor, case_uuid: uuid.UUID, values: Mapping[str, Any], caution_uuid: uuid.UUID | None = None
) -> Caution:
    """Add a caution to a case of the actor's own agency. Returns it. `values` are of CAUTION_FIELDS.

    With `caution_uuid`, given out with the form, adding the same again returns what the first time added. Raises
    NotVisible, NotAllowed or Refused.
    """
    case = _locked_case(actor, case_uuid, SETS_CAUTIONS)
    known = Caution.objects.permitted(actor).filter(case=case)
    given = known.filter(uuid=caution_uuid).first() if caution_uuid else None
    caution = Caution(case=case, uuid=caution_uuid or uuid.uuid4(), set_by=actor.user, set_on=timezone.localdate())
    _apply(caution, values, CAUTION_FIELDS)
    _check_day(caution.review_on)
    if given:
        return _set_before(given, caution, CAUTION_FIELDS)
    if known.filter(text__iexact=caution.text, ended_on=None).exists():
        raise Refused("This caution stands already. Review it instead of adding it twice.", "text")
    return _save_new(actor, caution, CAUTION_FIELDS, events.CAUTION_ADDED)


@transaction.atomic
def review_caution(
    *, actor: Actor, caution_uuid: uuid.UUID, seen_version: int, note: str, review_on: datetime.date
) -> Caution:
    """Say that a caution still holds, and until when. Returns it. As review_flag()."""
    caution = _locked(actor, Caution, caution_uuid, SETS_CAUTIONS)
    return _review(actor, caution, seen_version, note, review_on, events.CAUTION_REVIEWED)


@transaction.atomic
def end_caution(*, actor: Actor, caution_uuid: uuid.UUID, reason: str) -> Caution:
    """End a caution: it leaves every page at once and stays on the flags page, with the reason. As end_flag()."""
    return _end(actor, _locked(actor, Caution, caution_uuid, SETS_CAUTIONS), reason, events.CAUTION_ENDED)


def may_change_flag(actor: Actor, flag: Flag, opened: int) -> bool:
    """Whether somebody to whom the case opens this much may review and end the flag: its agency, and the owner's."""
    return SETS_FLAGS & opened == SETS_FLAGS and (flag.agency_id == actor.agency_id or bool(opened & Category.SHARE))


def _locked_case(actor: Actor, case_uuid: uuid.UUID, category: Category) -> Case:
    case: Case = lock_record(actor, shareable_of(Case), case_uuid)
    if not Case.objects.permitted(actor, category).filter(pk=case.pk).exists():
        raise NotAllowed("Your role or your agency's access does not let you do this here.")
    return case


def _locked(actor: Actor, model: type[P], part_uuid: uuid.UUID, category: Category) -> P:
    """The part, with its case locked first and then itself, if the actor may review and end it."""
    seen = model.objects.permitted(actor).filter(uuid=part_uuid)
    case_uuid = seen.values_list("case__uuid", flat=True).first()
    if case_uuid is None:
        raise NotVisible
    lock_record(actor, shareable_of(Case), case_uuid)
    current = seen.first()
    if current is None:
        raise NotVisible  # hidden while we waited for the lock
    theirs = model.objects.permitted(actor, category)
    if isinstance(current, Flag) and current.agency_id != actor.agency_id:
        theirs = model.objects.permitted(actor, category | Category.SHARE)
    part = theirs.select_for_update(no_key=True, of=("self",)).filter(uuid=part_uuid).first()
    if part is None:
        raise NotAllowed("Only the agency that set it, or the one that owns the case, may review or end it.")
    return part


def _apply(part: StandingPart, values: Mapping[str, Any], names: tuple[str, ...]) -> None:
    unknown = set(values) - set(names)
    if unknown:
        raise Refused(f"{sorted(unknown)[0]} cannot be set.", sorted(unknown)[0])
    for name, value in values.items():
        setattr(part, name, value)
    with refusing():
        part.clean_fields(exclude=[field.name for field in part._meta.fields if field.name not in names])


def _check_flag(actor: Actor, flag: Flag) -> None:
    if flag.kind in FOR_SUPERVISION_ALONE and flag.audience != Audience.SUPERVISION:
        raise Refused(
            "An illness is told to supervision only. Where officers need to know how to act, add a caution.", "audience"
        )
    if flag.audience not in (Audience.BOTH, actor.side):
        raise Refused("With this audience you could not see it yourself.", "audience")
    _check_day(flag.review_on)


def _check_day(review_on: datetime.date | None) -> None:
    today = timezone.localdate()
    if review_on is not None and not today < review_on <= today + LONGEST_REVIEW:
        raise Refused("Choose a day after today and within a year.", "review_on")


def _review(actor: Actor, part: P, seen_version: int, note: str, review_on: datetime.date, kind: str) -> P:
    if part.version != seen_version:
        raise Stale(part)
    if part.ended_on is not None:
        raise Refused("This has ended. Set it anew if it holds again.")
    _check_day(review_on)
    before = {"review_on": part.review_on and part.review_on.isoformat()}
    part.reviewed_by, part.reviewed_on = actor.user, timezone.localdate()
    part.review_note, part.review_on = note, review_on
    return _finish(actor, part, kind, before=before, after={"review_on": review_on.isoformat()}, reason=note)


def _end(actor: Actor, part: P, reason: str, kind: str) -> P:
    if part.ended_on is not None:
        return part
    if not reason.strip():
        raise Refused("Say why it ends; it stays beside it.", "reason")
    part.ended_by, part.ended_on, part.end_reason = actor.user, timezone.localdate(), reason
    return _finish(actor, part, kind, before={}, after={"ended_on": part.ended_on.isoformat()}, reason=reason)


def _set_before(given: P, again: P, names: tuple[str, ...]) -> P:
    """What a form set the first time, if it asks the same now; a review since then has moved the day. Or Refused."""
    compared = [name for name in names if given.version == 1 or name != "review_on"]
    sent_before([getattr(given, name) for name in compared], [getattr(again, name) for name in compared])
    return given


def _save_new(actor: Actor, part: P, names: tuple[str, ...], kind: str) -> P:
    values = {name: _plain(getattr(part, name)) for name in names}
    part.version = 0
    return _finish(actor, part, kind, before={}, after=values, reason="")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


_CHANGED = [
    "updated_at", "version", "review_on", "reviewed_by", "reviewed_on", "review_note", "ended_by", "ended_on",
    "end_reason",
]  # fmt: skip


def _finish(actor: Actor, part: P, kind: str, *, before: dict[str, Any], after: dict[str, Any], reason: str) -> P:
    """Save, see that it is still the actor's to see, and finish as every part does."""
    part.version += 1
    part.updated_at = database_now()
    part.save(update_fields=None if part.pk is None else _CHANGED)
    if not type(part).objects.permitted(actor).filter(pk=part.pk).exists():
        raise NotVisible
    finish_part(actor=actor, part=part, kind=kind, before=before, after=after, reason=reason)
    return part
