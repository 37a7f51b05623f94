"""Production: everything from the environment, secrets also as files (NAME_FILE), no unsafe default.

Needed: SECRET_KEY, ALLOWED_HOSTS, BROKER_URL, EMAIL_URL, DEFAULT_FROM_EMAIL, and of the three database addresses
(DATABASE_URL, DATABASE_OWNER_URL, DATABASE_JOB_URL) the one that this process uses.
"""

from django.core.exceptions import ImproperlyConfigured

from portal.settings.base import *
from portal.settings.base import env
from portal.settings.connections import URL_NAMES

if env.bool("DEMO", default=False):
    raise ImproperlyConfigured("DEMO is set, and the demo's sign-in page must never run on production settings.")
if not any(env.str(name, default="") for name in URL_NAMES.values()):
    raise ImproperlyConfigured("No database address is set: give DATABASE_URL (or its OWNER or JOB form).")

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # old keys while one is being replaced
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
CELERY_BROKER_URL = env.str("BROKER_URL")

# TLS ends at a proxy that must set X-Forwarded-Proto itself and drop whatever a client sent under that name.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many such proxies stand in front: limits on sign-in and the trail go by the visitor's address, not by the proxy's.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=1)
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^(healthz|livez|metrics)$"]  # asked from inside, without the proxy
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-concord_session"
CSRF_COOKIE_NAME = "__Host-concord_csrf"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"

DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
vars().update(env.email("EMAIL_URL"))  # EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS …
