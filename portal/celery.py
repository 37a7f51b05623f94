"""Celery: the worker that carries the news, the sender that takes it out of the house, and the clock of both.

Worker and sender are the same program on two queues, so that whoever waits for a slow server out there delays no inbox.
"""

import os
import time
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init, worker_process_init, worker_ready
from django.conf import settings

from portal.settings.connections import set_default_role

HEARTBEAT_KEYS = {"celery": "concord:worker:seen", "outgoing": "concord:sender:seen"}  # by queue
HEARTBEAT_LIFE = 30  # seconds; a worker unseen for that long counts as away

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
if not settings.configured:  # Celery's own command line starts here; in a web process the role is chosen already
    set_default_role("job")

app = Celery("concord")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    ["agencies.accounts", "sharing.access", "sharing.notices", "cases.contacts", "cases.documents", "cases.changes"]
)


@app.task(name="portal.celery.heartbeat")
def heartbeat(queue: str) -> None:
    """Notes in the broker that beat gave out a task and a process of this queue took it. `/healthz` reads it."""
    from portal.health import broker_client

    with broker_client() as client:
        client.set(HEARTBEAT_KEYS[queue], int(time.time()), ex=HEARTBEAT_LIFE)


@worker_init.connect
@beat_init.connect
def refuse(**_: Any) -> None:
    """Stops a worker or a beat whose database role is too powerful."""
    from portal.rolecheck import refuse_powerful_role

    refuse_powerful_role()


@worker_process_init.connect
def trace(**_: Any) -> None:
    """Each process of a worker sends its own traces, where they are switched on."""
    from portal.watching import start_tracing

    start_tracing("concord-worker")


@worker_ready.connect
def announce(sender: Any, **_: Any) -> None:
    """Shows a fresh worker or sender at once rather than at the first tick of beat."""
    for queue in sender.app.amqp.queues.consume_from:
        heartbeat(queue)
