"""`manage.py demo_world`: makes the demo's world once; afterwards it says that it is there."""

import json
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cases.imports.reading import ImportRefused
from portal.demo.mail import mail_folder
from portal.demo.world.build import is_made, make_world


class Command(BaseCommand):
    help = "Make the demo world: real charges and scores, invented agencies, officers and plans. Demo settings only."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo world is for demo settings only: it signs anybody in as anybody.")
        if is_made():
            self.stdout.write("The demo world is there.")
            return
        begun = time.monotonic()
        try:
            secrets = make_world(self._show)
        except ImportRefused as error:
            raise CommandError(str(error)) from None
        place = mail_folder().parent / "api-tokens.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch(0o600)
        place.write_text(json.dumps(secrets, indent=2) + "\n")
        self.stdout.write(f"The secrets of the API clients are in {place}.")
        self.stdout.write(f"The demo world is made, in {time.monotonic() - begun:.1f} s.")

    def _show(self, what: str, done: int, total: int) -> None:
        # The launcher draws its bar from the numbers.
        self.stdout.write(f"{what} {done}/{total}")
        self.stdout.flush()
