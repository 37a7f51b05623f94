"""A probation department to import for, and extracts to import."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group

from agencies.directory.models import Agency, AgencyKind, Unit
from cases.imports.models import ImportRun
from cases.imports.report import Report
from cases.imports.rows import COLUMNS
from cases.imports.services import import_extract
from sharing.access.context import job_context
from tests import services

PERSON = {
    "local_id": "P-000001",
    "state_id": "FL00000001",
    "last_name": "MCKINNEY",
    "first_name": "TOBIAS",
    "middle_name": "",
    "date_of_birth": "1992-03-09",
    "sex": "M",
    "race": "Caucasian",
    "offense_date": "2025-05-01",
    "offense": "Battery",
    "offense_degree": "M",
    "supervision_start": "2025-05-14",
    "risk_level": "High",
    "risk_decile": "9",
    "violence_level": "Medium",
    "violence_decile": "6",
    "prior_count": "3",
    "juvenile_felony_count": "2",
    "juvenile_misdemeanor_count": "1",
}


def person(number: int, **fields: str) -> dict[str, str]:
    """A row of the extract, right in every field but those given."""
    return PERSON | {"local_id": f"P-{number:06}", "state_id": f"FL{number:08}"} | fields


@pytest.fixture
def department(transactional_db: None) -> Iterator[Agency]:
    """A probation department with a root unit. Inside the test, Django's connection is the job role's."""
    with services.as_job():
        with job_context():
            agency = Agency.objects.create(
                name="Pine County Probation", short_name="Probation", ori="FL098015G", kind=AgencyKind.PROBATION_ADULT
            )
            group = Group.objects.create(name="root")
            Unit.objects.create(group=group, agency=agency, name="Headquarters", is_root=True)
        yield agency


@pytest.fixture
def extract(tmp_path: Path) -> Callable[..., Path]:
    """Writes an extract of these rows: extract([person(1), …])."""

    def write(rows: list[dict[str, str]], name: str = "extract.csv") -> Path:
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def run(department: Agency, tmp_path: Path) -> Callable[..., tuple[ImportRun, list[list[str]]]]:
    """Imports a file; returns the run and the lines of its report."""

    def taken_in(path: Path, mode: str = "full") -> tuple[ImportRun, list[list[str]]]:
        report = tmp_path / "report.csv"
        with Report(report) as findings:
            done = import_extract(agency=department, path=path, mode=mode, report=findings)
        with report.open(newline="", encoding="utf-8") as file:
            return done, list(csv.reader(file))[1:]

    return taken_in


def counts(run: ImportRun) -> tuple[int, ...]:
    """New, changed, unchanged, refused, unconfirmed."""
    return run.rows_created, run.rows_updated, run.rows_unchanged, run.rows_refused, run.rows_unconfirmed


def snapshot() -> dict[str, Any]:
    """Every row that an import may write, with the place where it lies: a row that was written again has moved."""
    found = {}
    for table in (
        "cases_person",
        "cases_case",
        "cases_casekey",
        "cases_identifier",
        "cases_riskassessment",
        "cases_juvenilehistory",
        "cases_personnametoken",
        "agencies_change",
        "sharing_outboxevent",
    ):
        found[table] = services.owner(f"SELECT t.ctid::text, t.xmin::text, t::text FROM {table} t ORDER BY 1")
    return found
