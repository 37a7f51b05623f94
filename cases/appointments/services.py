"""Making appointments, changing and moving them, and saying how they went.

Lock, check, change, trail, outbox; the outer transaction commits. Only the agency that made an appointment changes it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Set
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from agencies.directory.categories import NOTHING, Category
from agencies.directory.clock import database_now
from cases.appointments import events
from cases.appointments.codes import ATTENDANCE, NOT_A_COLLEAGUE, NOT_A_READER, Outcome
from cases.appointments.models import Appointment, Companion
from cases.appointments.querysets import ADD, colleagues, companions
from cases.supervision.codes import Audience
from cases.supervision.models import Case
from cases.supervision.readers import officers_who_read
from cases.supervision.services import finish_part
from sharing.access import explain
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, Stale, refusing
from sharing.access.registry import shareable_of
from sharing.access.services import lock_record, sent_before

EARLY = datetime.timedelta(hours=1)
"""How long before its time somebody may have come and gone."""
CONCERNS = ("kind", "starts_at", "minutes", "place", "officer")
"""Of a change of these everybody is told who is to be there."""
BACK, AHEAD = datetime.timedelta(days=1), datetime.timedelta(days=3 * 366)
"""How far back and ahead an appointment may be made: what lies further back is a contact."""


@transaction.atomic
def make_appointment(
    *, actor: Actor, case_uuid: uuid.UUID, values: Mapping[str, Any], appointment_uuid: uuid.UUID | None = None
) -> Appointment:
    """Make an appointment on a case: `starts_at`, `companions`, and what DETAILS of the model names; the officer is the
    actor unless one is named.

    Returns it. With `appointment_uuid`, given out with the form, making the same again returns what the first time
    made. Raises NotVisible, NotAllowed or Refused.
    """
    case = lock_record(actor, shareable_of(Case), case_uuid)
    if not Case.objects.permitted(actor, ADD).filter(pk=case.pk).exists():
        raise NotAllowed("Your role or your agency's access does not let you make appointments here.")
    visible = Appointment.objects.permitted(actor)
    made = visible.filter(case=case, uuid=appointment_uuid).first() if appointment_uuid else None
    appointment = Appointment(
        uuid=appointment_uuid or uuid.uuid4(), case=case, agency=actor.agency, made_by=actor.user, officer=actor.user
    )
    appointment.companion_ids = []
    _set_time(appointment, values.get("starts_at"))
    _set(appointment, {name: value for name, value in values.items() if name != "starts_at"})
    if made:
        if made.version == 1:  # as it was made
            sent_before(values_of(made), values_of(appointment))
        return made
    appointment.updated_at = database_now()
    _check(actor, appointment)
    appointment.save(force_insert=True)
    _bring(appointment)
    finish_part(
        actor=actor,
        part=appointment,
        kind=events.MADE,
        before={},
        after=values_of(appointment),
        user_ids=concerned(None, appointment),
    )
    return appointment


@transaction.atomic
def change_appointment(
    *, actor: Actor, appointment_uuid: uuid.UUID, changes: Mapping[str, Any], seen_version: int
) -> Appointment:
    """Change `companions`, and what DETAILS of the model names, while nobody has said how it went.

    Returns the appointment as it is now; where nothing differs, nothing is written and nobody is told. Raises
    NotVisible, NotAllowed, Refused, or Stale with the current appointment where somebody changed it in between.
    """
    appointment = _locked(actor, appointment_uuid, seen_version)
    _must_be_open(appointment)
    before = values_of(appointment)
    _set(appointment, changes)
    changed = _changed(before, appointment)
    if not changed:
        return appointment
    _check(actor, appointment, set(before["companions"]), anew="audience" in changed)
    _save(actor, appointment, [name for name in changed if name != "companions"])
    _bring(appointment)
    finish_part(
        actor=actor,
        part=appointment,
        kind=events.CHANGED,
        before=_only(before, changed),
        after=_now(appointment, changed),
        user_ids=concerned(before, appointment),
    )
    return appointment


@transaction.atomic
def record_outcome(
    *, actor: Actor, appointment_uuid: uuid.UUID, outcome: str, note: str = "", seen_version: int
) -> Appointment:
    """Say whether the person came and complied, and what happened; the same again corrects it.

    `outcome` is one of ATTENDANCE. Returns the appointment; where nothing differs, nothing is written. Raises
    NotVisible, NotAllowed, Refused, or Stale with the current appointment where somebody changed it in between.
    """
    appointment = _locked(actor, appointment_uuid, seen_version)
    if outcome not in ATTENDANCE:
        raise Refused("Choose an outcome from the list.", "outcome")
    if appointment.outcome in (Outcome.RESCHEDULED, Outcome.CANCELED):
        raise Refused(f"This appointment was {appointment.get_outcome_display().lower()}; it has no attendance.")
    now = database_now()
    if appointment.starts_at - EARLY > now:
        raise Refused("This appointment is still to come. Move or cancel it instead.", "outcome")
    missed = outcome == Outcome.ABSENT_UNACCEPTABLE
    _end(actor, appointment, outcome, note, now, events.MISSED if missed else events.OUTCOME)
    return appointment


@transaction.atomic
def cancel_appointment(*, actor: Actor, appointment_uuid: uuid.UUID, note: str, seen_version: int) -> Appointment:
    """Call off an appointment of which nobody has said how it went; `note` says why.

    Returns the appointment. Raises NotVisible, NotAllowed, Refused, or Stale as change_appointment().
    """
    appointment = _locked(actor, appointment_uuid, seen_version)
    if appointment.outcome == Outcome.CANCELED:
        return appointment
    _must_be_open(appointment)
    _must_say_why(note)
    _end(actor, appointment, Outcome.CANCELED, note, database_now(), events.CANCELED)
    return appointment


@transaction.atomic
def move_appointment(
    *,
    actor: Actor,
    appointment_uuid: uuid.UUID,
    starts_at: datetime.datetime,
    note: str,
    seen_version: int,
    new_uuid: uuid.UUID | None = None,
) -> Appointment:
    """Put another appointment in the place of one: the old is closed as rescheduled, `note` says why.

    Returns the new one, alike but for its time. With `new_uuid`, given out with the form, moving it there again returns
    what the first time made. Raises NotVisible, NotAllowed, Refused, or Stale with the current (old) appointment.
    """
    asked = (starts_at, note.strip())
    made = _moved(actor, appointment_uuid, new_uuid, asked)
    if made:
        return made
    try:
        old = _locked(actor, appointment_uuid, seen_version)
    except Stale:
        made = _moved(actor, appointment_uuid, new_uuid, asked)
        if made:  # the same form, sent twice at once
            return made
        raise
    _must_be_open(old)
    _must_say_why(note)
    now = database_now()
    new = Appointment(
        uuid=new_uuid or uuid.uuid4(),
        case=old.case,
        agency=old.agency,
        made_by=actor.user,
        replaces=old,
        updated_at=now,
    )
    if starts_at == old.starts_at:
        raise Refused("That is when it is now. Choose another time.", "starts_at")
    _set_time(new, starts_at)
    reading = officers_who_read(old.case, Category.CONTACT_VIEW, old.audience)
    new.companion_ids = sorted(reading.filter(pk__in=old.companion_ids).values_list("pk", flat=True))
    _set(new, {name: getattr(old, name) for name in Appointment.DETAILS})
    old.outcome, old.outcome_at, old.outcome_by, old.note = Outcome.RESCHEDULED, now, actor.user, note.strip()
    _check(actor, old, set(old.companion_ids))
    _save(actor, old, ["outcome", "outcome_at", "outcome_by", "note"])
    new.save(force_insert=True)
    _bring(new)
    finish_part(
        actor=actor,
        part=new,
        kind=events.MOVED,
        before={"starts_at": old.starts_at.isoformat()},
        after={"starts_at": new.starts_at.isoformat(), "replaces": str(old.uuid)},
        reason=note.strip(),
        user_ids=concerned(values_of(old), new),
    )
    return new


def _moved(
    actor: Actor, appointment_uuid: uuid.UUID, new_uuid: uuid.UUID | None, asked: tuple[datetime.datetime, str]
) -> Appointment | None:
    """What a form that is sent again has put in the appointment's place before; Refused where it asks another move."""
    if new_uuid is None:
        return None
    moved = Appointment.objects.permitted(actor).filter(uuid=new_uuid, replaces__uuid=appointment_uuid)
    made = moved.select_related("replaces").first()
    if made and made.replaces and made.version == 1:
        sent_before((made.starts_at, made.replaces.note), asked)
    return made


