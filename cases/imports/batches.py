"""One batch of an extract to the database: set by set, in one transaction, with its part of the trail."""

from __future__ import annotations

import datetime
import json
import uuid
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from agencies.directory.clock import database_now
from agencies.directory.models import Unit
from agencies.trail.models import Change
from cases.imports.models import ImportRun
from cases.imports.reading import Line
from cases.imports.report import Finding
from cases.imports.rows import Reader, Row
from cases.imports.staging import copy_in, insert, reserve
from cases.people.models import Person
from cases.supervision.bundles import BUNDLES
from cases.supervision.codes import CASE, SupervisionType
from cases.supervision.models import Case
from sharing.access.context import job_context

ASSESSMENT_TOOL = "Risk screening"
CASE_SUFFIX = "-1"
# Their values stay out of the trail, as out of every answer.
_UNTOLD = {"juvenile_felonies", "juvenile_misdemeanors"}

# The rows of one batch, and the numbers of all rows so far. Both belong to this connection and die with it.
_STAGING = """
DROP TABLE IF EXISTS pg_temp.import_row, pg_temp.import_seen;
CREATE TEMPORARY TABLE import_row (
  row int, local_id text, state_id text, given_name text, middle_name text, family_name text, suffix text,
  birth_date date, sex text, race text, offense text, offense_degree text, offense_date date, term_start date,
  risk_level smallint, risk_decile smallint, violence_level smallint, violence_decile smallint, prior_count smallint,
  juvenile_felonies smallint, juvenile_misdemeanors smallint,
  digest text, person_id bigint, case_id bigint, case_uuid uuid);
CREATE TEMPORARY TABLE import_seen (local_id text PRIMARY KEY, row int);
"""

# Every staged row knows its person's and its case's number, also before they exist: no statement has to look for them.
_ADD = [
    """INSERT INTO cases_person (id, uuid, agency_id, local_id, given_name, middle_name, family_name, suffix,
         birth_date, sex, race, created_at, updated_at, confirmed_at, source_digest, version)
       SELECT person_id, gen_random_uuid(), %(agency)s, local_id, given_name, middle_name, family_name, suffix,
         birth_date, sex, race, %(now)s, %(now)s, %(now)s, digest, 1 FROM import_row""",
    """INSERT INTO cases_case (id, uuid, number, person_id, agency_id, unit_id, kind, status, risk_level,
         supervision_level, offense, offense_degree, offense_date, term_start, restricted, created_at, updated_at,
         version)
       SELECT case_id, case_uuid, local_id || %(suffix)s, person_id, %(agency)s, %(unit)s, %(kind)s, 1, risk_level, 0,
         offense, offense_degree, offense_date, term_start, false, %(now)s, %(now)s, 1 FROM import_row""",
]

# For new rows and changed ones alike: a case opened by hand has no assessment yet.
_SET = [
    """INSERT INTO cases_riskassessment (uuid, case_id, created_at, updated_at, version, tool, assessed_on, risk_decile,
         violence_level, violence_decile, prior_count)
       SELECT gen_random_uuid(), case_id, %(now)s, %(now)s, 1, %(tool)s, term_start, risk_decile, violence_level,
         violence_decile, prior_count FROM import_row r
        WHERE NOT EXISTS (SELECT 1 FROM cases_riskassessment a WHERE a.case_id = r.case_id AND a.tool = %(tool)s)""",
    """INSERT INTO cases_identifier (uuid, person_id, kind, value)
       SELECT gen_random_uuid(), person_id, 'state_id', state_id FROM import_row WHERE state_id <> ''
       ON CONFLICT (person_id, kind) DO UPDATE SET value = excluded.value
        WHERE cases_identifier.value <> excluded.value""",
    """INSERT INTO cases_juvenilehistory (person_id, felony_count, misdemeanor_count)
       SELECT person_id, juvenile_felonies, juvenile_misdemeanors FROM import_row
       ON CONFLICT (person_id) DO UPDATE
          SET felony_count = excluded.felony_count, misdemeanor_count = excluded.misdemeanor_count""",
]

