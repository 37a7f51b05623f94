"""Takes in the extract of a probation department: whole batches, each row wholly or not at all, as often as one likes.

A row is one person under supervision with one term. It becomes a person, a case, an assessment, juvenile counts, and
where there is one a state ID. The case's number is the person's number with "-1", for the extract knows one term a
person. Where people or that number came in by hand and the two do not fit together, the row is refused and the report
says what to do. New cases go to the agency's root unit, where somebody assigns them; what the extract does not say
(unit, officer, end of term, status, conditions) the import never touches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from django.db import DatabaseError, connection

from agencies.directory.clock import database_now
from agencies.directory.models import Agency, AgencyKind
from cases.imports.batches import Batches
from cases.imports.models import ImportRun
from cases.imports.reading import EmptyFile, Extract, ImportRefused, Line
from cases.imports.report import Report

BATCH = 1000  # rows a transaction
MUCH = 1000  # new rows after which the planner's statistics are gathered anew: it would guess until autovacuum comes by
_LOCK = 0x434E4349  # names our advisory locks: one import at a time for each agency

Progress = Callable[[int, int, int], None]
"""Told after each batch: rows read, bytes read, bytes in all."""


class AlreadyRunning(ImportRefused):
    """Another import for the agency is at work."""


class WrongAgency(ImportRefused):
    """The agency cannot have a probation extract."""


def probation_agency(name: str = "") -> Agency:
    """The agency with this ORI, short name or name; without a name the only probation department there is.

    Raises WrongAgency.
    """
    kinds = [AgencyKind.PROBATION_ADULT, AgencyKind.PROBATION_JUVENILE]
    known = list(Agency.objects.filter(kind__in=kinds, is_active=True).order_by("name"))
    fitting = [a for a in known if name.casefold() in (a.ori.casefold(), a.short_name.casefold(), a.name.casefold())]
    found = fitting if name else known
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{agency.short_name} ({agency.ori or 'no ORI'})" for agency in known) or "none yet"
    if not name:
        raise WrongAgency(f"Name the agency whose extract it is with --agency; probation departments here: {names}.")
    how = "several probation departments" if found else "no probation department"
    raise WrongAgency(f"{name!r} names {how}; those here are {names}.")


def import_extract(
    *, agency: Agency, path: Path, mode: str, report: Report | None = None, progress: Progress | None = None
) -> ImportRun:
    """Take in the extract at `path` for `agency`; returns the run with its counts.

    `mode` is an ImportRun.Mode: only a full extract tells who is gone; they are listed in the report and marked
    unconfirmed. Refused rows go to the report, all others in. Whole batches stay when the run ends early, and running
    it again completes it. Raises ImportRefused where the file or the moment is wrong. For the job role, outside any
    transaction.
    """
    report = report or Report()
    with _only_one(agency), Extract(path) as extract:
        run = _begin(agency, ImportRun.Mode(mode), extract)
        try:
            batches = Batches(run)
            for lines in batched(extract.lines(), BATCH):
                report.add(batches.take(lines))
                if progress:
                    progress(run.rows_read, extract.done, extract.size)
            if run.mode == ImportRun.Mode.FULL and not run.rows_read:
                raise EmptyFile(f"{path.name} has a header and no row, and so cannot be full: export it again.")
            report.add(batches.finish())
        except (ImportRefused, DatabaseError) as error:
            _end(run, ImportRun.State.FAILED, str(error).splitlines()[0])
            raise
        except Exception as error:  # a fault of ours; its words may name a person
            _end(run, ImportRun.State.FAILED, f"Stopped by a fault of Concord's own ({type(error).__name__}).")
            raise
    if run.rows_created >= MUCH:
        with connection.cursor() as cursor:
            cursor.execute("SELECT case_gather_statistics()")
    return run


def _begin(agency: Agency, mode: ImportRun.Mode, extract: Extract) -> ImportRun:
    """The run's row. Whatever this agency's earlier runs left open was killed: the lock is ours now."""
    ImportRun.objects.filter(agency=agency, state=ImportRun.State.RUNNING).update(
        state=ImportRun.State.FAILED, finished_at=database_now(), error="Ended before it was finished."
    )
    return ImportRun.objects.create(
        agency=agency,
        mode=mode,
        file_name=extract.path.name[:200],
        file_digest=extract.digest,
        started_at=database_now(),
    )


def _end(run: ImportRun, state: ImportRun.State, error: str) -> None:
    run.state, run.error, run.finished_at = state, error[:300], database_now()
    run.save(update_fields=["state", "error", "finished_at"])


def batched(lines: Iterator[Line], size: int) -> Iterator[list[Line]]:
    """Lists of at most `size` lines, read as they are asked for."""
    while batch := list(islice(lines, size)):
        yield batch


@contextmanager
def _only_one(agency: Agency) -> Iterator[None]:
    """Holds the agency's import lock on this connection; it falls with the connection, however the process ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, agency.pk])
        if not cursor.fetchone()[0]:
            raise AlreadyRunning(f"Another import for {agency.name} is running: wait until it has ended.")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, agency.pk])
