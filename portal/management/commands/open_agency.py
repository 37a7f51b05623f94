"""`manage.py open_agency NAME …`: begins an agency with its first administrator. Everything else is done signed in."""

import zoneinfo
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from agencies.accounts.services import open_agency
from agencies.directory.errors import Refused
from agencies.directory.models import Agency, AgencyKind, User


class Command(BaseCommand):
    help = "Begin an agency: its first administrator gets a letter with a link, and sets up the rest in Concord."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the agency's full name")
        parser.add_argument("--short-name", required=True, help="as lists show it: Riverton PD")
        parser.add_argument("--kind", required=True, choices=AgencyKind.values, metavar="KIND", help=_kinds())
        parser.add_argument(
            "--administrator", required=True, metavar="EMAIL", help="address of the first administrator"
        )
        parser.add_argument("--administrator-name", required=True, metavar="NAME")
        parser.add_argument("--time-zone", default=Agency().time_zone, help="as America/Chicago")

    def handle(self, *args: Any, **options: Any) -> None:
        name, short_name, person = (
            " ".join(options[option].split()) for option in ("name", "short_name", "administrator_name")
        )
        email = options["administrator"].strip().lower()
        if not (name and short_name and person):
            raise CommandError("An agency, its short name and its administrator need names.")
        try:
            Agency(name=name, short_name=short_name, kind=options["kind"]).clean_fields()
            User(email=email, name=person).clean_fields(exclude=["password", "preferences"])
        except ValidationError as error:
            said = [f"{field}: {' '.join(words)}" for field, words in error.message_dict.items()]
            raise CommandError(" ".join(said)) from None
        if options["time_zone"] not in zoneinfo.available_timezones():
            raise CommandError(f"There is no time zone {options['time_zone']}: write it as America/Chicago.")
        try:
            agency, administrator = open_agency(
                name=name,
                short_name=short_name,
                kind=options["kind"],
                time_zone=options["time_zone"],
                email=email,
                administrator=person,
            )
        except Refused as error:
            raise CommandError(str(error)) from None
        if administrator.has_usable_password():
            self.stdout.write(f"{agency.name} is there. {email} has an account already and is its administrator now.")
        else:
            self.stdout.write(f"{agency.name} is there. {email} gets a letter with a link to choose a password.")


def _kinds() -> str:
    return ", ".join(AgencyKind.values)
