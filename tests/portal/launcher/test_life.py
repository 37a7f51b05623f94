"""The whole demo, from start to end, in a copy of the project: slow, so a drill."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.launcher.processes import free_port
from tests.services import ROOT

pytestmark = pytest.mark.drill

PARTS = ("agencies", "sharing", "cases", "portal", "templates", "static", "requirements", "manage.py", "pyproject.toml")


class Copy:
    """A copy of the project with its own data, sharing only the installed packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copy(ROOT / part, folder / part)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        self.port = free_port()
        self.env = {
            name: value for name, value in os.environ.items() if not re.match("DATABASE|BROKER|DJANGO|MAKE", name)
        }
        self.env["PORT"] = str(self.port)
        self.launchers: list[subprocess.Popen[str]] = []

    def start(self) -> "subprocess.Popen[str]":
        """Starts the demo and returns once it says that it is ready."""
        launcher = subprocess.Popen(
            [self.folder / ".venv/bin/python", "-m", "portal.launcher", "demo"],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.launchers.append(launcher)
        assert launcher.stdout is not None
        said = ""
        for line in launcher.stdout:
            said += line
            if line.startswith(f"Concord is ready: http://localhost:{self.port}/"):
                return launcher
        raise AssertionError(said)

    def processes(self) -> list[str]:
        """Returns the command lines of all living processes that belong to this copy."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                here = os.readlink(entry / "cwd")
            except OSError:
                continue
            if any(str(place) in words + here for place in (self.folder, self.data)):
                found.append(words)
        return found

    @property
    def data(self) -> Path:
        """Returns where the servers keep their data: elsewhere, when the copy lies below a private folder."""
        return Path(json.loads((self.folder / ".concord" / "run.json").read_text())["DATA"])

    def manage(self, *words: str) -> str:
        """Runs a bare manage.py command; returns what it printed."""
        argv = [str(self.folder / ".venv/bin/python"), "manage.py", *words]
        return subprocess.run(argv, cwd=self.folder, env=self.env, capture_output=True, text=True, check=True).stdout

    def health(self) -> dict[str, str]:
        """Returns what /healthz says."""
        with urllib.request.urlopen(f"http://localhost:{self.port}/healthz", timeout=5) as answer:
            said: dict[str, str] = json.load(answer)
            return said


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    """A copy of the project, gone afterwards."""
    made = Copy(tmp_path)
    yield made
    for launcher in made.launchers:
        launcher.kill()
        launcher.communicate()
    subprocess.run(
        [sys.executable, "-m", "portal.launcher", "reset"], cwd=tmp_path, env=made.env, capture_output=True, check=False
    )


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
    deadline = time.monotonic() + 8
    while copy.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert copy.processes() == []