_CHANGE = [
    """UPDATE cases_person p
          SET given_name = r.given_name, middle_name = r.middle_name, family_name = r.family_name, suffix = r.suffix,
              birth_date = r.birth_date, sex = r.sex, race = r.race, source_digest = r.digest, updated_at = %(now)s,
              confirmed_at = %(now)s, unconfirmed_since = NULL, version = p.version + 1
         FROM import_row r WHERE p.id = r.person_id""",
    """UPDATE cases_case c
          SET offense = r.offense, offense_degree = r.offense_degree, offense_date = r.offense_date,
              term_start = r.term_start, risk_level = r.risk_level, updated_at = %(now)s, version = c.version + 1
         FROM import_row r
        WHERE c.id = r.case_id AND (c.offense, c.offense_degree, c.offense_date, c.term_start, c.risk_level)
              IS DISTINCT FROM (r.offense, r.offense_degree, r.offense_date, r.term_start, r.risk_level)""",
    """UPDATE cases_riskassessment a
          SET assessed_on = r.term_start, risk_decile = r.risk_decile, violence_level = r.violence_level,
              violence_decile = r.violence_decile, prior_count = r.prior_count, updated_at = %(now)s,
              version = a.version + 1
         FROM import_row r
        WHERE a.case_id = r.case_id AND a.tool = %(tool)s
          AND (a.assessed_on, a.risk_decile, a.violence_level, a.violence_decile, a.prior_count) IS DISTINCT FROM
              (r.term_start, r.risk_decile, r.violence_level, r.violence_decile, r.prior_count)""",
    """DELETE FROM cases_identifier i USING import_row r
        WHERE i.person_id = r.person_id AND i.kind = 'state_id' AND r.state_id = ''""",
]

# What the database holds, in the order of Row from state_id on; then what the trail and the checks need.
_BEFORE = """
SELECT r.local_id, coalesce(i.value, ''), p.given_name, p.middle_name, p.family_name, p.suffix, p.birth_date, p.sex,
       p.race, c.offense, c.offense_degree, c.offense_date, c.term_start, c.risk_level, a.risk_decile, a.violence_level,
       a.violence_decile, a.prior_count, j.felony_count, j.misdemeanor_count, p.unconfirmed_since, c.term_end
  FROM import_row r
  JOIN cases_person p ON p.id = r.person_id
  JOIN cases_case c ON c.id = r.case_id
  LEFT JOIN cases_identifier i ON i.person_id = r.person_id AND i.kind = 'state_id'
  LEFT JOIN cases_riskassessment a ON a.case_id = r.case_id AND a.tool = %(tool)s
  LEFT JOIN cases_juvenilehistory j ON j.person_id = r.person_id
"""
_COMPARED = Row._fields[2:]


class Staged(NamedTuple):
    """A row on its way in, with the numbers of its person and its case."""

    row: Row
    person_id: int
    case_id: int
    case_uuid: uuid.UUID


