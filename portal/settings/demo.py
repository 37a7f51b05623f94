"""The demo on this machine: loopback only, mail in a folder, a page that signs visitors in as a persona.

Never for real records: production settings do not import this module, and refuse a process that asks for it.
"""

from django.core.management.utils import get_random_secret_key

from portal.settings.base import *
from portal.settings.base import NOTED, STATE_DIR, env
from portal.settings.logs import logging_settings

DEMO = True
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]

# The launcher keeps one key per working copy, so that a restart signs nobody out.
SECRET_KEY = env.str("SECRET_KEY", default="") or NOTED.get("SECRET_KEY") or get_random_secret_key()

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = env.str("CONCORD_MAIL_DIR", default="") or str(STATE_DIR / "mail")

WEBHOOKS_STAY_OUTSIDE = False  # a receiver may stand on this machine

LOGGING = logging_settings(as_json=False, level=env.str("LOG_LEVEL", default="INFO"))
