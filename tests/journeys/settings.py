"""Settings of the portal that browsers visit in tests: those of all tests, with static files served as they lie."""

from portal.settings.test import *

WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
