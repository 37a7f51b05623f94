"""What holds everywhere; demo, production and test add what differs. Only settings read the environment."""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF

from portal.settings.connections import broker_address, database_settings, running_demo
from portal.settings.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parents[2]
STATE_DIR = BASE_DIR / ".concord"

env = environ.FileAwareEnv()  # NAME_FILE beside NAME: secrets may come as mounted files
NOTED = running_demo(STATE_DIR / "run.json")

DEBUG = False
DEMO = False  # the page that signs visitors in as a persona; portal.settings.demo alone sets it

# --- Parts -----------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "guardian",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "agencies",
    "sharing",
    "cases",
    "portal",
]

MIDDLEWARE = [
    "portal.middleware.RequestIdMiddleware",
    "portal.middleware.ApiHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.PageGZipMiddleware",  # inside WhiteNoise, which has its files compressed already
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.SessionUseMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # asks whoever is not signed in
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.ContextMiddleware",
    "portal.middleware.KeptFormMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"concord": "portal.components.templatetags.concord"},
        },
    },
]

# --- Database, cache, sessions ---------------------------------------------------------------------------------------

DATABASES = database_settings(env, NOTED)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Only rate limits live here, on the broker's server, which all processes share: of sign-in in `default`, where each
# process counts on by itself while the server is away, and of the API in `rates`.
CACHES = {
    "default": {
        "BACKEND": "portal.cache.SharedCache",
        "LOCATION": broker_address(env, NOTED),
        "KEY_PREFIX": "sign-in",
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.2},
    },
    "rates": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": broker_address(env, NOTED),
        "KEY_PREFIX": "rate",
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.2},
    },
}

SESSION_ENGINE = "agencies.accounts.sessions"
SESSION_COOKIE_NAME = "concord_session"
SESSION_COOKIE_AGE = env.int("SESSION_IDLE_SECONDS", default=15 * 60)  # CJIS Security Policy AC-11 allows 30 minutes
ACCOUNT_LONGEST_SESSION = 12 * 60 * 60  # seconds, even if used all the time (CJIS Security Policy IA-5)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # the end stands in the database, not in the cookie
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "concord_csrf"
CSRF_FAILURE_VIEW = "portal.errors.views.no_token"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# --- Who signs in ----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "agencies.User"
AUTHENTICATION_BACKENDS = [
    "agencies.accounts.backends.PasswordBackend",
    "sharing.access.backend.DoorBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "agencies.accounts.adapters.ClosedSignupAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an agency creates its accounts, and vouches for the address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds for which a password typed counts as fresh
ACCOUNT_FORMS = {"reset_password": "agencies.accounts.forms.ForgottenPasswordForm"}
PASSWORD_RESET_TIMEOUT = 3 * 24 * 60 * 60  # seconds: links of invitations and for new passwords
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Concord] "
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/15m/key",  # five in fifteen minutes (CJIS Security Policy AC-7)
    "reset_password": "20/m/ip,5/m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}

# django-guardian keeps the grants; sharing.access.backend answers, and nobody is anonymous.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
ANONYMOUS_USER_NAME = None

