"""The second floor as a Django app."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Second floor: the work on the people under supervision."""

    name = "cases"
    label = "cases"
    verbose_name = "Cases"

    def ready(self) -> None:
        """Tell the floor below what is shareable, what is a part of it, and which events it may tell of."""
        from cases import declarations

        declarations.declare()
