"""An extract taken in: what becomes of a row, again, as a delta, when people vanish and return."""

from __future__ import annotations

import datetime
import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from agencies.directory.models import Agency
from cases.imports.models import ImportRun
from cases.imports.names import split_suffix, spoken
from cases.imports.reading import NotReadable
from cases.imports.services import WrongAgency, import_extract, probation_agency
from tests import services
from tests.cases.imports.conftest import counts, person, snapshot
from tests.services import owner

Take = Callable[..., tuple[ImportRun, list[list[str]]]]
Write = Callable[..., Path]


def test_a_row_becomes_a_person_a_case_an_assessment_and_keys(extract: Write, run: Take) -> None:
    done, report = run(extract([person(1, last_name="O'BRIEN JR", middle_name="J")]))
    assert (counts(done), report) == ((1, 0, 0, 0, 0), [])
    assert done.state == ImportRun.State.FINISHED
    assert owner("SELECT given_name, middle_name, family_name, suffix, birth_date, sex, race FROM cases_person") == [
        ("Tobias", "J", "O'Brien", "Jr.", datetime.date(1992, 3, 9), "M", "White")
    ]
    assert owner(
        "SELECT c.number, u.is_root, c.status, c.kind, c.risk_level, c.supervision_level, c.offense, c.offense_degree,"
        " c.term_end, c.officer_id FROM cases_case c JOIN agencies_unit u ON u.group_id = c.unit_id"
    ) == [("P-000001-1", True, 1, 1, 3, 0, "Battery", "M", None, None)]
    assert owner("SELECT kind, value FROM cases_identifier") == [("state_id", "FL00000001")]
    assert owner("SELECT risk_decile, violence_level, violence_decile, prior_count FROM cases_riskassessment") == [
        (9, 2, 6, 3)
    ]
    assert owner("SELECT felony_count, misdemeanor_count FROM cases_juvenilehistory") == [(2, 1)]
    assert owner("SELECT g.kind, k.mask = g.mask FROM cases_casekey k JOIN sharing_grant g ON g.id = k.grant_id") == [
        ("owner", True)
    ]
    assert owner("SELECT verb, before, after, channel FROM agencies_change") == [("import.add", {}, {}, "command")]
    assert owner("SELECT count(*) FROM sharing_outboxevent") == [(0,)]


def test_no_score_and_no_state_id_stay_empty(extract: Write, run: Take) -> None:
    run(extract([person(1, state_id="", risk_level="N/A", risk_decile="-1", violence_level="", offense="")]))
    assert owner("SELECT c.risk_level, a.risk_decile FROM cases_case c, cases_riskassessment a") == [(0, None)]
    assert owner("SELECT count(*) FROM cases_identifier") == [(0,)]


def test_a_second_run_writes_nothing(extract: Write, run: Take) -> None:
    path = extract([person(number) for number in range(1, 8)])
    run(path)
    before = snapshot()
    done, report = run(path)
    assert (counts(done), report) == ((0, 0, 7, 0, 0), [])
    assert snapshot() == before


def test_a_delta_changes_what_it_names_and_leaves_one_trail_row_each(extract: Write, run: Take) -> None:
    run(extract([person(1), person(2), person(3)]))
    before = snapshot()
    done, _ = run(
        extract([person(1), person(2, risk_level="Low", risk_decile="2", juvenile_felony_count="5"), person(4)]),
        "delta",
    )
    assert counts(done) == (1, 1, 1, 0, 0)
    changes = owner(
        "SELECT c.number, t.before, t.after FROM agencies_change t JOIN cases_case c ON c.uuid = t.record_id"
        " WHERE t.verb = 'import.change'"
    )
    assert changes == [
        (
            "P-000002-1",
            {"risk_level": 3, "risk_decile": 9, "juvenile_felonies": "not told"},
            {"risk_level": 1, "risk_decile": 2, "juvenile_felonies": "not told"},
        )
    ]
    assert owner("SELECT version, risk_level FROM cases_case WHERE number = 'P-000002-1'") == [(2, 1)]
    assert owner("SELECT risk_level FROM cases_casekey WHERE content_object_id ="
                " (SELECT id FROM cases_case WHERE number = 'P-000002-1')") == [(1,)]  # fmt: skip
    assert owner("SELECT felony_count FROM cases_juvenilehistory ORDER BY 1") == [(2,), (2,), (2,), (5,)]
    untouched = {row for row in before["cases_case"] if "P-000002" not in row[2]}
    assert untouched <= set(snapshot()["cases_case"])


