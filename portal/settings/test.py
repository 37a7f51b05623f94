"""Tests: databases and broker come from tests/services.py by way of the environment; nothing leaves the machine."""

from portal.settings.base import *
from portal.settings.base import env
from portal.settings.logs import logging_settings

SECRET_KEY = "only for tests, and of no use elsewhere: 0123456789abcdefghijklmnopqrstuvwxyz"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
DOCUMENT_MAX_BYTES = 1024 * 1024
ACCOUNT_RATE_LIMITS = False
API_RATES = {"calls": (1_000_000, 60), "search": (1_000_000, 60), "openings": (1_000_000, 60)}
WEBHOOKS_STAY_OUTSIDE = False
LOGGING = logging_settings(as_json=False, level=env.str("LOG_LEVEL", default="WARNING"))
