"""Why a service refused. Views and the API turn each into its own answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError


class NotVisible(LookupError):
    """There is no such thing, or this actor may not know of it: the two are never told apart (404)."""


class NotAllowed(PermissionError):
    """The actor sees the thing but may not do this to it (403). The text is for people."""


class Refused(ValueError):
    """The act breaks a rule. `field` names the input at fault, the text says what to do instead (400)."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Stale(RuntimeError):
    """Somebody changed the thing since the actor read it (412 or a compare page). `current` is what it is now."""

    def __init__(self, current: object) -> None:
        super().__init__("changed since it was read")
        self.current = current


@contextmanager
def refusing() -> Iterator[None]:
    """Around a model's own checks: the first thing they find wrong is Refused, at its field."""
    try:
        yield
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Refused(messages[0], field) from None
