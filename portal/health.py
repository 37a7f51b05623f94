"""`/healthz` (ready?) and `/livez` (alive?): what load balancers and people on call ask, and nothing about anyone."""

from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry


def broker_client() -> "redis.Redis":
    """Returns a client of the broker that gives up after half a second and does not try again."""
    return redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_connect_timeout=0.3, socket_timeout=0.5, retry=Retry(NoBackoff(), 0)
    )


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answers 200 with the state of database, broker, worker and sender; 503 when the database is away.

    A dead broker or worker only delays the news, so the web process stays in service.
    """
    state: dict[str, Any] = {"database": _database(), **_broker_and_workers()}
    return JsonResponse(state, status=200 if state["database"] == "ok" else 503)


@login_not_required
@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answers 204 while the process answers at all: whoever restarts it must not do so because a database is away."""
    return HttpResponse(status=204)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError:
        return "away"
    return "ok"


def _broker_and_workers() -> dict[str, str]:
    from portal.celery import HEARTBEAT_KEYS

    names = ("worker", "sender")
    try:
        with broker_client() as client:
            seen = client.mget(HEARTBEAT_KEYS["celery"], HEARTBEAT_KEYS["outgoing"])
    except redis.RedisError:
        return {"broker": "away", **dict.fromkeys(names, "unknown")}
    return {"broker": "ok", **{name: "ok" if at else "away" for name, at in zip(names, seen, strict=True)}}
