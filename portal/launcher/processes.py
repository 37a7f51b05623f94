"""Children that never outlive the launcher, and that run without root where they can."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Account:
    """A user of this machine, to which a child drops."""

    name: str
    uid: int
    gid: int

    def can(self, flag: str, path: Path) -> bool:
        """Returns whether this user may read (`-r`), write (`-w`) or enter (`-x`) `path`: asked as that user."""
        return self.succeeds(["test", flag, str(path)])

    def succeeds(self, argv: Sequence[str]) -> bool:
        """Returns whether a short program run as this user ends well."""
        try:
            return not subprocess.run(
                argv, capture_output=True, user=self.uid, group=self.gid, extra_groups=[], cwd="/", check=False
            ).returncode
        except PermissionError:
            return False


def account(*names: str) -> Account | None:
    """Returns the first of these users that exists, or None when we are not root and so stay who we are."""
    if os.geteuid() != 0:
        return None
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    return None


@contextlib.contextmanager
def _stop_signals_wait() -> Iterator[set[int]]:
    """Holds back what would interrupt us, as Python drops an interrupt that falls between a fork's two halves.

    Gives the mask from before, which a child must put back.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield set(before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent(sign: int, parent: int | None = None, mask: Iterable[int] = ()) -> Callable[[], None]:
    """Returns what a child runs before its program: the kernel then sends it `sign` when the launcher dies, however.

    `parent` is the launcher's process id, this process unless said otherwise; `mask` what signals are held back.

    It must run after the change of user, which would clear the setting; `subprocess` does it in that order. The setting
    is tied to the thread that starts the child, so children are started from the main thread only.
    """
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None
    expected = parent or os.getpid()

    def set_signal() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, sign)
            if os.getppid() != expected:  # it died in between
                os.kill(os.getpid(), sign)

    return set_signal


def with_all_it_starts(argv: Sequence[str]) -> list[str]:
    """Returns words under which SIGTERM ends a program of a Child and whatever it started itself.

    For programs that leave their own children behind: compileall its pool, venv its pip, initdb its server.
    """
    return ["sh", "-c", 'trap "kill -KILL 0" TERM; "$@" & wait $!', "sh", *argv]


@dataclass
class Child:
    """One program. `start()` starts it again with the same words."""

    name: str
    argv: Sequence[str]
    log: Path
    env: dict[str, str]
    user: Account | None = None
    stop_signal: int = signal.SIGTERM
    insist_signal: int = signal.SIGKILL  # for a program that has its own way of stopping at once
    cwd: Path = Path("/")
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Starts the program in a session of its own, so that Ctrl-C reaches the launcher alone."""
        self._kill_session()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out, _stop_signals_wait() as before:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
                preexec_fn=end_with_parent(self.stop_signal, mask=before),
                user=self.user.uid if self.user else None,
                group=self.user.gid if self.user else None,
                extra_groups=[] if self.user else None,
            )

    @property
    def alive(self) -> bool:
        """Returns whether the program runs."""
        return self.process is not None and self.process.poll() is None

    def finish(self, meanwhile: Callable[[], object] = lambda: None) -> int:
        """Waits until the program ends by itself, calling `meanwhile` now and then; returns its exit status.

        Nothing of its session is left, also when the wait is broken off.
        """
        assert self.process is not None
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return self.process.wait(timeout=0.25)
                meanwhile()
        finally:
            self._kill_session()
            self.process.wait()

    def ask_to_stop(self) -> None:
        """Sends the program its own stop signal."""
        if self.process is not None and self.alive:
            self.process.send_signal(self.stop_signal)

    def wait(self, seconds: float) -> None:
        """Waits for the end; after `seconds` it is told to stop at once, and then its whole session is killed."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=seconds)
        if self.alive:
            self.process.send_signal(self.insist_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.6)
        self._kill_session()
        self.process.wait()

    def _kill_session(self) -> None:
        """Kills what is left of the program's session, itself included."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def stop_all(children: Sequence[Child], seconds: float) -> None:
    """Stops programs side by side, in `seconds` at most."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + seconds
    for child in children:
        child.wait(max(0.0, deadline - time.monotonic()))


def free_port(preferred: int = 0) -> int:
    """Returns a free loopback port: the preferred one if nobody has it."""
    for port in (preferred, 0):
        if is_free(port):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise OSError("no free port")


def first_open_port() -> int:
    """Returns the lowest port at which a program without root may listen."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        return 1024


def is_free(port: int) -> bool:
    """Returns whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
