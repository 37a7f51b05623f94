"""Dates, deadlines and before-and-after marks as pages show them."""

import datetime

import pytest
from django.utils import timezone

from agencies.directory.models import FOREVER
from portal.components.templatetags import concord

NOW = datetime.datetime(2026, 11, 24, 14, 32, tzinfo=datetime.UTC)  # 9:32am in New York


@pytest.fixture(autouse=True)
def _in_new_york_on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    with timezone.override("America/New_York"):
        yield


def test_a_moment_is_shown_in_the_agencys_zone_and_with_its_year() -> None:
    assert concord.when(NOW) == "Nov 24, 2026 at 9:32am"
    assert concord.near(NOW) == "Today 9:32am"
    assert concord.near(NOW - datetime.timedelta(days=1), "inside") == "yesterday at 9:32am"
    assert concord.near(NOW - datetime.timedelta(days=2)) == "Nov 22, 2026 at 9:32am"


def test_the_day_of_a_moment_is_the_agencys_day() -> None:
    late_evening = datetime.datetime(2026, 11, 24, 3, 0, tzinfo=datetime.UTC)
    assert concord.day(late_evening) == "Nov 23, 2026"


def test_no_end_is_shown_as_nothing() -> None:
    assert concord.day(FOREVER) == ""
    assert concord.days_until(FOREVER) is None
    assert concord.due(None) == ""


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["A"], "A"),
        (["A", "B", "C"], "A, B and C"),
        (["North Beat, Alder City Police", "B"], "North Beat, Alder City Police; and B"),
    ],
)
def test_a_list_of_names_can_be_read_apart(names: list[str], words: str) -> None:
    assert concord.listed(names) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [(-3, "3 days late"), (-1, "1 day late"), (0, "Due today"), (1, "Nov 25, 2026")],
)
def test_a_deadline_says_how_late_it_is(days: int, words: str) -> None:
    day = datetime.date(2026, 11, 24) + datetime.timedelta(days=days)
    assert concord.due(day) == words
    assert concord.is_late(day) is (days < 0)


def test_age_counts_full_years() -> None:
    assert concord.age(datetime.date(1992, 11, 24)) == 34
    assert concord.age(datetime.date(1992, 11, 25)) == 33
    assert concord.age(None) is None


def test_changed_words_are_marked_as_one_stretch() -> None:
    marks = concord.word_diff("Checks every night.", "Checks three nights a week.")
    assert marks.before == "Checks <del>every night</del>."
    assert marks.after == "Checks <ins>three nights a week</ins>."
    assert marks.inline == "Checks <del>every night</del> <ins>three nights a week</ins>."


def test_marks_escape_what_people_wrote() -> None:
    marks = concord.word_diff("<b>", "<script>alert(1)</script> & more")
    assert "<script" not in marks.after
    assert "<b>" not in marks.before
    assert "&lt;" in marks.inline
    assert "&amp;" in marks.after


def test_marks_take_nothing_for_an_empty_text() -> None:
    marks = concord.word_diff(None, "At work")
    assert marks.before == ""
    assert marks.after == "<ins>At work</ins>"


def test_a_message_is_led_by_its_first_sentence() -> None:
    assert concord.lead("Goal 1 updated. Dana & 2 others will be told.") == (
        "<strong>Goal 1 updated.</strong> Dana &amp; 2 others will be told."
    )
    assert concord.lead("Saved.") == "<strong>Saved.</strong> "


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("(555) 014-2832", "5550142832"),
        ("+1 555.014.2832", "+15550142832"),
        ("555-0142 ext. 7", "5550142;ext=7"),
        ("555-0142 x12", "5550142;ext=12"),
        ("555-0142 / 555-0143", "5550142"),
        ("555-0142, ask for Kim", "5550142"),
        ("ask the desk", ""),
        ("", ""),
    ],
)
def test_a_number_is_dialled_as_it_is_meant(written: str, dialled: str) -> None:
    assert concord.digits(written) == dialled
