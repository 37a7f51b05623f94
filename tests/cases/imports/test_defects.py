"""What is wrong in an extract: good rows go in, each bad one is reported with row, field, value and what to do."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from agencies.directory.models import Agency, Unit
from cases.imports import reading
from cases.imports.models import ImportRun
from cases.imports.rows import COLUMNS
from cases.imports.services import import_extract
from cases.people.models import Person
from cases.supervision.models import Case
from sharing.access.context import job_context
from tests.cases.imports.conftest import PERSON, counts, person
from tests.services import owner

# Row 2 is right; each of these follows it, and breaks in one field.
DEFECTS: list[tuple[dict[str, str], str, str]] = [
    ({"local_id": ""}, "local_id", "This must be the agency's number: capitals, digits and - . /."),
    ({"local_id": "P 17"}, "local_id", "This must be the agency's number: capitals, digits and - . /."),
    ({"local_id": "P-000001"}, "local_id", "The number stands in row 2 already: keep one of them."),
    ({"state_id": "12345"}, "state_id", "This must be a state ID, such as FL12345678, or nothing."),
    ({"last_name": ""}, "last_name", "A name is needed: add it."),
    ({"first_name": "J0HN"}, "first_name", "A name begins with a letter and holds letters, spaces, ' - . and , only."),
    ({"last_name": "X" * 61}, "last_name", "A name has at most 60 letters, and this has 61: shorten it."),
    ({"date_of_birth": "03/09/1992"}, "date_of_birth", "This is no day of the calendar: write it as YYYY-MM-DD."),
    ({"date_of_birth": "1991-02-30"}, "date_of_birth", "This is no day of the calendar: write it as YYYY-MM-DD."),
    ({"date_of_birth": "1890-01-01"}, "date_of_birth", "Nobody is older than 120: correct the year."),
    ({"date_of_birth": ""}, "date_of_birth", "A birth date tells namesakes apart: add it as YYYY-MM-DD."),
    ({"sex": "MALE"}, "sex", "This code is not known: use M, F, U or X."),
    (
        {"race": "Martian"},
        "race",
        "This code is not known: use African-American, Asian, Caucasian, Hispanic, Native American or Other.",
    ),
    ({"supervision_start": "2999-01-01"}, "supervision_start", "The day is in the future: correct it."),
    (
        {"offense_date": "2025-06-01"},
        "offense_date",
        "The offense comes after the term it led to began: correct one of the dates.",
    ),
    ({"offense_degree": "Z"}, "offense_degree", "This code is not known: use F, M or O."),
    ({"risk_level": "Extreme"}, "risk_level", "This code is not known: use Low, Medium, High or N/A."),
    ({"risk_decile": "11"}, "risk_decile", "This must be a whole number from 1 to 10."),
    ({"prior_count": "=1+1"}, "prior_count", "This must be a whole number from 0 to 999."),
    ({"offense": "B" * 121}, "offense", "A charge has at most 120 characters, and this has 121: shorten it."),
    ({"middle_name": "A\x07B"}, "middle_name", "The field holds a control character: remove it."),
]


def test_twenty_planted_defects_are_reported_exactly_and_the_good_rows_go_in(
    extract: Callable[..., Path], run: Callable[..., object]
) -> None:
    planted = [person(100 + place, **fields) for place, (fields, _, _) in enumerate(DEFECTS)]
    done, report = run(extract([person(1), *planted, person(2)]))  # type: ignore[misc]
    shown = {"prior_count": "'=1+1", "middle_name": "A\\x07B"}
    assert report == [
        [str(3 + place), field, shown.get(field, fields[field]), what]
        for place, (fields, field, what) in enumerate(DEFECTS)
    ]
    assert counts(done) == (2, 0, 0, len(DEFECTS), 0)
    assert owner("SELECT local_id FROM cases_person ORDER BY 1") == [("P-000001",), ("P-000002",)]


def test_a_row_with_several_defects_names_each(extract: Callable[..., Path], run: Callable[..., object]) -> None:
    _, report = run(extract([person(1, sex="?", risk_level="?", last_name="")]))  # type: ignore[misc]
    assert [(line[0], line[1]) for line in report] == [("2", "last_name"), ("2", "sex"), ("2", "risk_level")]


def test_broken_lines_spoil_themselves_and_nothing_else(
    extract: Callable[..., Path], run: Callable[..., object]
) -> None:
    path = extract([person(1)])
    good = path.read_bytes().splitlines()[1]
    broken = [
        good.replace(b"P-000001", b"P-000002").replace(b"MCKINNEY", b'"MCKINNEY'),  # a quotation mark left open
        good.replace(b"P-000001", b"P-000003") + b",more",
        b"P-000004,FL1",
        good.replace(b"P-000001", b"P-000005").replace(b"TOBIAS", b"TOB\xefAS"),  # Latin-1
        b"",
        good.replace(b"P-000001", b"P-000006"),
    ]
    path.write_bytes(path.read_bytes() + b"\r\n".join(broken) + b"\r\n")
    done, report = run(path)  # type: ignore[misc]
    assert [(line[0], line[1]) for line in report] == [
        ("3", "row"),
        ("4", "row"),
        ("5", "row"),
        ("6", "first_name"),
    ]
    assert report[3][2] == "TOB\\xefAS"
    assert counts(done) == (2, 0, 0, 4, 0)
    # Whoever stands in a broken row is not missing: nobody is taken for gone.
    again, report = run(path)  # type: ignore[misc]
    assert counts(again) == (0, 0, 2, 4, 0)


HEADER = ",".join(COLUMNS)
ROW = ",".join(PERSON.values())


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", reading.EmptyFile, "is empty"),
        (f"{HEADER}\n".encode(), reading.EmptyFile, "has a header and no row"),
        (f"{HEADER.replace('sex,', '')}\n{ROW}\n".encode(), reading.WrongHeader, "lacks sex"),
        (f"{HEADER},shoe_size\n{ROW},9\n".encode(), reading.WrongHeader, "should not have, shoe_size"),
        (f"{HEADER},sex\n{ROW},M\n".encode(), reading.WrongHeader, "more than once sex"),
        (f"{HEADER}\n{ROW}\n".replace(",", ";").encode(), reading.WrongHeader, "with commas"),
        (f"{HEADER}\n{ROW}\n".encode("utf-16"), reading.NotReadable, "no text in UTF-8"),
        (b"\x1f\x8b\x08\x00broken", reading.NotReadable, "breaks off or is damaged"),
        (b"PK\x03\x04\x00\x00", reading.NotReadable, "no text in UTF-8"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    content: bytes, error: type[Exception], words: str, tmp_path: Path, run: Callable[..., object]
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_bytes(content)
    with pytest.raises(error, match=words) as raised:
        run(path)
    assert str(raised.value).count("\n") == 0
    assert owner("SELECT count(*) FROM cases_person") == [(0,)]


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path: Path, run: Callable[..., object]) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(reading.NotReadable, match="cannot be read"):
            run(path)


def test_columns_in_another_order_and_a_byte_order_mark_are_fine(tmp_path: Path, run: Callable[..., object]) -> None:
    path = tmp_path / "turned.csv"
    path.write_bytes(
        ("\ufeff" + ",".join(reversed(COLUMNS)) + "\r\n" + ",".join(reversed(PERSON.values())) + "\r\n").encode()
    )
    done, report = run(path)  # type: ignore[misc]
    assert (counts(done), report) == ((1, 0, 0, 0, 0), [])


def test_a_term_that_would_begin_after_its_end_is_refused(
    extract: Callable[..., Path], run: Callable[..., object], department: Agency
) -> None:
    run(extract([person(1), person(2)]))
    owner("UPDATE cases_case SET term_end = %s RETURNING id", datetime.date(2025, 12, 31))
    done, report = run(extract([person(1, supervision_start="2026-02-01"), person(2, offense="Assault")]))  # type: ignore[misc]
    assert report == [
        [
            "2",
            "supervision_start",
            "2026-02-01",
            "The term would begin after its end on 2025-12-31: correct one of the two.",
        ]
    ]
    assert counts(done) == (0, 1, 0, 1, 0)
    assert owner("SELECT term_start, offense FROM cases_case ORDER BY number") == [
        (datetime.date(2025, 5, 14), "Battery"),
        (datetime.date(2025, 5, 14), "Assault"),
    ]


def by_hand(department: Agency, local_id: str, number: str) -> None:
    """A person with one case, as `case_open` leaves them: without a digest, an assessment or juvenile counts."""
    with job_context():
        somebody = Person.objects.create(
            agency=department, local_id=local_id, given_name="Anna", family_name="Novak", sex="F"
        )
        root = Unit.objects.get(agency=department, is_root=True)
        Case.objects.create(agency=department, unit=root, person=somebody, number=number, kind=1)


def test_a_person_opened_by_hand_without_the_case_of_the_extract_is_reported(
    extract: Callable[..., Path], run: Callable[..., object], department: Agency
) -> None:
    by_hand(department, "P-000002", "C-17")
    path = extract([person(1), person(2), person(3)])
    wrong = (
        "The person was opened by hand and has no case P-000002-1: open one of theirs with this number, or take the row"
        " out of the extract."
    )
    for expected in ((2, 0, 0, 1, 0), (0, 0, 2, 1, 0)):
        done, report = run(path)  # type: ignore[misc]
        assert (counts(done), report) == (expected, [["3", "local_id", "P-000002", wrong]])
        assert done.state == ImportRun.State.FINISHED
    assert owner("SELECT number, offense FROM cases_case ORDER BY 1") == [
        ("C-17", ""), ("P-000001-1", "Battery"), ("P-000003-1", "Battery"),
    ]  # fmt: skip
    assert owner("SELECT family_name, source_digest FROM cases_person WHERE local_id = 'P-000002'") == [("Novak", "")]
    for table in ("cases_riskassessment", "cases_juvenilehistory", "cases_identifier"):
        assert owner(f"SELECT count(*) FROM {table}") == [(2,)]


def test_a_number_given_out_by_hand_is_reported(
    extract: Callable[..., Path], run: Callable[..., object], department: Agency
) -> None:
    by_hand(department, "A-1", "P-000002-1")  # of a person who is new to us
    by_hand(department, "P-000003", "C-18")  # of one who is not
    by_hand(department, "A-2", "P-000003-1")
    done, report = run(extract([person(1), person(2), person(3), person(4)]))  # type: ignore[misc]
    assert (counts(done), done.state) == ((2, 0, 0, 2, 0), ImportRun.State.FINISHED)
    assert report == [
        [
            row,
            "local_id",
            number,
            f"Another person's case has the number {number}-1, which this row's case needs: see whether they are the"
            " same person, and have whoever runs Concord renumber that case.",
        ]
        for row, number in (("3", "P-000002"), ("4", "P-000003"))
    ]
    assert owner("SELECT local_id FROM cases_person ORDER BY 1") == [
        ("A-1",), ("A-2",), ("P-000001",), ("P-000003",), ("P-000004",),
    ]  # fmt: skip
    assert owner("SELECT count(*) FROM cases_case WHERE offense <> ''") == [(2,)]


def test_a_case_opened_by_hand_under_the_extracts_number_gets_the_whole_row(
    extract: Callable[..., Path], run: Callable[..., object], department: Agency
) -> None:
    by_hand(department, "P-000001", "P-000001-1")
    done, report = run(extract([person(1)]))  # type: ignore[misc]
    assert (counts(done), report) == ((0, 1, 0, 0, 0), [])
    assert owner(
        "SELECT p.family_name, c.offense, a.risk_decile, j.felony_count, i.value FROM cases_person p"
        " JOIN cases_case c ON c.person_id = p.id JOIN cases_riskassessment a ON a.case_id = c.id"
        " JOIN cases_juvenilehistory j ON j.person_id = p.id JOIN cases_identifier i ON i.person_id = p.id"
    ) == [("McKinney", "Battery", 9, 2, "FL00000001")]
    done, _ = run(extract([person(1, risk_decile="3")]))  # type: ignore[misc]
    assert owner("SELECT risk_decile FROM cases_riskassessment") == [(3,)]


@pytest.mark.parametrize("words", ["\\N", "\\.", 'Theft, "grand"', "NULL"])
def test_words_that_copy_might_misread_are_words(
    words: str, extract: Callable[..., Path], run: Callable[..., object]
) -> None:
    done, report = run(extract([person(1, offense=words, prior_count="")]))  # type: ignore[misc]
    assert (counts(done), report) == ((1, 0, 0, 0, 0), [])
    assert owner("SELECT c.offense, a.prior_count FROM cases_case c, cases_riskassessment a") == [(words, None)]


def test_a_fault_of_ours_ends_the_run(extract: Callable[..., Path], department: Agency) -> None:
    def stumble(*_: int) -> None:
        raise KeyError("P-000001")

    with pytest.raises(KeyError):
        import_extract(agency=department, path=extract([person(1)]), mode="full", progress=stumble)
    assert owner("SELECT state, error FROM cases_importrun") == [
        ("failed", "Stopped by a fault of Concord's own (KeyError).")
    ]
