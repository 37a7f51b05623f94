"""Settings of the portal that browsers visit in tests: those of all tests, with the demo's pages beside the portal's
own, and static files served as they lie."""

from portal.settings.test import *
from portal.settings.test import env

DEMO = True
WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
EMAIL_FILE_PATH = env.str("CONCORD_MAIL_DIR", default="")  # read by the mailbox; the backend above writes nothing
