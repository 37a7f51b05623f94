"""The door for web servers."""

import os

from django.core.wsgi import get_wsgi_application

from portal.rolecheck import refuse_powerful_role, refuse_wrong_settings
from portal.watching import start_tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")

refuse_wrong_settings()
start_tracing("concord-web")  # before Django loads its middleware
application = get_wsgi_application()
refuse_powerful_role()
