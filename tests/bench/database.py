"""One world's three connections, any of which can be the one that Django uses."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from tests.bench.server import BenchServer


class World:
    """A built world: its size, and connections as the owner (outside row security), the app and the job."""

    def __init__(self, server: BenchServer, cases: int, database: str) -> None:
        self.cases = cases
        self.database = database
        self.server = server
        addresses = server.environment(database)
        self.owner = self.outside()
        self.app = _wrapper(addresses["DATABASE_URL"])
        self.job = _wrapper(addresses["DATABASE_JOB_URL"])

    def outside(self) -> DatabaseWrapper:
        """Another connection as the owner: no row security."""
        return _wrapper(self.server.environment(self.database)["DATABASE_OWNER_URL"], "-c role=concord_owner")

    @contextmanager
    def acting_as(self, connection: DatabaseWrapper) -> Iterator[None]:
        """For a while, Django's default connection is this one."""
        before = connections["default"]
        connections["default"] = connection
        try:
            yield
        finally:
            connections["default"] = before

    def admin(self) -> Any:
        """Returns the administrator's own connection."""
        return self.server.connect(self.database)

    def plain(self) -> DatabaseWrapper:
        """Returns another connection as the administrator, for the bare writes beside Concord's own."""
        return _wrapper(self.server.administrator(self.database))

    def close(self) -> None:
        """Ends the connections."""
        for connection in (self.owner, self.app, self.job):
            connection.close()


def _wrapper(address: str, options: str = "") -> DatabaseWrapper:
    parts = urlsplit(address)
    config = copy.deepcopy(connections.settings["default"])
    config |= {
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username,
        "PASSWORD": parts.password,
        "HOST": parts.hostname,
        "PORT": parts.port,
    }
    config["OPTIONS"] = {"options": options}
    return DatabaseWrapper(config, "default")
