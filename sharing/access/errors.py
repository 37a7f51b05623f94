"""Why a service refused: the same few ways on every floor, so they stand on the ground (agencies.directory.errors)."""

from agencies.directory.errors import NotAllowed, NotVisible, Refused, Stale, refusing

__all__ = ["NotAllowed", "NotVisible", "Refused", "Stale", "refusing"]