class Batches:
    """Takes one batch after the other; keeps the run's counts, which are committed with each batch."""

    def __init__(self, run: ImportRun) -> None:
        self.run = run
        self.agency = run.agency
        self.reader = Reader(timezone.localdate(run.started_at, ZoneInfo(run.agency.time_zone)))
        with connection.cursor() as cursor:
            cursor.execute(_STAGING)

    def take(self, lines: list[Line]) -> list[Finding]:
        """Put the good rows of these lines in; returns what is wrong with the others, in the order of the file."""
        findings: list[Finding] = []
        rows: list[Row] = []
        numbers: dict[int, str] = {}
        for line in lines:
            row, wrong = None, [Finding(line.number, "row", line.text, line.fault)] if line.fault else []
            if not line.fault:
                row, wrong = self.reader.read(line.number, line.fields)
            findings += wrong
            if number := self.reader.number_of(line.fields):
                numbers[line.number] = number
            if row:
                rows.append(row)
        with job_context():
            again = self._twice(numbers)
            findings += again
            twice = {finding.row for finding in again}
            findings += self._put([row for row in rows if row.row not in twice])
            self.run.rows_read += len(lines)
            self.run.rows_refused += len({finding.row for finding in findings})
            self.run.save()
        return sorted(findings, key=lambda finding: finding.row)

    def finish(self) -> list[Finding]:
        """Close the run. After a full extract, mark and return the people who are no longer in it."""
        with job_context():
            gone = self._mark_vanished() if self.run.mode == ImportRun.Mode.FULL else []
            self.run.rows_unconfirmed = len(gone)
            self.run.state, self.run.finished_at = ImportRun.State.FINISHED, database_now()
            self.run.save()
        return gone

    def _twice(self, numbers: dict[int, str]) -> list[Finding]:
        """Findings for rows whose number stood in the file before. Refused rows count: which one is right?"""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO import_seen (row, local_id) SELECT * FROM unnest(%s::int[], %s::text[])"
                " ON CONFLICT (local_id) DO NOTHING RETURNING row",
                [list(numbers), list(numbers.values())],
            )
            repeated = numbers.keys() - {row for (row,) in cursor.fetchall()}
            if not repeated:
                return []
            cursor.execute(
                "SELECT local_id, row FROM import_seen WHERE local_id = ANY (%s)", [[numbers[row] for row in repeated]]
            )
            first = dict(cursor.fetchall())
        return [
            Finding(
                row,
                "local_id",
                numbers[row],
                f"The number stands in row {first[numbers[row]]} already: keep one of them.",
            )
            for row in repeated
        ]

    def _put(self, rows: list[Row]) -> list[Finding]:
        """Tell new, changed and unchanged rows apart; put the first two in. Returns what contradicts the database."""
        held = {
            number: (person, (digest, since))
            for person, number, digest, since in Person.objects.filter(
                agency=self.agency, local_id__in=[row.local_id for row in rows]
            ).values_list("pk", "local_id", "source_digest", "unconfirmed_since")
        }
        new = [row for row in rows if row.local_id not in held]
        changed = [row for row in rows if row.local_id in held and held[row.local_id][1] != (row.digest, None)]
        self.run.rows_unchanged += len(rows) - len(new) - len(changed)
        refused = self._change(changed, {row.local_id: held[row.local_id][0] for row in changed}) if changed else []
        taken = self._taken(new)
        new = [row for row in new if row.local_id + CASE_SUFFIX not in taken]
        if new:
            self._add(new)
        self.run.rows_created += len(new)
        self.run.rows_updated += len(changed) - len(refused)
        return refused + list(taken.values())

    def _taken(self, rows: list[Row]) -> dict[str, Finding]:
        """Findings for new rows whose case cannot have its number, by that number: somebody gave it out by hand."""
        numbers = {row.local_id + CASE_SUFFIX: row for row in rows}
        cases = Case.objects.filter(agency=self.agency, number__in=numbers).values_list("number", flat=True)
        return {number: _number_taken(numbers[number]) for number in cases}

    def _run(self, statements: list[str]) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, self._values)

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {
            "agency": self.agency.pk,
            "now": self.run.started_at,
            "suffix": CASE_SUFFIX,
            "tool": ASSESSMENT_TOOL,
            "kind": SupervisionType.PROBATION,
            "unit": Unit.objects.get(agency=self.agency, is_root=True).pk,
        }

    def _add(self, rows: list[Row]) -> None:
        people, cases = reserve("cases_person", len(rows)), reserve("cases_case", len(rows))
        staged = [
            Staged(row, person, case, uuid.uuid4()) for row, person, case in zip(rows, people, cases, strict=True)
        ]
        _stage(staged)
        self._run([*_ADD, *_SET])
        with connection.cursor() as cursor:
            cursor.execute("SELECT case_own(%s, %s)", [cases, BUNDLES["own_case"].mask])
        self._tell("import.add", [(one.case_uuid, {}, {}) for one in staged])

    def _change(self, rows: list[Row], people: dict[str, int]) -> list[Finding]:
        """Write changed rows and their trail. Rows that the database cannot take stay as they were."""
        # Cases before people, each in the order of their numbers: as every writer does.
        numbers = [row.local_id + CASE_SUFFIX for row in rows]
        cases = {
            case.number: case
            for case in Case.objects.select_for_update(no_key=True)
            .filter(agency=self.agency, number__in=numbers)
            .order_by("pk")
        }
        list(
            Person.objects.select_for_update(no_key=True)
            .filter(pk__in=people.values())
            .order_by("pk")
            .values_list("pk")
        )
        findings: list[Finding] = []
        staged = []
        for row in rows:
            case = cases.get(row.local_id + CASE_SUFFIX)
            if case is None:
                findings.append(_no_case(row))
            elif case.person_id != people[row.local_id]:
                findings.append(_number_taken(row))
            else:
                staged.append(Staged(row, people[row.local_id], case.pk, case.uuid))
        _stage(staged)
        with connection.cursor() as cursor:
            cursor.execute(_BEFORE, self._values)
            before = {found[0]: found[1:] for found in cursor.fetchall()}
        told = []
        for row, _, _, record in staged:
            *values, since, term_end = before[row.local_id]
            if term_end and row.term_start > term_end:
                wrong = f"The term would begin after its end on {term_end}: correct one of the two."
                findings.append(Finding(row.row, "supervision_start", str(row.term_start), wrong))
            else:
                told.append((record, *_difference(values, row, since)))
        if findings:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM import_row WHERE row = ANY (%s)", [[finding.row for finding in findings]])
        self._run([*_CHANGE, *_SET])
        self._tell("import.change", told)
        return findings

    def _mark_vanished(self) -> list[Finding]:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE import_seen")
            cursor.execute(
                """SELECT p.id, p.local_id FROM cases_person p
                    WHERE p.agency_id = %s AND p.source_digest <> '' AND p.unconfirmed_since IS NULL
                      AND NOT EXISTS (SELECT 1 FROM import_seen s WHERE s.local_id = p.local_id)
                    ORDER BY p.id FOR NO KEY UPDATE""",
                [self.agency.pk],
            )
            gone = cursor.fetchall()
        numbers = [number + CASE_SUFFIX for _, number in gone]
        cases = Case.objects.filter(agency=self.agency, number__in=numbers).values_list("uuid", flat=True)
        now = self.run.started_at
        Person.objects.filter(pk__in=[person for person, _ in gone]).update(unconfirmed_since=now)
        self._tell(
            "import.miss",
            [(case, {"unconfirmed_since": None}, {"unconfirmed_since": now.isoformat()}) for case in cases],
        )
        return [
            Finding(
                0,
                "local_id",
                number,
                "Not in this full extract, and now shown as unconfirmed: confirm or close the case.",
            )
            for _, number in gone
        ]

    def _tell(self, verb: str, changes: list[tuple[Any, dict[str, Any], dict[str, Any]]]) -> None:
        """One row of the trail a case, in one statement."""
        same = {
            "at": self.run.started_at,
            "user_name": "Importer",
            "agency_id": self.agency.pk,
            "agency_name": self.agency.name,
            "channel": "command",
            "request_id": str(self.run.uuid),
            "verb": verb,
            "record_type": CASE,
            "object_type": CASE,
        }
        rows = ((*same.values(), case, case, json.dumps(before), json.dumps(after)) for case, before, after in changes)
        insert(Change, [*same, "record_id", "object_id", "before", "after"], rows)


