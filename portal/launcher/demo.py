"""`make demo`: from installed packages to a portal that answers, and back down again."""

import json
import os
import shutil
import signal
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

from portal.launcher import progress, roles, state
from portal.launcher.install import LOGS, PYTHON, ROOT, quiet_env
from portal.launcher.processes import (
    STOP_SIGNALS,
    Account,
    Child,
    account,
    first_open_port,
    is_free,
    stop_all,
)
from portal.launcher.servers import Postgres, Valkey, give, is_made, own_folder
from portal.launcher.state import STATE
from portal.launcher.trouble import Trouble, from_log

DATABASE = "concord"
SPACE_NEEDED = 700 * 1024 * 1024  # bytes
HEALTH_SECONDS = 40.0
STARTS_AGAIN = 5  # so often a part that dies is started again, then the demo gives up

WHAT_TO_TRY = """
  Sign in as one of eight people with one click, on the page that opens there.
  First as a probation officer: open a case, change a goal of its plan.
  Then, in another browser, as the partner agency's officer: the news is in the inbox.

  Stop with Ctrl-C. The data stays; `make demo-reset` starts over.
"""


def run() -> int:
    """Starts everything, serves until Ctrl-C or SIGTERM, stops everything; returns the exit status.

    Raises Trouble with one sentence when something is in the way.
    """
    port = _port()
    held = state.lock()
    _need_space()
    demo = Demo(port)
    try:
        demo.start()
        print(f"\nConcord is ready: http://localhost:{port}/\n{WHAT_TO_TRY}", flush=True)
        demo.watch()
    except KeyboardInterrupt:
        for sign in STOP_SIGNALS:
            signal.signal(sign, signal.SIG_IGN)  # once is enough: stopping is bounded
        print("\nStopping …", flush=True)
        return 0
    finally:
        demo.stop()
        os.close(held)
    return 1


def reset() -> int:
    """Forgets the demo's data; returns the exit status. Raises Trouble while the demo runs."""
    held = state.lock()
    for data in (Path(state.load().get("DATA", STATE / "data")), _outside()):  # also when the notes are lost
        if _is_ours(data):
            shutil.rmtree(data, ignore_errors=True)
    for entry in STATE.iterdir():
        if entry.name != "lock":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    os.close(held)
    print("The demo's data is gone; `make demo` makes it anew.")
    return 0


