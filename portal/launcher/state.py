"""What a working copy remembers about its demo: .concord/run.json, readable by its owner alone."""

import fcntl
import hashlib
import json
import os
import secrets
from typing import Any

from portal.launcher.install import ROOT
from portal.launcher.trouble import Trouble

STATE = ROOT / ".concord"
RUN = STATE / "run.json"


def load() -> dict[str, Any]:
    """Returns the notes of an earlier start, with fresh secrets where there are none."""
    try:
        noted: dict[str, Any] = json.loads(RUN.read_text())
    except (OSError, ValueError):
        noted = {}
    noted.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    noted.setdefault("PASSWORDS", {})
    for who in ("admin", "migrator", "app", "job", "broker"):
        noted["PASSWORDS"].setdefault(who, secrets.token_urlsafe(24))
    return noted


def save(noted: dict[str, Any]) -> None:
    """Writes the notes: whole or not at all."""
    fresh = RUN.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(noted, out, indent=1)
    fresh.replace(RUN)


def migrations() -> dict[str, str]:
    """Returns the digest of each migration file, by its path."""
    return {
        str(file.relative_to(ROOT)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(ROOT.glob("*/migrations/*.py"))
    }


def lock() -> int:
    """Takes the working copy for this launcher; returns the open file that holds it until the process ends.

    Raises Trouble when another launcher has it.
    """
    STATE.mkdir(exist_ok=True)
    held = os.open(STATE / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        address = f"http://localhost:{load().get('PORT', 8000)}/"
        raise Trouble(f"The demo of this folder runs already, at {address}: stop it first (Ctrl-C there).") from error
    return held
