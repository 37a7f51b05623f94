"""Chromium for the tests: Debian's, installed when it is missing and we may."""

import os
import shutil
import subprocess
import sys

from portal.launcher import progress
from portal.launcher.install import LOGS
from portal.launcher.trouble import Trouble

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Returns the path of an installed Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def ensure() -> None:
    """Installs Debian's Chromium where there is none, apt is at hand and we are root; raises Trouble otherwise."""
    if find():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Trouble("The tests need Chromium: install it (on Debian: apt-get install chromium).")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
    if subprocess.run([*install, "--simulate"], capture_output=True, check=False).returncode:
        progress.run("Asking Debian what is new", ["apt-get", "update"], log=LOGS / "apt-update.log", env=env)
    progress.run("Installing Chromium", install, log=LOGS / "apt-chromium.log", env=env)


if __name__ == "__main__":
    try:
        ensure()
    except Trouble as trouble:
        sys.exit(str(trouble))
