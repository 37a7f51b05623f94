"""What a person sees when something is in the way: one sentence, no traceback, a non-zero exit."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from portal.launcher import demo, progress
from portal.launcher.processes import first_open_port
from portal.launcher.trouble import Trouble, from_log, from_os_error
from tests import services


def launch(**variables: str) -> "subprocess.CompletedProcess[str]":
    """Runs `make demo`'s program with these variables."""
    return subprocess.run(
        [sys.executable, "-m", "portal.launcher", "demo"],
        env={**os.environ, **variables},
        cwd=services.ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_taken_port_says_what_to_do() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = launch(PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} is taken: ")
    assert "make demo" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(first_open_port() < 2, reason="this machine opens every port to everybody")
def test_a_port_of_the_system_is_not_called_taken() -> None:
    done = launch(PORT="1")
    assert done.returncode == 1
    assert done.stderr.startswith("Port 1 may not be used, ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["eight", "0", "65536", "-1"])
def test_a_senseless_port_is_refused(port: str) -> None:
    done = launch(PORT=port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"PORT is {port!r}")


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    assert str(from_os_error(OSError(errno.ENOSPC, "No space left on device"))).startswith("The disk is full")
    log = tmp_path / "log"
    log.write_text("FATAL:  could not write lock file: No space left on device\n")
    assert str(from_log("PostgreSQL", log)).startswith("The disk is full")


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("postgres: error while loading shared libraries: libz.so.1: cannot open shared object file\n")
    assert "needs the library libz.so.1: install it" in str(from_log("PostgreSQL", log))


def test_too_little_space_is_said_before_anything_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "STATE", tmp_path)
    monkeypatch.setattr(demo, "SPACE_NEEDED", 1 << 60)
    with pytest.raises(Trouble, match="almost full: free about 1 GB"):
        demo._need_space()


def test_away_from_a_terminal_a_step_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress.run("Counting", [sys.executable, "-c", "print('3/7')"], log=tmp_path / "log")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.strip().startswith("Counting")
    assert said.strip().endswith(" s")


def test_a_failing_step_points_at_its_log(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"Trying failed \(no luck\): the whole story is in "):
        progress.run("Trying", [sys.executable, "-c", "raise SystemExit('no luck')"], log=tmp_path / "log")
