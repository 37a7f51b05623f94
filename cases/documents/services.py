"""Adding, withdrawing and reading documents; and what the worker does: scanning, and removing files without a row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, BinaryIO

import structlog
from django.conf import settings
from django.core.files.base import File
from django.db import connection, transaction

from agencies.directory.categories import Category
from agencies.directory.clock import database_now
from agencies.trail.models import Change
from agencies.trail.services import record_change, record_read
from cases.documents import events
from cases.documents.codes import ScanState
from cases.documents.models import Document
from cases.documents.recognising import plain_name, recognise
from cases.documents.scanning import ScannerAway, scanner
from cases.documents.storing import digest_of, left_alone, open_stored, remove, store
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from sharing.access.actors import Actor
from sharing.access.errors import NotAllowed, NotVisible, Refused, refusing
from sharing.access.registry import shareable_of
from sharing.access.services import lock_record, sent_before
from sharing.notices.outbox import ask, publish

SCAN = "cases.documents.tasks.scan"
BATCH = 1000  # file names a question of the sweep

_log = structlog.get_logger(__name__)


class NotStored(OSError):
    """The file could not be put at its place, or not be read there. Nothing was saved, nobody is told."""


@transaction.atomic
def add_document(
    *,
    actor: Actor,
    case_uuid: uuid.UUID,
    file: File,
    values: Mapping[str, Any],
    document_uuid: uuid.UUID | None = None,
) -> Document:
    """Add a file to a case; `values` are its title and kind. Returns the document.

    With `document_uuid`, given out with the form, adding the same again returns what the first time added. The
    file is stored before anything is locked or written. Raises NotVisible, NotAllowed, Refused or NotStored.
    """
    _may_add(actor, case_uuid)
    added = _added(actor, case_uuid, document_uuid)
    if added:
        return _added_before(added, values, digest_of(file))
    name = file.name or ""
    if not file.size:
        raise Refused("The file is empty.", "file")
    if file.size > settings.DOCUMENT_MAX_BYTES:
        raise Refused(too_large(), "file")
    found = recognise(file, name)  # type: ignore[arg-type]
    document = Document(
        uuid=document_uuid or uuid.uuid4(),
        file_type=found.code,
        file_name=plain_name(name, found),
        scan_state=ScanState.WAITING if scanner() else ScanState.UNSCANNED,
        added_by=actor.user,
        added_by_agency=actor.agency,
        **values,
    )
    _check(document)
    try:
        stored = store(file)
    except OSError as error:
        _log.error("document_not_stored", error=type(error).__name__)
        raise NotStored("The file could not be stored. Nothing was saved; try again later.") from error
    try:
        document.case = lock_record(actor, shareable_of(Case), case_uuid)
        _may_add(actor, case_uuid)
        added = _added(actor, case_uuid, document_uuid)
        if added:  # the same form, sent twice at once
            _added_before(added, values, stored.digest)
            remove(stored.name)
            return added
        document.stored_as, document.size, document.digest = stored
        document.created_at = document.updated_at = database_now()
        document.save(force_insert=True)
        told = {name: getattr(document, name) for name in ("title", "kind", "file_type", "digest")}
        _finish(actor, events.ADDED, document, after=told)
    except BaseException:
        remove(stored.name)
        raise
    if document.scan_state == ScanState.WAITING:
        transaction.on_commit(lambda: ask(SCAN))
    return document


def _added(actor: Actor, case_uuid: uuid.UUID, document_uuid: uuid.UUID | None) -> Document | None:
    """What a form that is sent again has added before."""
    if document_uuid is None:
        return None
    return Document.objects.permitted(actor).filter(case__uuid=case_uuid, uuid=document_uuid).first()


def _added_before(added: Document, values: Mapping[str, Any], digest: str) -> Document:
    """What a form added the first time, if it brings the same now. Raises Refused."""
    again = Document(**values)
    sent_before((added.title, added.kind, added.digest), (again.title, again.kind, digest))
    return added


@transaction.atomic
def withdraw_document(*, actor: Actor, document_uuid: uuid.UUID, reason: str) -> Document:
    """Take a document back: it stays in the list with who and why, and nobody can download it any more.

    The agency that added it may, and whoever may share the case. Returns the document; withdrawing one again changes
    nothing. Raises NotVisible, NotAllowed or Refused.
    """
    seen = Document.objects.permitted(actor).filter(uuid=document_uuid).values_list("case__uuid", flat=True).first()
    if seen is None:
        raise NotVisible
    case = lock_record(actor, shareable_of(Case), seen)
    document = Document.objects.permitted(actor).filter(uuid=document_uuid).first()
    if document is None:
        raise NotVisible
    must_withdraw(actor, document, Case.objects.permitted(actor, Category.SHARE).filter(pk=case.pk).exists())
    if document.withdrawn_at is not None:
        return document
    if not reason.strip():
        raise Refused("Say why the document is withdrawn; others read it in the list.", "reason")
    document.case = case
    document.withdrawn_at = document.updated_at = database_now()
    document.withdrawn_by, document.withdraw_reason = actor.user, reason.strip()
    document.version += 1
    document.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason", "version", "updated_at"])
    _finish(actor, events.WITHDRAWN, document, reason=reason.strip())
    return document


def read_document(*, actor: Actor, document_uuid: uuid.UUID) -> tuple[Document, BinaryIO]:
    """The document and its file, open for reading; one read event says who took it.

    Raises NotVisible, NotAllowed where it was withdrawn, refused or waits for the scan, or NotStored.
    """
    document = Document.objects.permitted(actor).select_related("case").filter(uuid=document_uuid).first()
    if document is None:
        raise NotVisible
    if document.withdrawn_at is not None:
        raise NotAllowed("This document was withdrawn and can no longer be downloaded.")
    if not document.readable:
        raise NotAllowed(f"This file cannot be downloaded. {ScanState(document.scan_state).label}.")
    try:
        file = open_stored(document.stored_as)
    except OSError as error:
        _log.error("document_not_read", document=str(document.uuid), error=type(error).__name__)
        raise NotStored("The file cannot be read at the moment. Try again later.") from error
    record_read(
        actor=actor,
        action="download",
        record_type=CASE,
        record_ids=[document.case.uuid],
        categories=Category.DOCUMENTS,
    )
    return document, file


def may_withdraw(actor: Actor, document: Document, may_share: bool) -> bool:
    """Whether the actor may withdraw a document that they see; `may_share` says whether they may share its case."""
    return may_share or document.added_by_agency_id == actor.agency_id


def must_withdraw(actor: Actor, document: Document, may_share: bool) -> None:
    """Raises NotAllowed where may_withdraw() says no."""
    if not may_withdraw(actor, document, may_share):
        raise NotAllowed("Only the agency that added the document, or the one that owns the case, may withdraw it.")


def too_large() -> str:
    """The sentence about a file beyond the limit."""
    return f"The file is larger than {settings.DOCUMENT_MAX_BYTES // (1024 * 1024)} MB. Make it smaller or split it."


def scan_waiting() -> int:
    """Scan the files that wait, oldest first. Returns how many got a verdict; those without go on waiting.

    For the job role, outside a transaction. Two at once ask the scanner twice and write one verdict.
    """
    judge, judged = scanner(), 0
    if judge is None:
        return 0
    for number, name in _call("SELECT id, stored_as FROM documents_waiting()"):
        try:
            with open_stored(name) as file:
                clean = judge.scan(file)
        except ScannerAway as error:
            _log.error("scanner_away", error=str(error))
            break
        except OSError as error:
            _log.error("document_not_read", document=number, error=type(error).__name__)
            continue
        judged += _note_verdict(number, ScanState.CLEAN if clean else ScanState.REFUSED)
    return judged


def sweep_files() -> int:
    """Remove the files that no row tells of and that have lain there for a day. Returns how many. For the job role."""
    removed, names = 0, list(left_alone(database_now()))
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        known = {name for (name,) in _call("SELECT documents_stored(%s)", batch)}
        for name in set(batch) - known:
            remove(name)
            removed += 1
    return removed


@transaction.atomic
def _note_verdict(number: int, state: ScanState) -> int:
    """Write the verdict and its row of the trail. Returns 1, or 0 where somebody wrote one meanwhile."""
    found = _call("SELECT document, record, agency, agency_name FROM document_scanned(%s, %s)", number, state.value)
    for document, record, agency, agency_name in found:
        Change.objects.create(
            user_name="Virus scan",
            agency_id=agency,
            agency_name=agency_name,
            channel="task",
            verb="document.scanned",
            object_type=Document._meta.label_lower,
            object_id=str(document),
            record_type=CASE,
            record_id=record,
            after={"scan_state": state.value},
        )
    return len(found)


def _may_add(actor: Actor, case_uuid: uuid.UUID) -> None:
    if Case.objects.permitted(actor, Category.DOCUMENTS).filter(uuid=case_uuid).exists():
        return
    if not Case.objects.visible_to(actor).filter(uuid=case_uuid).exists():
        raise NotVisible
    raise NotAllowed("The documents of this case are not shared with you, or not for your role.")


def _check(document: Document) -> None:
    filled_in_later = ["case", "added_by", "added_by_agency", "size", "digest", "stored_as"]
    with refusing():
        document.full_clean(exclude=filled_in_later, validate_unique=False, validate_constraints=False)


def _finish(
    actor: Actor, kind: str, document: Document, *, after: dict[str, Any] | None = None, reason: str = ""
) -> None:
    case = document.case
    record_change(
        actor=actor, verb=kind, obj=document, record_type=CASE, record_id=case.uuid, after=after, reason=reason
    )
    publish(actor=actor, kind=kind, record=case, obj=document)


def _call(statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return list(cursor.fetchall())
