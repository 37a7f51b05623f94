"""What can go wrong on someone's machine, said in one sentence with what to do about it."""

import errno
from pathlib import Path


class Trouble(Exception):
    """Its text is the whole message: one sentence that says what is wrong and what to do."""


DISK_FULL = "The disk is full: free about 1 GB, then run the same command again."


def from_os_error(error: OSError) -> Trouble:
    """Returns the sentence for an operating-system error that nothing else explained."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble(DISK_FULL)
    return Trouble(
        f"The system refused {error.filename or 'a step'} ({error.strerror or error}): check its permissions."
    )


def last_line(log: Path) -> str:
    """Returns the last line of a log file that says something, or a note that there is none."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    return lines[-1] if lines else "it wrote nothing"


def from_log(what: str, log: Path) -> Trouble:
    """Returns the sentence for a program that ended too early, judged by what it wrote to its log."""
    text = log.read_text(errors="replace")[-8000:] if log.exists() else ""
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return Trouble(DISK_FULL)
    if "error while loading shared libraries" in text:
        library = text.split("error while loading shared libraries:", 1)[1].split(":", 1)[0].strip()
        return Trouble(f"{what} needs the library {library}: install it with the system's package manager.")
    if last_line(log).startswith("Concord "):  # one of our own sentences
        return Trouble(last_line(log))
    return Trouble(f"{what} failed ({last_line(log)}): the whole story is in {log}.")
