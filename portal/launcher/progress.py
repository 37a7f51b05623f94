"""Steps with their seconds; on a terminal a bar for whatever takes longer than a glance."""

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from portal.launcher.processes import Child, with_all_it_starts
from portal.launcher.trouble import from_log

WIDTH = 28
BAR_AFTER = 0.5  # seconds
COUNT = re.compile(r"(\d+)\s*/\s*(\d+)")


class Step:
    """One step of the work: `with Step("Installing packages") as step: step.show(3, 10)`.

    On a terminal the line is redrawn while the step runs; elsewhere one line is printed when it is done.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.begun = time.monotonic()
        self.on_terminal = sys.stdout.isatty()

    def __enter__(self) -> "Step":
        self.begun = time.monotonic()
        self.show()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.on_terminal:
            print("\r\033[K", end="")
        if kind is None:
            print(f"  {self.title:<{WIDTH + 8}} {self.seconds:5.1f} s", flush=True)

    @property
    def seconds(self) -> float:
        """Returns the seconds since the step began."""
        return time.monotonic() - self.begun

    def show(self, done: int = 0, total: int = 0) -> None:
        """Draws the bar: filled by `done` of `total`, or a wandering block while the total is not known."""
        if not self.on_terminal:
            return
        bar = ""
        if self.seconds >= BAR_AFTER:
            if total:
                full = round(WIDTH * min(done, total) / total)
                bar = "#" * full + "." * (WIDTH - full) + f" {done:,}/{total:,}"
            else:
                at = int(self.seconds * 8) % (WIDTH - 3)
                bar = "." * at + "###" + "." * (WIDTH - 3 - at)
        print(f"\r\033[K  {self.title:<{WIDTH}} {bar} {self.seconds:4.0f} s", end="", flush=True)


def run(
    title: str,
    argv: Sequence[str],
    *,
    log: Path,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    measure: Callable[[], tuple[int, int]] | None = None,
) -> None:
    """Runs a program to its end as one step, its output going to `log`; raises Trouble when it fails.

    The bar follows `measure()` -> (done, total), or else the latest "done/total" in what the program writes.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    words = with_all_it_starts(argv)
    child = Child(title, words, log, dict(os.environ) if env is None else env, cwd=cwd or Path.cwd())
    with Step(title) as step:
        child.start()
        status = follow(child, step, measure)
    if status:
        raise from_log(title, log)


def follow(child: Child, step: Step, measure: Callable[[], tuple[int, int]] | None = None) -> int:
    """Waits for a running program and keeps its step's bar moving; returns its exit status."""
    return child.finish(lambda: step.show(*(measure() if measure else _latest_count(child.log))))


def _latest_count(log: Path) -> tuple[int, int]:
    with log.open("rb") as written:
        written.seek(max(0, log.stat().st_size - 2000))
        found = COUNT.findall(written.read().decode(errors="replace"))
    return (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)
