"""The product as it is served, for the benchmark's gunicorn; each answer says how long the database took for it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.wsgi import get_wsgi_application
from django.db import connection

from tests.bench.measure import DatabaseClock

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_served = get_wsgi_application()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Serves a request. Django begins an answer when it is made and committed: no statement comes after that."""
    clock = DatabaseClock()

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [*headers, ("Server-Timing", f"db;dur={clock.spent * 1000:.3f}")], *more)

    with connection.execute_wrapper(clock):
        return _served(environ, start)
