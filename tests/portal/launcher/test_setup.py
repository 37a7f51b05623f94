"""Starting for the first time, being broken off on the way, and starting over."""

import signal
import time

import pytest

from tests.portal.launcher.copies import Copy

STOPPED = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 130, signal.SIGINT: 130}


@pytest.mark.parametrize("sign", STOPPED, ids=lambda sign: signal.Signals(sign).name)
def test_breaking_off_an_installation_leaves_no_process(bare_copy: Copy, sign: signal.Signals) -> None:
    launcher = bare_copy.launch()
    while not any("ensurepip" in words for words in bare_copy.processes()):  # started by venv, which we started
        assert launcher.poll() is None
        time.sleep(0.02)
    launcher.send_signal(sign)
    assert launcher.wait(timeout=5) == STOPPED[sign]
    assert_gone_at_once(bare_copy)


def test_killing_the_launcher_while_it_works_on_the_database_leaves_no_process(copy: Copy) -> None:
    launcher = copy.start(until="Starting PostgreSQL and Valkey")
    while not any("migrate" in words for words in copy.processes()):
        assert launcher.poll() is None
        time.sleep(0.02)
    launcher.kill()
    launcher.wait()
    copy.wait_until_empty()


def assert_gone_at_once(copy: Copy) -> None:
    """Fails where a process goes on for more than a moment: none of ours ends by itself that fast."""
    time.sleep(0.3)
    assert copy.processes() == []
