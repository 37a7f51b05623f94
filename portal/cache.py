"""The cache that counts failed sign-ins: one for all processes, and each process by itself while it is away."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

_log = structlog.get_logger(__name__)


class SharedCache(RedisCache):
    """Django's cache on Redis or Valkey. A server that is away must neither shut the door nor stop the counting."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._alone = LocMemCache("alone", {"KEY_PREFIX": params.get("KEY_PREFIX", "")})

    def add(self, *arguments: Any, **named: Any) -> bool:
        """As Django's."""
        return bool(self._ask("add", arguments, named))

    def get(self, *arguments: Any, **named: Any) -> Any:
        """As Django's."""
        return self._ask("get", arguments, named)

    def set(self, *arguments: Any, **named: Any) -> None:
        """As Django's."""
        self._ask("set", arguments, named)

    def delete(self, *arguments: Any, **named: Any) -> bool:
        """As Django's."""
        return bool(self._ask("delete", arguments, named))

    def _ask(self, verb: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        try:
            return getattr(super(), verb)(*arguments, **named)
        except (RedisError, OSError) as error:
            _log.warning("shared_cache_away", error=type(error).__name__)
            return getattr(self._alone, verb)(*arguments, **named)