def _no_case(row: Row) -> Finding:
    """The person was opened by hand, with a case under another number: only people know whether it is this term."""
    return _by_hand(
        row,
        "The person was opened by hand and has no case {}: open one of theirs with this number, or take the row out of"
        " the extract.",
    )


def _number_taken(row: Row) -> Finding:
    """A case of somebody else, opened by hand, has the number that this row's case would get."""
    return _by_hand(
        row,
        "Another person's case has the number {}, which this row's case needs: see whether they are the same person,"
        " and have whoever runs Concord renumber that case.",
    )


def _by_hand(row: Row, wrong: str) -> Finding:
    return Finding(row.row, "local_id", row.local_id, wrong.format(row.local_id + CASE_SUFFIX))


def _stage(staged: list[Staged]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE import_row")
    columns = [*Row._fields, "digest", "person_id", "case_id", "case_uuid"]
    copy_in("import_row", columns, ((*one.row, one.row.digest, *one[1:]) for one in staged))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE import_row")


def _difference(
    held: list[Any], row: Row, unconfirmed_since: datetime.datetime | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields of the row that differ from what is held, before and after, as the trail keeps them."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for field, old, new in zip(_COMPARED, held, row[2:], strict=True):
        if old != new:
            before[field], after[field] = ("not told", "not told") if field in _UNTOLD else (_plain(old), _plain(new))
    if unconfirmed_since:
        before["unconfirmed_since"], after["unconfirmed_since"] = unconfirmed_since.isoformat(), None
    return before, after


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value
