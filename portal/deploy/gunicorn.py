"""How gunicorn serves Concord in a container. Sizes: docs/production.md."""

import os
import shutil

bind = "0.0.0.0:8000"
# Two processes a core, few threads each: pages made at once in one process hold each other up (docs/load.md).
workers = int(os.environ.get("WEB_CONCURRENCY", "4"))
threads = int(os.environ.get("WEB_THREADS", "2"))
worker_class = "gthread"
preload_app = True
timeout = 60
keepalive = 75  # seconds: whoever reads a page finds the connection open for the next, and no thread waits for them
graceful_timeout = 30  # what is being written is finished, then the process goes
max_requests, max_requests_jitter = 20_000, 2_000
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a heartbeat that never waits for a disk
control_socket_disable = True

_metrics = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if _metrics:  # the processes add up their figures in a folder, which a new start begins anew
    shutil.rmtree(_metrics, ignore_errors=True)
    os.makedirs(_metrics)


def child_exit(server: object, worker: object) -> None:
    """A process that ended no longer counts among those that are alive."""
    if _metrics:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[attr-defined]
