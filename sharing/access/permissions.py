"""Policy is declared where it is applied: a view of the API names its category per method, or is refused."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from agencies.directory.categories import NOTHING
from sharing.access.errors import NotAllowed

ANY_ACTOR = NOTHING
"""The declaration of an action that answers nothing about a record."""


def declared_method(request: Any) -> str:
    """The name under which a view declares the called method; HEAD counts as GET."""
    method = str(request.method).lower()
    return "get" if method == "head" else method


class DeclaredPolicy(BasePermission):
    """Lets a signed-in actor call what the view declares a category for. A missing entry is a refusal."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the call may go on to the door. Raises NotAllowed for an account without a live membership."""
        if not request.user.is_authenticated:
            return False
        if getattr(request, "actor", None) is None:
            raise NotAllowed("This account belongs to no unit at present.")
        method = declared_method(request)
        if method not in view.http_method_names or not hasattr(view, method):
            return True  # answered with 405
        return method in getattr(view, "categories", {})
