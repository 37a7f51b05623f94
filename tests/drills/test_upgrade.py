"""An upgrade under load: the next release's migrations run while this release serves, then it takes over.

The next release is this one with migrations that add a column to every table, build an index and make a table, as
docs/production.md lets a release do. Callers write all the while. Where the old process is gone and the new one not yet
there, the proxy holds requests back; here the callers wait as long themselves and send again what got no answer.
"""

from __future__ import annotations

import datetime
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from portal.launcher.processes import end_with_parent, free_port
from tests import services
from tests.calls import V1, bearer
from tests.worlds import World

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True, databases=["default", "aside"])]

HELD = 10  # seconds the proxy holds a request back (portal/deploy/Caddyfile)
GRACE = 30  # seconds gunicorn has to finish what it has begun (docker-compose.yml)
CALLERS = 4
TABLES = """SELECT tablename FROM pg_tables
             WHERE schemaname = 'public' AND tablename ~ '^(agencies|sharing|cases)_' ORDER BY 1"""
MIGRATION = '''"""What the next release adds."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = {dependencies!r}
    operations = [migrations.RunSQL(statement) for statement in {statements!r}]
'''


@dataclass
class Caller:
    """A partner's system that records contacts one after another, and reads."""

    port: int
    token: str
    case: str
    name: str
    sent: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    again: int = 0

    def work(self, done: threading.Event) -> None:
        """Writes and reads until told to stop."""
        while not done.is_set():
            note = f"{self.name}-{len(self.sent)}"
            at = timezone.now() - datetime.timedelta(hours=2)
            body = json.dumps({"kind": "TRAFFIC_STOP", "occurred_at": at.isoformat(), "note": note})
            self.sent.append(note)
            self._ask("POST", f"{V1}/cases/{self.case}/contacts/", body, note)
            self._ask("GET", f"{V1}/cases/{self.case}/")
            self._ask("GET", f"{V1}/cases/")

    def _ask(self, method: str, address: str, body: str | None = None, key: str = "") -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = f'"{key}"'
        end = time.monotonic() + HELD
        while True:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=GRACE)
            try:
                line.request(method, address, body, headers)
                answer = line.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                if time.monotonic() > end:
                    self.answers[0] += 1
                    return
                self.again += 1
                time.sleep(0.05)
            else:
                self.answers[answer.status] += 1
                return
            finally:
                line.close()


@contextmanager
def running(words: list[str], role: str, root: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One of the portal's processes, from the release in `root`; told to end, and waited for."""
    environment = {**os.environ, "CONCORD_DB_ROLE": role, "PYTHONPATH": str(root), "WEB_CONCURRENCY": "2"}
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=root, env=environment, stdout=out, stderr=out,
            preexec_fn=end_with_parent(15),
        )  # fmt: skip
        try:
            yield child
        finally:
            child.terminate()
            assert child.wait(GRACE) in (0, -15), log.read_text()[-2000:]


def release(stack: ExitStack, root: Path, port: int, folder: Path) -> None:
    """Starts web and worker of the release in `root`."""
    web = ["gunicorn", "portal.wsgi:application", "--config=portal/deploy/gunicorn.py", f"--bind=127.0.0.1:{port}"]
    worker = ["celery", "--app=portal.celery", "worker", "--queues=celery,outgoing", "--pool=solo"]
    stack.enter_context(running([*web, "--no-control-socket"], "app", root, folder / "web.log"))
    stack.enter_context(running([*worker, "--without-gossip", "--without-mingle"], "job", root, folder / "worker.log"))


def next_release(root: Path) -> list[str]:
    """This release with more migrations, in `root`; returns the tables that get a column."""
    tables = [name for (name,) in services.owner(TABLES)]
    for name in ("agencies", "sharing", "cases", "portal", "templates", "static", "tests"):
        shutil.copytree(services.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(services.ROOT / "manage.py", root)
    statements = [f"ALTER TABLE {name} ADD COLUMN next_release int NOT NULL DEFAULT 0" for name in tables]
    statements += [
        "CREATE INDEX CONCURRENTLY next_release_contacts ON cases_contact (next_release)",
        "CREATE TABLE cases_nextrelease (id bigint PRIMARY KEY)",
        "GRANT SELECT, INSERT ON cases_nextrelease TO concord_app",
    ]
    folder = root / "cases" / "migrations"
    last = max(path.stem for path in folder.glob("0*.py"))
    text = MIGRATION.format(dependencies=[("cases", last)], statements=statements)
    (folder / "9999_next_release.py").write_text(text)
    return tables


def until(true: Callable[[], Any], seconds: float = 30) -> None:
    """Waits until something is true, and fails if it does not become so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def test_nothing_is_lost_or_doubled_while_the_next_release_takes_over(world: World, tmp_path: Path) -> None:
    services.spoil()
    port = free_port()
    header = bearer(world.users["system"]).defaults["HTTP_AUTHORIZATION"]
    callers = [
        Caller(port, header.removeprefix("Bearer "), str(world.joint.uuid), f"caller-{number}")
        for number in range(CALLERS)
    ]
    root = tmp_path / "next"
    root.mkdir()
    tables = next_release(root)
    done = threading.Event()
    threads = [threading.Thread(target=caller.work, args=(done,)) for caller in callers]

    def answered() -> int:
        return sum(sum(caller.answers.values()) for caller in callers)

    def more(number: int) -> None:
        before = answered()
        until(lambda: answered() >= before + number)

    with ExitStack() as old, ExitStack() as new:
        release(old, services.ROOT, port, tmp_path)
        try:
            for thread in threads:
                thread.start()
            more(60)
            environment = {**os.environ, "CONCORD_DB_ROLE": "owner", "PYTHONPATH": str(root)}
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=root, env=environment, check=True
            )
            more(60)  # the old release on the new shape
            old.close()
            release(new, root, port, tmp_path)
            more(60)  # the new release
        finally:
            done.set()
            for thread in threads:
                thread.join()
        until(lambda: not services.owner("SELECT 1 FROM sharing_outboxevent WHERE relayed_at IS NULL LIMIT 1"), 60)

    answers: Counter[int] = sum((caller.answers for caller in callers), Counter())
    assert set(answers) == {200, 201}, (answers, (tmp_path / "web.log").read_text()[-3000:])
    sent = sorted(note for caller in callers for note in caller.sent)
    kept = [note for (note,) in services.owner("SELECT note FROM cases_contact WHERE note LIKE 'caller-%'")]
    assert sorted(kept) == sent, "each contact is there, once"
    changed = "SELECT count(*) FROM agencies_change WHERE verb = 'contact.recorded'"
    assert services.owner(changed) == [(len(sent),)], "and once on the trail"
    columns = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'next_release'"
    assert services.owner(columns) == [(len(tables),)]
    told = "SELECT count(*) FROM sharing_outboxevent WHERE kind = 'contact.recorded'"
    assert services.owner(told) == [(len(sent),)], "and once among the events"
    assert sum(caller.again for caller in callers), "the change fell between requests: nobody had to wait"
