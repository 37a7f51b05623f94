"""The door for web servers."""

import os

from django.core.wsgi import get_wsgi_application

from portal.rolecheck import refuse_powerful_role

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")

application = get_wsgi_application()
refuse_powerful_role()
