"""The whole demo, from start to end, in a copy of the project: slow, so a drill."""

import signal
import time

import pytest

from tests.portal.launcher.copies import Copy

pytestmark = pytest.mark.drill


def test_the_demo_starts_stops_keeps_its_data_and_leaves_nothing(copy: Copy) -> None:
    launcher = copy.start()
    assert copy.health() == {"database": "ok", "broker": "ok", "worker": "ok", "sender": "ok"}
    note = "from django.contrib.sessions.models import Session as S; from django.utils import timezone as t; "
    copy.manage("shell", "-c", note + "S.objects.create(session_key='kept', expire_date=t.now())")

    begun = time.monotonic()
    launcher.send_signal(signal.SIGTERM)
    assert launcher.wait(timeout=10) == 0
    assert time.monotonic() - begun < 5
    assert copy.processes() == []

    launcher = copy.start()
    assert copy.manage("shell", "-c", note + "print(S.objects.filter(session_key='kept').count())").split()[-1] == "1"

    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    copy.wait_until_empty()
