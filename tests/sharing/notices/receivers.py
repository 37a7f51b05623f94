"""A partner's receiver: a real HTTP server that keeps what it was sent, and answers as a test wants."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from sharing.notices.models import Webhook, WebhookSecret
from sharing.notices.webhooks.messages import new_secret
from tests.services import as_job
from tests.worlds import World


class Taken(NamedTuple):
    """One request as it came."""

    headers: dict[str, str]
    body: str

    @property
    def said(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """What was taken, and how to answer: a status, more headers, and how many seconds to think first."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.began = 0
        self.status, self.headers, self.seconds = 204, {}, 0.0
        self.url = ""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.began += 1
            time.sleep(receiver.seconds)
            receiver.taken.append(Taken({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/news?from=concord"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def add_webhook(world: World, url: str, *, kinds: tuple[str, ...] = ()) -> tuple[Webhook, str]:
    """A webhook of the police's system, as the job role makes it, and its secret."""
    with as_job():
        webhook = Webhook.objects.create(
            client=world.users["system"],
            agency=world.agencies["police"],
            url=url,
            kinds=list(kinds),
            created_by=world.users["admin"],
        )
        secret = new_secret()
        WebhookSecret.objects.create(webhook=webhook, secret=secret, hint=secret[:10])
    return webhook, secret
