"""docker-compose.yml without an engine: what an image holds and what a container may do, out of namespaces and mounts.

An image of ours is built by the steps of the Dockerfile's first stage, on this machine's Python. A container sees what
the file gives it: a tree that is read-only if it says so, its volumes, its secrets and memory, the user and the rights
that are left, and a network on which the others' names lead to them. In place of the official images stand this
machine's PostgreSQL, Valkey and Caddy, and a mail server that keeps what it is given.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from portal.launcher.servers import postgres_bin, valkey_binary

NOBODY = 65534
ROOT = Path(__file__).resolve().parents[2]
BASE = sys.base_prefix
# What an operating system has; the rest of /etc stays outside.
SYSTEM = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "ssl", "alternatives", "localtime", "mime.types")
FETCHING = ("pip.conf", "resolv.conf", "hosts")
# What the official image of PostgreSQL does when its data folder is new, and then.
POSTGRES = """
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust --auth-host=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 >/dev/null
  pg_ctl --wait --options="-c listen_addresses='' -k /run/postgresql" start >/dev/null
  createdb --username=postgres "$POSTGRES_DB"
  for file in /docker-entrypoint-initdb.d/*.sh; do sh "$file"; done
  pg_ctl --wait stop >/dev/null
fi
exec postgres -k /run/postgresql -c listen_addresses=localhost
"""
# What runs in a container whose service names no command, by the name of its image.
COMMANDS = {
    "postgres": ["sh", "-euc", POSTGRES],
    "caddy": ["caddy", "run", "--config", "/etc/caddy/Caddyfile"],
    "axllent/mailpit": [sys.executable, "-m", "tests.drills.mailbox", "/mail"],
}
VARIABLES = {
    "postgres": {"PGDATA": "/var/lib/postgresql/data", "POSTGRES_USER": "postgres", "PGHOST": "/run/postgresql"},
    "caddy": {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/config"},
    "axllent/mailpit": {"PYTHONPATH": str(ROOT)},
}


def interpolated(value: Any) -> Any:
    """What compose makes of ${NAME:-default} and $$, where no such variable is set."""
    if isinstance(value, dict):
        return {name: interpolated(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [interpolated(inner) for inner in value]
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value).replace("$$", "$") if isinstance(value, str) else value


def build(context: Path, image: Path, venv: Path) -> tuple[dict[str, str], str]:
    """Follows the Dockerfile's first stage into `image` and `venv`. Returns the image's environment and user."""
    ignored = (context / ".dockerignore").read_text().split()
    environment, user = {"PATH": "/srv/venv/bin:/usr/bin:/bin"}, "root"
    image.mkdir()
    venv.mkdir()
    _step([f"{BASE}/bin/python3", "-m", "venv", "/srv/venv"], environment, image, venv)
    lines = re.sub(r"\\\n", " ", (context / "Dockerfile").read_text()).splitlines()
    stages = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    for line in lines[stages[0] + 1 : stages[1]]:
        word, _, rest = line.partition(" ")
        if word == "ENV":
            environment |= dict(setting.split("=", 1) for setting in rest.split())
        elif word == "USER":
            user = rest
        elif word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                _copy(context / source, image / target if target != "./" else image / source, context, ignored)
        elif word == "RUN":
            _step(["sh", "-euc", rest], environment, image, venv)
    return environment, user


def _step(command: list[str], environment: dict[str, str], image: Path, venv: Path) -> None:
    """One step of a build, which may fetch packages as this machine does."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or "proxy" in name.lower()}
    binds = [(image, "/srv/concord"), (venv, "/srv/venv")]
    binds += [(file, str(file)) for name in FETCHING if (file := Path("/etc", name)).exists()]
    box = Box({**environment, **ours}, binds)
    done = subprocess.run(box.words(command), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def _copy(source: Path, target: Path, context: Path, ignored: list[str]) -> None:
    def leave_out(folder: str, names: list[str]) -> list[str]:
        inside = {name: str((Path(folder) / name).relative_to(context)) for name in names}
        return [
            n for n, path in inside.items() if any(fnmatch.fnmatch(p, i) for i in ignored for p in (path, f"x/{path}"))
        ]

    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=leave_out)
    else:
        shutil.copy(source, target)


@dataclass
class Box:
    """What a process in a container sees. Paths are (here, there)."""

    environment: dict[str, str]
    binds: list[tuple[Path, str]]
    user: str = "root"
    writable: bool = True
    rights: list[str] = field(default_factory=list)  # setpriv's words for what the user loses
    volumes: list[tuple[Path, str]] = field(default_factory=list)
    memory: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def words(self, command: list[str]) -> list[str]:
        """The command line that becomes this command, in the box."""
        top = "/mnt"
        lines = [
            "mount --make-rprivate /",
            f"mount -t tmpfs -o mode=0755 tmpfs {top}",
            f"cd {top} && mkdir -p usr etc proc dev srv/documents run/secrets var/lib tmp",
            f"chmod 1777 {top}/tmp",
            f"mount --bind -o ro /usr {top}/usr",
            f"for name in bin sbin lib lib32 lib64; do [ ! -L /$name ] || cp -a /$name {top}/; done",
            f"for name in {' '.join(SYSTEM)}; do [ ! -e /etc/$name ] || cp -a /etc/$name {top}/etc/; done",
            f"mount --rbind /proc {top}/proc",
            f"mount --rbind /dev {top}/dev",
        ]
        for place in self.memory:
            path, _, options = place.partition(":")
            path = top + path
            lines += [f"mkdir -p {path}", f"mount -t tmpfs -o {options or 'mode=1777'} tmpfs {path}"]
        base = [] if BASE == "/usr" else [(Path(BASE), BASE)]
        for here, there in [*base, *self.binds]:
            lines += _mount(here, top + there, "" if self.writable and there.startswith("/srv/") else "ro")
        for here, there in self.volumes:
            lines += _mount(here, top + there, "")
        for path, text in self.files.items():
            lines += [f"printf %s {shlex.quote(text)} > {top}{path}", f"chmod 0444 {top}{path}"]
        if not self.writable:
            lines.append(f"mount -o remount,ro {top}")
        here = [f"{name}={value}" for name, value in self.environment.items()]
        number = 0 if self.user == "root" else NOBODY
        less = ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups", *self.rights]
        inside = [
            "env",
            "-i",
            *here,
            "sh",
            "-c",
            'cd "$0" && exec "$@"',
            "/srv/concord" if self._ours else "/",
            *command,
        ]
        lines.append(f"exec chroot {top} {shlex.join([*less, *inside])}")
        return ["unshare", "--mount", "sh", "-euc", "\n".join(lines)]

    @property
    def _ours(self) -> bool:
        return any(there == "/srv/concord" for _, there in self.binds)


def _mount(here: Path, there: str, options: str) -> list[str]:
    make = f"mkdir -p {there}" if here.is_dir() else f"mkdir -p {Path(there).parent} && touch {there}"
    again = [f"mount -o remount,bind,{options} {there}"] if options else []
    return [make, f"mount --bind {here} {there}", *again]


class Compose:
    """The services of docker-compose.yml in `context`, of which ours run from a built image."""

    def __init__(self, folder: Path, environment: dict[str, str], user: str) -> None:
        self.folder, self.environment, self.user = folder, environment, user
        self.context, self.image, self.venv = folder / "context", folder / "image", folder / "venv"
        self.file = interpolated(yaml.safe_load((self.context / "docker-compose.yml").read_text()))
        self.services: dict[str, Any] = self.file["services"]
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        servers = folder / "servers"
        servers.mkdir()
        for name, binary in {
            "redis-server": valkey_binary(),
            "redis-cli": valkey_binary().with_name("valkey-cli"),
        }.items():
            (servers / name).symlink_to(binary)
        self.theirs = f"{servers}:{postgres_bin()}:/usr/bin:/bin"

    def box(self, name: str) -> Box:
        """What a container of this service sees."""
        service = self.services[name]
        image = service["image"].split(":")[0]
        ours = image.startswith("concord")
        given = {key: str(value) for key, value in service.get("environment", {}).items()}
        environment = {**(self.environment if ours else {"PATH": self.theirs}), **VARIABLES.get(image, {}), **given}
        binds = [(self.image, "/srv/concord"), (self.venv, "/srv/venv")] if ours else [
            (Path(sys.prefix), sys.prefix), (self.folder / "servers", str(self.folder / "servers")),
        ]  # fmt: skip
        if image == "concord-tools":
            environment["CONCORD_PG_BIN"] = str(postgres_bin())  # in the image there is the one that it brings
            binds.append((Path(sys.prefix), sys.prefix))
        volumes = []
        for volume in service.get("volumes", []):
            here, there, *options = volume.split(":")
            if options:
                binds.append((self.context / here, there))
            else:
                volumes.append((self._volume(here), there))
        if image == "axllent/mailpit":
            binds.append((ROOT, str(ROOT)))
            volumes.append((self._volume("mail"), "/mail"))
        secrets = {
            f"/run/secrets/{key}": (self.context / self.file["secrets"][key]["file"]).read_text()
            for key in service.get("secrets", [])
        }
        hosts = "127.0.0.1 localhost " + " ".join(self.services) + "\n"
        rights = ["--no-new-privs"] if "no-new-privileges:true" in service.get("security_opt", []) else []
        if service.get("cap_drop") == ["ALL"]:
            kept = [f"+{name.lower()}" for name in service.get("cap_add", [])]
            rights += ["--inh-caps=-all", f"--bounding-set={','.join(['-all', *kept])}"]
        return Box(
            environment,
            binds,
            user=service.get("user") or (self.user if ours else "root"),
            writable=not service.get("read_only"),
            rights=rights,
            volumes=volumes,
            memory=service["tmpfs"],
            files={**secrets, "/etc/hosts": hosts},
        )

    def _volume(self, name: str) -> Path:
        folder = self.folder / "volumes" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o750)
            os.chown(folder, NOBODY, NOBODY)
        return folder

    def run(self, name: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        """`docker compose run --rm NAME COMMAND`."""
        entry = self.services[name].get("entrypoint", [])
        words = self.box(name).words([*entry, *command])
        return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)

    def up(self, *names: str) -> None:
        """Starts these services after what they depend on, and waits until they are well."""
        for name in names:
            if name in self.running:
                continue
            needed = self.services[name].get("depends_on", {})
            self.up(*needed)
            for other, wanted in needed.items():
                self._wait(other, wanted["condition"])
            self.running[name] = self._start(name)
        for name in names:
            if "healthcheck" in self.services[name]:
                self._wait(name, "service_healthy")

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        service = self.services[name]
        command = service.get("command") or COMMANDS.get(service["image"].split(":")[0]) or self._usual()
        words = shlex.split(command) if isinstance(command, str) else command
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(self.box(name).words(words), stdout=log, stderr=log)

    def _usual(self) -> list[str]:
        found = re.search(r"^CMD (\[.*\])$", (self.context / "Dockerfile").read_text(), re.MULTILINE)
        assert found
        return list(yaml.safe_load(found[1]))

    def _wait(self, name: str, condition: str) -> None:
        process, deadline = self.running[name], time.monotonic() + 60
        if condition == "service_completed_successfully":
            assert process.wait(120) == 0, self.log(name)
            return
        while not self.healthy(name):
            assert process.poll() is None, f"{name} ended:\n{self.log(name)}"
            assert time.monotonic() < deadline, f"{name} does not become well:\n{self.log(name)}"
            time.sleep(0.5)

    def healthy(self, name: str) -> bool:
        """What the service's own check says."""
        kind, *words = self.services[name]["healthcheck"]["test"]
        return self.run(name, words if kind == "CMD" else ["sh", "-c", words[0]]).returncode == 0

    def log(self, name: str) -> str:
        """The last that a service said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def down(self) -> dict[str, float]:
        """Ends every service as compose does, the last first. Returns the seconds that each took."""
        took = {}
        for name, process in reversed(self.running.items()):
            begun = time.monotonic()
            process.terminate()
            process.wait(_seconds(self.services[name].get("stop_grace_period", "10s")))
            took[name] = time.monotonic() - begun
        return took


def _seconds(text: str) -> float:
    return float(text[:-1]) * {"s": 1, "m": 60}[text[-1]]
