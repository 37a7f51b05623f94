"""Sign-in by password. Answers who somebody is and never what they may do."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from agencies.directory.models import User


class PasswordBackend(AuthenticationBackend):
    """allauth's backend for people only; every question about permission is answered no."""

    def user_can_authenticate(self, user: User | None) -> bool:
        """API clients never sign in with a browser."""
        return super().user_can_authenticate(user) and user is not None and user.kind == User.Kind.PERSON

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """No: the door answers."""
        return False

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """No: the door answers."""
        return False

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None: the door answers."""
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None: the door answers."""
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None: the door answers."""
        return set()
