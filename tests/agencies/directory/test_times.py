"""Times of day as people type them."""

from __future__ import annotations

import datetime

import pytest

from agencies.directory.times import TypedTimeField, clock_text, parse_time


@pytest.mark.parametrize(
    ("typed", "hour", "minute"),
    [
        ("9:30", 9, 30), ("9.30", 9, 30), ("9 30", 9, 30), ("930", 9, 30), ("0930", 9, 30), ("9h30", 9, 30),
        ("9", 9, 0), ("9am", 9, 0), ("9 AM", 9, 0), ("2pm", 14, 0), ("2:15 p.m.", 14, 15), ("14:00", 14, 0),
        ("1430", 14, 30), ("12am", 0, 0), ("12pm", 12, 0), ("noon", 12, 0), ("Midnight", 0, 0),
        ("2", 14, 0), ("130", 13, 30), ("6:45", 18, 45), ("7", 7, 0), ("02:00", 2, 0), ("0:15", 0, 15),
    ],
)  # fmt: skip
def test_a_time_is_read_as_it_is_meant(typed: str, hour: int, minute: int) -> None:
    assert parse_time(typed) == datetime.time(hour, minute)


@pytest.mark.parametrize("typed", ["", "soon", "25:00", "9:61", "13pm", "0am", "9:3", "12345", "-9"])
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\A"):
        parse_time(typed)


def test_a_field_says_an_example_and_shows_what_it_would_read() -> None:
    field = TypedTimeField()
    assert field.prepare_value(datetime.time(14, 5)) == "2:05pm"
    assert parse_time(clock_text(datetime.time(0, 5))) == datetime.time(0, 5)
