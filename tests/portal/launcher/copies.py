"""A copy of the project, in which tests start and end whole demos."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from portal.launcher.processes import free_port
from tests.services import ROOT

PARTS = ("agencies", "sharing", "cases", "portal", "templates", "static", "requirements", "manage.py", "pyproject.toml")


class Copy:
    """A copy of the project with its own data, sharing only the installed packages (or without them)."""

    def __init__(self, folder: Path, *, packages: bool = True) -> None:
        self.folder = folder
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copy(ROOT / part, folder / part)
        if packages:
            (folder / ".venv").symlink_to(ROOT / ".venv")
        self.port = free_port()
        self.env = {
            name: value for name, value in os.environ.items() if not re.match("DATABASE|BROKER|DJANGO|MAKE", name)
        }
        self.env["PORT"] = str(self.port)
        self.launchers: list[subprocess.Popen[str]] = []

    def start(self, until: str = "Concord is ready: ") -> "subprocess.Popen[str]":
        """Starts the demo and returns once it prints a line that begins with `until`."""
        launcher = self.launch()
        assert launcher.stdout is not None
        said = ""
        for line in launcher.stdout:
            said += line
            if line.strip().startswith(until):
                return launcher
        raise AssertionError(said)

    def launch(self, word: str = "demo") -> "subprocess.Popen[str]":
        """Starts one of the launcher's commands."""
        launcher = subprocess.Popen(
            [sys.executable, "-m", "portal.launcher", word],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.launchers.append(launcher)
        return launcher

    def answer(self, word: str = "demo") -> tuple[int, str]:
        """Runs one of the launcher's commands to its end; returns its exit status and what it printed."""
        launcher = self.launch(word)
        said, _ = launcher.communicate(timeout=30)
        return launcher.returncode, said

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

    def wait_until_empty(self) -> None:
        """Returns once no process belongs to this copy, and fails after some seconds."""
        deadline = time.monotonic() + 8
        while left := self.processes():
            assert time.monotonic() < deadline, left
            time.sleep(0.1)

    @property
    def data(self) -> Path:
        """Returns where the servers keep their data: elsewhere, when the copy lies below a private folder."""
        outside = Path(f"/var/tmp/concord-{self.folder.stat().st_ino}")
        return outside if outside.exists() else self.folder / ".concord" / "data"

    def manage(self, *words: str) -> str:
        """Runs a bare manage.py command; returns what it printed."""
        argv = [str(self.folder / ".venv/bin/python"), "manage.py", *words]
        return subprocess.run(argv, cwd=self.folder, env=self.env, capture_output=True, text=True, check=True).stdout

    def health(self) -> dict[str, str]:
        """Returns what /healthz says."""
        with urllib.request.urlopen(f"http://localhost:{self.port}/healthz", timeout=5) as answer:
            said: dict[str, str] = json.load(answer)
            return said

    def remove(self) -> None:
        """Ends what still runs, and removes what lies outside of the copy."""
        for launcher in self.launchers:
            launcher.kill()
            launcher.communicate()
        self.wait_until_empty()
        shutil.rmtree(self.data, ignore_errors=True)
