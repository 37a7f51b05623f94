"""Programs that only tests need, such as Chromium: Debian's, installed when they are missing and we may."""

import os
import shutil
import subprocess
import sys

from portal.launcher import progress
from portal.launcher.install import LOGS
from portal.launcher.trouble import Trouble

# Package → names under which other systems have the program as well.
PROGRAMS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "caddy": ("caddy",)}


def find(package: str) -> str | None:
    """Returns the path of an installed program, or None."""
    return next((path for name in PROGRAMS[package] if (path := shutil.which(name))), None)


def ensure(package: str) -> None:
    """Installs Debian's package where its program is missing, apt is at hand and we are root; else raises Trouble."""
    if find(package):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Trouble(f"The tests need {package}: install it (on Debian: apt-get install {package}).")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", package]
    if subprocess.run([*install, "--simulate"], capture_output=True, check=False).returncode:
        progress.run("Asking Debian what is new", ["apt-get", "update"], log=LOGS / "apt-update.log", env=env)
    progress.run(f"Installing {package}", install, log=LOGS / f"apt-{package}.log", env=env)


if __name__ == "__main__":
    try:
        for wanted in sys.argv[1:]:
            ensure(wanted)
    except Trouble as trouble:
        sys.exit(str(trouble))