def test_a_state_id_comes_changes_and_goes(extract: Write, run: Take) -> None:
    for given in ("", "FL11111111", "FL22222222", ""):
        run(extract([person(1, state_id=given)]))
        assert owner("SELECT value FROM cases_identifier") == ([(given,)] if given else [])


def test_people_who_vanish_are_listed_and_unconfirmed_and_return(extract: Write, run: Take) -> None:
    run(extract([person(1), person(2), person(3)]))
    done, report = run(extract([person(1)]))
    assert counts(done) == (0, 0, 1, 0, 2)
    assert [line[:3] for line in report] == [["", "local_id", "P-000002"], ["", "local_id", "P-000003"]]
    assert owner("SELECT local_id, unconfirmed_since IS NULL FROM cases_person ORDER BY 1") == [
        ("P-000001", True),
        ("P-000002", False),
        ("P-000003", False),
    ]
    assert owner("SELECT count(*) FROM cases_case WHERE status = 1") == [(3,)]

    done, report = run(extract([person(1)]))  # still away: said once
    assert (counts(done), report) == ((0, 0, 1, 0, 0), [])

    done, _ = run(extract([person(2)]), "delta")  # unchanged, but here again
    assert counts(done) == (0, 1, 0, 0, 0)
    assert owner("SELECT unconfirmed_since FROM cases_person WHERE local_id = 'P-000002'") == [(None,)]
    verbs = owner("SELECT verb, count(*) FROM agencies_change GROUP BY 1 ORDER BY 1")
    assert verbs == [("import.add", 3), ("import.change", 1), ("import.miss", 2)]


def test_a_delta_takes_nobody_for_gone(extract: Write, run: Take) -> None:
    run(extract([person(1), person(2)]))
    done, _ = run(extract([person(1)]), "delta")
    assert counts(done) == (0, 0, 1, 0, 0)
    assert owner("SELECT count(*) FROM cases_person WHERE unconfirmed_since IS NOT NULL") == [(0,)]


def test_a_refused_row_does_not_make_its_person_vanish(extract: Write, run: Take) -> None:
    run(extract([person(1)]))
    done, _ = run(extract([person(1, sex="?")]))
    assert counts(done) == (0, 0, 0, 1, 0)
    assert owner("SELECT sex, unconfirmed_since FROM cases_person") == [("M", None)]


def test_a_packed_extract_that_breaks_off_takes_nobody_for_gone(extract: Write, run: Take, tmp_path: Path) -> None:
    run(extract([person(number) for number in range(3000)]))
    whole = gzip.compress(extract([person(number) for number in range(3000)]).read_bytes())
    torn = tmp_path / "torn.csv.gz"
    torn.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NotReadable, match="breaks off"):
        run(torn)
    assert owner("SELECT count(*) FROM cases_person WHERE unconfirmed_since IS NOT NULL") == [(0,)]
    assert owner("SELECT state, error FROM cases_importrun ORDER BY id DESC LIMIT 1") == [
        ("failed", "torn.csv.gz breaks off or is damaged: send it again.")
    ]


def test_never_a_half_row(extract: Write, run: Take) -> None:
    """Whatever table refuses a batch, nothing of the batch stays."""
    path = extract([person(number) for number in range(5)])
    for table in ("cases_case", "cases_riskassessment", "cases_identifier", "cases_juvenilehistory", "agencies_change"):
        owner(f"ALTER TABLE {table} ADD CONSTRAINT refuse CHECK (false) NOT VALID")
        with pytest.raises(DatabaseError, match="refuse"):
            run(path)
        owner(f"ALTER TABLE {table} DROP CONSTRAINT refuse")
        assert owner("SELECT count(*) FROM cases_person") == [(0,)]
    done, _ = run(path)
    assert counts(done) == (5, 0, 0, 0, 0)