# --- Language and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files and mail -------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    # Outside of anything that a web server hands out; web and worker need the same place.
    "documents": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": env.str("DOCUMENTS_ROOT", default="") or str(STATE_DIR / "documents"),
            "file_permissions_mode": 0o640,
            "directory_permissions_mode": 0o750,
        },
    },
}
DOCUMENT_MAX_BYTES = env.int("DOCUMENT_MAX_BYTES", default=25 * 1024 * 1024)
FILE_UPLOAD_HANDLERS = [
    "cases.documents.uploads.LimitedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
CLAMAV_URL = env.str("CLAMAV_URL", default="")  # tcp://host:3310 or unix:///path; files are not scanned without it

DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Concord <no-reply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10  # seconds
# What links in messages begin with.
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://localhost:{NOTED.get('PORT', 8000)}")

# Messages to partner systems go to the public internet over TLS, and nowhere else. The demo and tests turn it off.
WEBHOOKS_STAY_OUTSIDE = True

# --- What a browser may do with our pages ----------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "manifest-src": [SELF],
        "frame-ancestors": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# --- Celery ----------------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = broker_address(env, NOTED)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True  # every task may run twice, so a killed worker's task is given out again
CELERY_TASK_SOFT_TIME_LIMIT = 240  # seconds
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for as long as it takes
CELERY_TASK_PUBLISH_RETRY = False  # the outbox holds the event: a dead broker delays the news, never the request
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,  # seconds; above the longest task, else it would be given out twice
    "socket_connect_timeout": 0.3,
    "socket_timeout": 0.5,
    "retry_on_timeout": False,
    "max_retries": 0,
}
# What talks to the outside world has workers of its own: a slow mail server then delays no inbox.
CELERY_TASK_ROUTES = {
    f"sharing.notices.tasks.{name}": {"queue": "outgoing"}
    for name in ("send_mail", "send_messages", "sweep_mail", "sweep_messages")
} | {"agencies.accounts.tasks.send_letters": {"queue": "outgoing"}}
CELERY_BEAT_SCHEDULE = {
    "sweep-outbox": {"task": "sharing.notices.tasks.sweep", "schedule": 5.0, "options": {"expires": 10}},
    "forget-answers": {"task": "sharing.access.tasks.forget_answers", "schedule": 600.0, "options": {"expires": 600}},
    "forget-changes": {"task": "cases.changes.tasks.forget_changes", "schedule": 3600.0, "options": {"expires": 3600}},
    "scan-documents": {"task": "cases.documents.tasks.scan", "schedule": 60.0, "options": {"expires": 60}},
    "sweep-files": {"task": "cases.documents.tasks.sweep_files", "schedule": 3600.0, "options": {"expires": 3600}},
    "send-letters": {"task": "agencies.accounts.tasks.send_letters", "schedule": 5.0, "options": {"expires": 10}},
    "forget-ended-sessions": {"task": "agencies.accounts.tasks.forget_ended_sessions", "schedule": 3600.0},
    "sweep-mail": {"task": "sharing.notices.tasks.sweep_mail", "schedule": 5.0, "options": {"expires": 10}},
    "sweep-messages": {"task": "sharing.notices.tasks.sweep_messages", "schedule": 5.0, "options": {"expires": 10}},
    **{
        f"heartbeat-{queue}": {
            "task": "portal.celery.heartbeat",
            "args": [queue],
            "schedule": 5.0,
            "options": {"expires": 10, "queue": queue},
        }
        for queue in ("celery", "outgoing")
    },
    "sweep-drafts": {"task": "cases.contacts.tasks.sweep_drafts", "schedule": 3600.0, "options": {"expires": 3600}},
}

# --- REST API --------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "agencies.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["sharing.access.permissions.DeclaredPolicy"],  # no declared category, no answer
    "DEFAULT_THROTTLE_CLASSES": ["portal.api.throttles.CallerRate"],
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.problems.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

# Kind of call → calls a window, the window in seconds; each caller by itself.
API_RATES = {"calls": (600, 60), "search": (60, 60), "openings": (30, 60)}

SPECTACULAR_SETTINGS = {
    "TITLE": "Concord API",
    "DESCRIPTION": "Supervision cases, shared plans and access grants between police and community supervision.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["portal.api.schema.common_answers"],
    "WEBHOOKS": ["portal.api.webhooks.NEWS"],
}

# --- Metrics (traces: portal/watching.py) ----------------------------------------------------------------------------

METRICS = env.bool("METRICS", default=False)  # `/metrics` for Prometheus, from inside alone
if METRICS:
    INSTALLED_APPS.append("django_prometheus")
    MIDDLEWARE = [
        "django_prometheus.middleware.PrometheusBeforeMiddleware",
        *MIDDLEWARE,
        "django_prometheus.middleware.PrometheusAfterMiddleware",
    ]

# --- Logs ------------------------------------------------------------------------------------------------------------

LOGGING = logging_settings(as_json=True, level=env.str("LOG_LEVEL", default="INFO"))
LOGGING_CONFIG = "logging.config.dictConfig"
