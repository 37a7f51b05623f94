"""`user.has_perm(category, object)`, answered by the door."""

from __future__ import annotations

from typing import Any

from agencies.directory.categories import Category
from sharing.access.actors import Actor
from sharing.access.registry import is_part, record_types


class DoorBackend:
    """Answers permission questions about one object for the actor of the running request or task.

    `perm` is a category's name, with or without an app label: "cases.plan_view". Without an object, an actor, or a
    known category the answer is no. It signs nobody in.
    """

    def authenticate(self, request: Any, **credentials: Any) -> None:
        """Nobody signs in here."""
        return None

    def get_user(self, user_id: int) -> None:
        """Nobody signs in here."""
        return None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether the door opens `obj` for the category to the user's current actor."""
        actor: Actor | None = getattr(user_obj, "actor", None)
        category = Category.__members__.get(perm.rsplit(".", 1)[-1].upper())
        if obj is None or actor is None or category is None or actor.user_id != user_obj.pk:
            return False
        model = type(obj)
        if not is_part(model) and model not in {shareable.model for shareable in record_types()}:
            return False
        return bool(model._default_manager.permitted(actor, category).filter(pk=obj.pk).exists())
