"""`manage.py import_probation FILE --mode full`: takes in a probation department's extract."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases.imports.models import ImportRun
from cases.imports.reading import ImportRefused
from cases.imports.report import Report
from cases.imports.services import import_extract, probation_agency

BAR_AFTER = 2.0  # seconds
WIDTH = 28


class Command(BaseCommand):
    help = "Take in a probation department's extract (CSV in UTF-8, gzipped or not)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the extract")
        parser.add_argument(
            "--mode",
            choices=[mode.value for mode in ImportRun.Mode],
            required=True,
            help="full: who is not in it becomes unconfirmed; delta: it holds changes only",
        )
        parser.add_argument(
            "--agency", default="", help="ORI or short name; needed where there are several departments"
        )
        parser.add_argument("--report", type=Path, help="where to write what was refused, as CSV")

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()
        on_terminal = sys.stdout.isatty()

        def show(rows: int, done: int, size: int) -> None:
            seconds = time.monotonic() - begun
            if on_terminal and seconds >= BAR_AFTER:
                full = round(WIDTH * min(done, size) / max(size, 1))
                bar = "#" * full + "." * (WIDTH - full)
                self.stdout.write(f"\r\033[K  {bar} {rows:,} rows, {rows / seconds:,.0f} rows/s", ending="")
                self.stdout.flush()

        try:
            with Report(options["report"]) as report:
                run = import_extract(
                    agency=probation_agency(options["agency"]),
                    path=options["file"],
                    mode=options["mode"],
                    report=report,
                    progress=show,
                )
        except ImportRefused as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"The report {options['report']} cannot be written: {error.strerror}.") from None
        if on_terminal:
            self.stdout.write("\r\033[K", ending="")
        self._tell(run, report, time.monotonic() - begun)

    def _tell(self, run: ImportRun, report: Report, seconds: float) -> None:
        self.stdout.write(
            f"{run.rows_read:,} rows in {seconds:.1f} s: {run.rows_created:,} new, {run.rows_updated:,} changed,"
            f" {run.rows_unchanged:,} unchanged, {run.rows_refused:,} refused."
        )
        if not (run.rows_created or run.rows_updated or run.rows_unconfirmed or run.rows_refused):
            self.stdout.write("Nothing changed.")
        if run.rows_unconfirmed:
            self.stdout.write(f"{run.rows_unconfirmed:,} people are no longer in the extract and are now unconfirmed.")
        if not report.count:
            return
        if report.path:
            self.stdout.write(f"What to look at is in {report.path}.")
            return
        for finding in report.first:  # without values: a terminal keeps what it shows
            where = f"row {finding.row}, {finding.field}" if finding.row else finding.value
            self.stdout.write(f"  {where}: {finding.what_to_do}")
        if report.count > len(report.first):
            self.stdout.write(f"  … {report.count - len(report.first):,} more: --report FILE.csv keeps them all.")