def values_of(appointment: Appointment) -> dict[str, Any]:
    """What the trail keeps of an appointment, as JSON can hold it: moments as ISO text, people by their numbers."""
    values = {name: getattr(appointment, name) for name in (*Appointment.DETAILS, "outcome", "note")}
    values["officer"], values["companions"] = appointment.officer_id, appointment.companion_ids
    return {"starts_at": appointment.starts_at.astimezone(datetime.UTC).isoformat(), **values}


def concerned(before: Mapping[str, Any] | None, after: Appointment) -> list[int]:
    """Numbers of the officers who are told of it by name; `before` is values_of() it until now, None for a new one.

    Whoever is new at it or has no more to come; of another time, place or officer, and of its end, everybody.
    """
    now = values_of(after)
    there = {now["officer"], *now["companions"]}
    if before is None:
        return sorted(there)
    earlier = {before["officer"], *before["companions"]}
    of_all = now["outcome"] == Outcome.CANCELED or any(before[name] != now[name] for name in CONCERNS)
    return sorted(earlier | there if of_all else earlier ^ there)


def _locked(actor: Actor, appointment_uuid: uuid.UUID, seen_version: int) -> Appointment:
    """The appointment, with its case locked first and then itself, if the actor's agency made it and they may add.

    Raises NotVisible; NotAllowed where the actor may see it and no more; Stale where `seen_version` has passed.
    """
    seen = Appointment.objects.permitted(actor).filter(uuid=appointment_uuid)
    case_uuid = seen.values_list("case__uuid", flat=True).first()
    if case_uuid is None:
        raise NotVisible
    lock_record(actor, shareable_of(Case), case_uuid)
    appointment = (
        Appointment.objects.permitted(actor, ADD)
        .select_for_update(no_key=True, of=("self",))
        .filter(uuid=appointment_uuid, agency_id=actor.agency_id)
        .select_related("case", "officer")
        .first()
    )
    if appointment is None and not seen.exists():
        raise NotVisible  # hidden while we waited for the lock
    if appointment is None:
        raise NotAllowed("Only those who make appointments at the agency that made this one may change it.")
    if appointment.version != seen_version:
        raise Stale(appointment)
    return appointment


