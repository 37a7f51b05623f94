"""`make bench`: prepares Django, then runs the benchmark."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.test")
django.setup()

if __name__ == "__main__":
    from tests.bench.run import main

    sys.exit(main(sys.argv[1:]))
