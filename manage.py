#!/usr/bin/env python
"""Django's command line. It picks the database role by command, and refuses a role that is too powerful."""

import os
import sys


def main() -> None:
    """Runs one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.demo")
    from django.core.management import execute_from_command_line

    from portal.rolecheck import guard_command

    guard_command(sys.argv)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