class Demo:
    """The parts of a running demo."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.noted = state.load()
        self.noted["PORT"] = port
        self.worker_user = _unprivileged()
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.children: list[Child] = []
        self.env: dict[str, str] = {}

    def start(self) -> None:
        """Starts servers, migrates, makes the demo world, starts web and worker, and waits until they answer."""
        self._servers()
        self._migrate()
        self._world()
        if self.postgres:
            self.postgres.checkpoint()
        self._serve()
        self._wait_until_healthy()

    def stop(self) -> None:
        """Stops every part: those that work first, then the servers below them. Takes less than five seconds."""
        stop_all(self.children, 2.0)
        stop_all([server.child for server in (self.valkey, self.postgres) if server and server.child], 1.7)

    def watch(self) -> None:
        """Looks after the parts until a signal comes; a part that dies is started again a few times."""
        servers = [server.child for server in (self.postgres, self.valkey) if server and server.child]
        again = 0
        while True:
            time.sleep(0.5)
            for child in [*servers, *self.children]:
                if child.alive:
                    continue
                again += 1
                if again > STARTS_AGAIN:
                    raise from_log(f"The {child.name}", child.log)
                print(f"  The {child.name} ended and is started again; its log is {child.log}", flush=True)
                child.start()

    def _servers(self) -> None:
        data = _data_folder(self.noted)
        self.noted["DATA"] = str(data)
        addresses = {name: os.environ[name] for name in roles.URL_NAMES if os.environ.get(name)}
        roles.try_addresses(addresses)
        if not addresses:
            self._compare_migrations(data / "postgres")
        state.save(self.noted)  # before anything is made with its passwords
        passwords = self.noted["PASSWORDS"]
        LOGS.mkdir(parents=True, exist_ok=True)
        broker = os.environ.get("BROKER_URL", "")
        with progress.Step("Starting PostgreSQL and Valkey") as step:
            if not addresses:
                self.postgres = Postgres(
                    data / "postgres",
                    log=_fresh_log("postgres"),
                    password=passwords["admin"],
                    port=self.noted.get("POSTGRES_PORT", 0),
                )
                self.postgres.start(step.show)
                self.noted["POSTGRES_PORT"] = self.postgres.port
                with closing(self.postgres.connect()) as admin:
                    roles.create_roles(admin, passwords)
                    roles.create_database(admin, DATABASE)
                addresses = {
                    "DATABASE_URL": self.postgres.url("concord_app", passwords["app"], DATABASE),
                    "DATABASE_OWNER_URL": self.postgres.url("concord_migrator", passwords["migrator"], DATABASE),
                    "DATABASE_JOB_URL": self.postgres.url("concord_job", passwords["job"], DATABASE),
                }
            if not broker:
                self.valkey = Valkey(
                    data / "valkey",
                    log=_fresh_log("valkey"),
                    password=passwords["broker"],
                    port=self.noted.get("BROKER_PORT", 0),
                )
                self.valkey.start(step.show)
                self.noted["BROKER_PORT"] = self.valkey.port
                broker = self.valkey.url
        self.noted |= {**addresses, "BROKER_URL": broker}
        state.save(self.noted)
        self.env = {
            **quiet_env(),
            **addresses,
            "BROKER_URL": broker,
            "SECRET_KEY": self.noted["SECRET_KEY"],
            "DJANGO_SETTINGS_MODULE": "portal.settings.demo",
            "CONCORD_MAIL_DIR": str(STATE / "mail"),
            "PYTHONUNBUFFERED": "1",
        }
        self.env.pop("CONCORD_DB_ROLE", None)

    def _compare_migrations(self, folder: Path) -> None:
        """Notes with which migrations the data is made; raises Trouble where kept data was made with others.

        Until Concord is deployed somewhere its migrations are also edited in place, and Django would not run such a one
        again: new code would meet old functions of the database. A migration that is only new is run as usual.
        """
        then, now = self.noted.get("MIGRATIONS", {}), state.migrations()
        if is_made(folder) and not (then and then.items() <= now.items()):
            raise Trouble(
                "The demo's data was made with migrations that have been changed since: "
                "start over with `make demo-reset` (what was entered in the demo is lost)."
            )
        self.noted["MIGRATIONS"] = now

    def _manage(self, title: str, *words: str) -> None:
        log = LOGS / f"{words[0]}.log"
        progress.run(title, [str(PYTHON), "manage.py", *words], log=log, env=self.env, cwd=ROOT)

    def _migrate(self) -> None:
        static = Child(
            "static files",
            [str(PYTHON), "manage.py", "collectstatic", "--noinput", "--verbosity=0"],
            log=_fresh_log("collectstatic"),
            env=self.env,
            cwd=ROOT,
        )
        static.start()
        self._manage("Migrating the database", "migrate")
        with progress.Step("Collecting static files") as step:
            status = progress.follow(static, step)
        if status:
            raise from_log("Collecting static files", static.log)

    def _world(self) -> None:
        self._manage("Making the demo world", "demo_world")
        # Without statistics the planner guesses until autovacuum comes by; only the tables' owner may gather them.
        words = [str(PYTHON), "-m", "portal.launcher.roles"]  # a program of its own, so that its step can be drawn
        progress.run("Gathering statistics", words, log=LOGS / "statistics.log", env=self.env, cwd=ROOT)

    def _serve(self) -> None:
        for name in ("mail", "beat", "documents"):
            own_folder(STATE / name, self.worker_user)
            for entry in (STATE / name).rglob("*"):
                give(entry, self.worker_user)
        web = [
            *(str(PYTHON), "-m", "gunicorn", "portal.wsgi:application"),
            f"--bind=127.0.0.1:{self.port}",
            *("--workers=4", "--threads=2", "--worker-class=gthread", "--preload", "--timeout=60", "--keep-alive=75"),
            "--graceful-timeout=2",
            "--no-control-socket",
        ]
        worker = [
            *(str(PYTHON), "-m", "celery", "--app=portal.celery", "worker", "--concurrency=2", "--loglevel=INFO"),
            *("--without-gossip", "--without-mingle"),
        ]
        # Mail and webhooks wait for others most of the time: threads, and no time limit that would need processes.
        sender = [
            *(
                str(PYTHON),
                "-m",
                "celery",
                "--app=portal.celery",
                "worker",
                "--queues=outgoing",
                "--hostname=sender@%h",
            ),
            *("--pool=threads", "--concurrency=4", "--loglevel=INFO", "--without-gossip", "--without-mingle"),
        ]
        # Beat is a process of its own: as a part of the worker it would outlive a worker that was killed.
        beat = [
            *(str(PYTHON), "-m", "celery", "--app=portal.celery", "beat", "--loglevel=INFO", "--pidfile="),
            f"--schedule={STATE / 'beat' / 'schedule'}",
        ]
        for name, argv, address in (
            ("web", web, "DATABASE_URL"),
            ("worker", worker, "DATABASE_JOB_URL"),
            ("sender", sender, "DATABASE_JOB_URL"),
            ("beat", beat, "DATABASE_JOB_URL"),
        ):
            # Each gets its own database address and no other: what serves requests cannot become the owner.
            env = {key: value for key, value in self.env.items() if key not in roles.URL_NAMES or key == address}
            child = Child(name, argv, log=_fresh_log(name), env=env, user=self.worker_user, cwd=ROOT)
            child.start()
            self.children.append(child)

    def _wait_until_healthy(self) -> None:
        address = f"http://127.0.0.1:{self.port}/healthz"
        with progress.Step("Starting web and worker") as step:
            deadline = time.monotonic() + HEALTH_SECONDS
            seen: dict[str, Any] = {}
            while time.monotonic() < deadline:
                for child in self.children:
                    if not child.alive:
                        raise from_log(f"The {child.name}", child.log)
                seen = _ask(address)
                if seen and set(seen.values()) == {"ok"}:
                    return
                step.show()
                time.sleep(0.1)
        missing = ", ".join(name for name, how in seen.items() if how != "ok") or "the web process"
        raise Trouble(f"After {HEALTH_SECONDS:.0f} s {missing} did not answer: look into {LOGS}.")


def _ask(address: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            said: dict[str, Any] = json.load(answer)
            return said
    except urllib.error.HTTPError as error:
        error.close()
    except (OSError, ValueError):
        pass
    return {}


def _port() -> int:
    given = os.environ.get("PORT", "") or "8000"
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise Trouble(f"PORT is {given!r} and must be a number from 1 to 65535: `PORT=8010 make demo`.")
    lowest = first_open_port()
    if int(given) < lowest:  # for root too: what serves the pages is not root
        raise Trouble(
            f"Port {given} may not be used, those below {lowest} are the system's own: choose another: "
            "`PORT=8010 make demo`."
        )
    if not is_free(int(given)):
        other = (int(given) + 10) % 65536 or 8010
        raise Trouble(f"Port {given} is taken: stop what listens there, or choose another: `PORT={other} make demo`.")
    return int(given)


def _need_space() -> None:
    if shutil.disk_usage(STATE).free < SPACE_NEEDED:
        raise Trouble(f"The disk that holds {STATE} is almost full: free about 1 GB, then run the same command again.")


def _data_folder(noted: dict[str, Any]) -> Path:
    """Returns where the servers keep their data: in .concord, or beside it where their user may not enter.

    No folder is ever opened for that user: below a private home the data lives in /var/tmp instead.
    """
    if "DATA" in noted and Path(noted["DATA"]).is_dir():
        return Path(noted["DATA"])
    user = account("postgres", "nobody")
    inside = STATE / "data"
    inside.mkdir(parents=True, exist_ok=True)
    inside.chmod(0o711)
    if user is None or user.can("-x", inside):
        return inside
    outside = _outside()
    outside.mkdir(mode=0o711, exist_ok=True)
    if not _is_ours(outside):
        raise Trouble(f"{outside} belongs to someone else: move it away, or put the project where all may enter.")
    outside.chmod(0o711)
    return outside


def _outside() -> Path:
    """Returns where this working copy's data lies if not in .concord: known without any notes."""
    return Path("/var/tmp") / f"concord-{ROOT.stat().st_ino}"  # noqa: S108 - checked to be ours before it is used


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.geteuid()


def _unprivileged() -> Account | None:
    """Returns the user for web and worker: not the database's, and only where it can run our Python; else None."""
    user = account("nobody")
    trial = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import django, portal"
    if user and user.succeeds([str(PYTHON), "-c", trial]):
        return user
    return None


def _fresh_log(name: str) -> Path:
    log = LOGS / f"{name}.log"
    log.write_bytes(b"")
    return log