def _must_be_open(appointment: Appointment) -> None:
    if appointment.outcome:
        raise Refused("Its outcome is recorded, so it can no longer be changed. Make another appointment instead.")


def _must_say_why(note: str) -> None:
    if not note.strip():
        raise Refused("Say why; whoever sees the appointment reads it.", "note")


def _set_time(appointment: Appointment, starts_at: datetime.datetime | None) -> None:
    now = database_now()
    if starts_at is None:
        raise Refused("Say when it starts.", "starts_at")
    if not now - BACK <= starts_at <= now + AHEAD:
        raise Refused("Choose a day from yesterday on, within three years.", "starts_at")
    appointment.starts_at = starts_at


def _set(appointment: Appointment, values: Mapping[str, Any]) -> None:
    unknown = sorted(set(values) - {*Appointment.DETAILS, "companions"})
    if unknown:
        raise Refused(f"{unknown[0]} cannot be changed.", unknown[0])
    for name, value in values.items():
        if name != "companions":
            setattr(appointment, name, value)
    if "companions" in values:
        appointment.companion_ids = sorted({user.pk or 0 for user in values["companions"]})
    # Who meets the person does not come along as well.
    appointment.companion_ids = [one for one in appointment.companion_ids if one != appointment.officer_id]


def _bring(appointment: Appointment) -> None:
    """Write down who comes along, where that differs from what is written."""
    rows = Companion.objects.filter(appointment=appointment)
    written, wanted = set(rows.values_list("user_id", flat=True)), set(appointment.companion_ids)
    if written - wanted:
        rows.filter(user__in=written - wanted).delete()
    if wanted - written:
        Companion.objects.bulk_create(
            Companion(appointment=appointment, user_id=user_id) for user_id in sorted(wanted - written)
        )


