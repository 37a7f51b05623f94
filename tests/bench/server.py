"""The benchmark's own PostgreSQL, kept in .cache/bench, and a migrated database for each world."""

import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from portal.launcher import roles
from portal.launcher.progress import Step
from portal.launcher.servers import Postgres
from tests.bench import world

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bench"

# What a machine of this size would be given. Everything the planner decides by is left as PostgreSQL ships it; jit is
# off as in the demo and in docs/benchmarks.md, since it compiles for longer than any of these statements runs.
SETTINGS = {
    "shared_buffers": "4GB",
    "synchronous_commit": "off",
    "jit": "off",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "autovacuum_naptime": "10min",
}


class BenchServer:
    """A PostgreSQL that outlives the run on disk, but not as a process."""

    def __init__(self) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        self.passwords = self._passwords()
        self.postgres = Postgres(
            CACHE / "postgres", log=CACHE / "postgres.log", password=self.passwords["admin"], settings=SETTINGS
        )

    def __enter__(self) -> "BenchServer":
        self.postgres.start()
        with closing(self.postgres.connect()) as admin:
            roles.create_roles(admin, {who: self.passwords[who] for who in ("migrator", "app", "job")})
        return self

    def __exit__(self, *_: object) -> None:
        self.postgres.stop(60.0)

    def environment(self, database: str) -> dict[str, str]:
        """Returns the variables under which settings find the database, as tests do."""
        return {
            "DJANGO_SETTINGS_MODULE": "portal.settings.test",
            "DATABASE_URL": self.postgres.url("concord_app", self.passwords["app"], database),
            "DATABASE_OWNER_URL": self.postgres.url("concord_migrator", self.passwords["migrator"], database),
            "DATABASE_JOB_URL": self.postgres.url("concord_job", self.passwords["job"], database),
        }

    def administrator(self, database: str) -> str:
        """Returns the address of a world for its administrator."""
        return self.postgres.url("concord_admin", self.passwords["admin"], database)

    def connect(self, database: str) -> Any:
        """Returns the administrator's connection to a world."""
        return self.postgres.connect(database)

    def prepare(self, cases: int) -> str:
        """Returns the database of the world with that many cases; builds it first where it is missing or outdated.

        A world knows the migrations it was made by: another text of theirs, another world.
        """
        name, stamp = f"concord_{cases}", world.stamp()
        with closing(self.postgres.connect()) as admin:
            cursor = admin.cursor()
            cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() == (stamp,):
                return name
            with _shown(f"World of {cases:,} cases"):
                roles.drop_database(admin, name)
                roles.create_database(admin, name)
                self._migrate(name)
                with closing(self.connect(name)) as owner:
                    world.build(owner, cases)
                cursor.execute("CHECKPOINT")  # or it is written out while others are measured
            cursor.execute(f'COMMENT ON DATABASE "{name}" IS %s', [stamp])
        return name

    def _migrate(self, name: str) -> None:
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"],
            env={**os.environ, **self.environment(name)},
            check=True,
        )

    def _passwords(self) -> dict[str, str]:
        kept = CACHE / "passwords.json"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(json.dumps({who: secrets.token_urlsafe(16) for who in ("admin", "migrator", "app", "job")}))
        words: dict[str, str] = json.loads(kept.read_text())
        return words


@contextmanager
def _shown(title: str) -> Iterator[None]:
    """While work goes on that reports nothing: its line redrawn, or off a terminal a line every ten seconds."""
    over = threading.Event()
    with Step(title) as step:

        def tell() -> None:
            while not over.wait(0.25 if step.on_terminal else 10):
                if step.on_terminal:
                    step.show()
                else:
                    sys.stdout.write(f"  {title}: {step.seconds:.0f} s so far\n")
                    sys.stdout.flush()

        teller = threading.Thread(target=tell)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()
