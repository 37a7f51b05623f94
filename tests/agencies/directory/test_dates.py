"""Dates as people type them."""

import datetime

import pytest

from agencies.directory.dates import parse_date

JUNE_4 = datetime.date(2026, 6, 4)


@pytest.mark.parametrize(
    "typed",
    ["6/4/26", "06/04/2026", "6.4.26", "6 4 2026", "6-4-26", "2026-06-04", "2026/6/4", "20260604", "Jun 4 2026",
     "June 4, 2026", "4 June 2026", "4 jun 26", " 6/ 4/2026 ", "Jun. 4, 2026"],
)  # fmt: skip
def test_forgiving(typed: str) -> None:
    assert parse_date(typed) == JUNE_4


@pytest.mark.parametrize(
    "typed", ["", "soon", "6/4", "13/1/26", "2/30/26", "6/4/026", "6/4/26/1", "Jun Jun 26", "4 2026 June", "6/4/26!"]
)
def test_what_is_no_date(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_date(typed)


def test_two_digits_mean_this_century_until_68() -> None:
    assert parse_date("1/1/68").year == 2068
    assert parse_date("1/1/69").year == 1969
