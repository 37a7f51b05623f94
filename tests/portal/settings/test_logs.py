"""What a log line about an error holds: the stack, and nobody's name."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.db import IntegrityError

from portal.settings.logs import logging_settings


@pytest.fixture(params=[True, False], ids=["for machines", "for a terminal"])
def written(request: Any) -> Iterator[io.StringIO]:
    """Where the log goes; the usual one is put back."""
    stream = io.StringIO()
    wanted = logging_settings(as_json=request.param, level="INFO")
    wanted["handlers"]["out"]["stream"] = stream
    structlog.configure(cache_logger_on_first_use=False)
    logging.config.dictConfig(wanted)
    yield stream
    logging_settings(as_json=False, level="WARNING")
    logging.config.dictConfig(settings.LOGGING)


def fail() -> None:
    """An error with a name in a local variable, and another in what the database says of the row."""
    person = {"name": "Tobias Hallett"}
    try:
        raise ValueError("inner fault")
    except ValueError as cause:
        raise IntegrityError(f"new row violates a check\nDETAIL:  Failing row contains ({person['name']}).") from cause


def test_no_local_variable_and_no_row_is_logged(written: io.StringIO) -> None:
    for log in (logging.getLogger("django.request"), structlog.stdlib.get_logger("concord.test")):
        try:
            fail()
        except IntegrityError as error:
            log.error("fault", exc_info=error)
    text = written.getvalue()
    assert "Hallett" not in text
    assert text.count("IntegrityError: new row violates a check") == 2
    assert text.count("ValueError: inner fault") == 2
    assert "test_logs.py" in text