def _check(actor: Actor, appointment: Appointment, before: Set[int] = frozenset(), anew: bool = False) -> None:
    """Every field that forms and callers can set; whoever is to meet the person must work where the actor does.

    `before` are those who came along until now. Each of the others has to be one whom the actor may name; they too
    where all are asked about `anew`, since others may read it now.
    """
    unset = ["case", "agency", "made_by", "officer", "outcome_by", "replaces"]
    with refusing():
        appointment.full_clean(exclude=unset, validate_unique=False, validate_constraints=False)
    # Nobody edits something out of their own sight. Row security refuses the write as well, but with no sentence.
    if appointment.audience not in (Audience.BOTH, actor.side):
        raise Refused("With this audience you could no longer see it yourself.", "audience")
    if not colleagues(actor).filter(pk=appointment.officer_id).exists():
        raise Refused(NOT_A_COLLEAGUE, "officer")
    asked = set(appointment.companion_ids) - (set() if anew else before)
    if asked:
        opened = explain.opened_masks(actor, [appointment.case]).get(appointment.case_id, NOTHING)
        allowed = companions(actor, appointment.case, opened, appointment.audience, before)
        if asked - set(allowed.values_list("pk", flat=True)):
            raise Refused(NOT_A_READER, "companions")


def _end(actor: Actor, appointment: Appointment, outcome: str, note: str, now: datetime.datetime, kind: str) -> None:
    """Give the appointment its outcome, and tell of it; where nothing differs, neither."""
    before = values_of(appointment)
    appointment.outcome, appointment.note = outcome, note.strip()
    changed = _changed(before, appointment)
    if not changed:
        return
    appointment.outcome_at, appointment.outcome_by = now, actor.user
    try:
        appointment.clean_fields(
            exclude=[f.name for f in Appointment._meta.fields if f.name not in ("outcome", "note")]
        )
    except ValidationError as error:
        raise Refused(error.message_dict["note"][0], "note") from None
    _save(actor, appointment, ["outcome", "outcome_at", "outcome_by", "note"])
    finish_part(
        actor=actor,
        part=appointment,
        kind=kind,
        before=_only(before, changed),
        after=_now(appointment, changed),
        user_ids=concerned(before, appointment),
    )


def _save(actor: Actor, appointment: Appointment, names: list[str]) -> None:
    appointment.version += 1
    appointment.updated_at = database_now()
    appointment.save(update_fields=[*names, "version", "updated_at"])
    if not Appointment.objects.permitted(actor, ADD).filter(pk=appointment.pk).exists():
        raise NotVisible


def _changed(before: dict[str, Any], appointment: Appointment) -> list[str]:
    after = values_of(appointment)
    return [name for name in after if after[name] != before[name]]


def _only(values: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: values[name] for name in names}


def _now(appointment: Appointment, names: list[str]) -> dict[str, Any]:
    return _only(values_of(appointment), names)