def manage(*words: str) -> subprocess.Popen[str]:
    """Starts manage.py as a process of its own."""
    environment = {**os.environ, **services.running().environment(connection.settings_dict["NAME"])}
    environment.pop("CONCORD_DB_ROLE", None)
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        env=environment,
        cwd=services.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_import_leaves_whole_batches_and_a_second_run_completes(
    extract: Write, run: Take, department: Agency
) -> None:
    path = extract([person(number) for number in range(1, 12_001)])
    child = manage("import_probation", str(path), "--mode", "full")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and owner("SELECT count(*) FROM cases_person") < [(2000,)]:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    while owner("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"):
        time.sleep(0.05)  # until the server has noticed
    (kept,) = owner("SELECT count(*) FROM cases_person")[0]
    assert 0 < kept < 12_000
    assert kept % 1000 == 0
    for table in ("cases_case", "cases_riskassessment", "cases_identifier", "cases_juvenilehistory", "cases_casekey"):
        assert owner(f"SELECT count(*) FROM {table}") == [(kept,)]
    assert owner("SELECT state, rows_created FROM cases_importrun") == [("running", kept)]

    done, report = run(path)
    assert (counts(done), report) == ((12_000 - kept, 0, kept, 0, 0), [])
    assert owner("SELECT state FROM cases_importrun ORDER BY id") == [("failed",), ("finished",)]


def test_two_imports_at_once_the_second_is_told_to_wait(extract: Write, run: Take, department: Agency) -> None:
    path = extract([person(1)])
    seen: list[str] = []

    def meanwhile(*_: int) -> None:
        child = manage("import_probation", str(path), "--mode", "delta")
        _, said = child.communicate(timeout=60)
        assert child.returncode == 1
        seen.append(said)

    import_extract(agency=department, path=path, mode="full", progress=meanwhile)
    assert seen == ["CommandError: Another import for Pine County Probation is running: wait until it has ended.\n"]
    assert counts(run(path)[0]) == (0, 0, 1, 0, 0)  # the lock is given back


def test_the_command_says_what_it_did(extract: Write, department: Agency, capsys: pytest.CaptureFixture[str]) -> None:
    path = extract([person(1), person(2, sex="?")])
    call_command("import_probation", path, "--mode", "full", "--agency", "fl098015g")
    said = capsys.readouterr().out
    assert "2 rows in" in said
    assert "1 new, 0 changed, 0 unchanged, 1 refused." in said
    assert "  row 3, sex: This code is not known: use M, F, U or X.\n" in said
    call_command("import_probation", extract([person(1)]), "--mode", "full")
    assert "Nothing changed." in capsys.readouterr().out


def test_the_mode_must_be_declared_and_the_agency_known(extract: Write, department: Agency) -> None:
    with pytest.raises(CommandError, match="--mode"):
        call_command("import_probation", extract([person(1)]))
    with pytest.raises(WrongAgency, match=r"names no probation department; those here are Probation \(FL098015G\)"):
        probation_agency("Sheriff")


def test_the_report_is_for_its_owner_alone(extract: Write, run: Take, tmp_path: Path) -> None:
    run(extract([person(1, sex="?")]))
    assert (tmp_path / "report.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("MCDONALD", "McDonald"),
        ("O'BRIEN", "O'Brien"),
        ("SMITH-JONES", "Smith-Jones"),
        ("DE LA CRUZ", "De La Cruz"),
        ("MACK", "Mack"),
        ("MC", "Mc"),
        ("ÉTIENNE", "Étienne"),
        ("van Dyke", "van Dyke"),
        ("J", "J"),
    ],
)
def test_names_are_written_as_people_write_them_and_keep_their_letters(given: str, written: str) -> None:
    assert spoken(given) == written
    assert spoken(given).casefold() == given.casefold()


def test_a_suffix_is_no_family_name() -> None:
    assert split_suffix("SMITH JR") == ("Smith", "Jr.")
    assert split_suffix("SMITH, III") == ("Smith", "III")
    assert split_suffix("IV") == ("Iv", "")


def test_much_that_is_new_is_made_known_to_the_planner(
    extract: Write, run: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = "SELECT reltuples > 0 FROM pg_class WHERE relname = 'cases_case'"
    run(extract([person(1)]))
    assert owner(known) == [(False,)]
    monkeypatch.setattr("cases.imports.services.MUCH", 1)
    run(extract([person(1), person(2)]))
    assert owner(known) == [(True,)]
