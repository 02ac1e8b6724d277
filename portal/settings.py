"""Settings of the portal. Values that differ between deployments come from the environment (.env.example)."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from common.env import ROOT, env, required
from portal import roles

SECRET_KEY = required("SECRET_KEY", "Set it to fifty or more random characters.")
# Previous keys, still valid for signatures and decryption. They also encrypt second factors (accounts/sealing.py).
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# File outside the database with the ids of erased families: a restore erases them again.
DESTROYED_KEYS_FILE = env.str("DESTROYED_KEYS_FILE", default="")
# Key-encryption keys for the families' data keys, newest first (sealing/outer.py). The web process and `manage.py` need
# them; worker and beat have no access to families and do not.
SEALING_KEYS = env.list("SEALING_KEYS", default=[])
DEBUG = False
# The demo shows the mail it "sends" on a page and lists its passwords. Never in production.
DEMO = env.bool("DEMO", default=False)
# Served over HTTPS? False only for the demo and the tests, which run on loopback.
HTTPS = env.bool("HTTPS", default=True)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

SITE_NAME = env.str("SITE_NAME", default="Fotfeste")
# Who is responsible for this installation, shown on the public pages. If empty, they say that it is a trial.
OPERATOR = env.str("OPERATOR", default="")
CONTACT_EMAIL = env.str("CONTACT_EMAIL", default="")
# Target of quick exit: an ordinary page that anybody could have open.
QUICK_EXIT_URL = env.str("QUICK_EXIT_URL", default="https://www.yr.no/")
# Whether browsers store the public pages for offline use. If disabled, they are told to delete the copy.
OFFLINE_COPY = env.bool("OFFLINE_COPY", default=True)
PRIVACY_NOTICE_VERSION = "2026-11-22-3"

INSTALLED_APPS = [
    "portal",
    "common",
    "accesslog",
    "sealing",
    "accounts",
    "families",
    "records",
    "crisisplans",
    "incidentlog",
    "resources",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "template_partials",
    "phonenumber_field",
    "pgtrigger",
    "pghistory",
    "django.contrib.admin.apps.SimpleAdminConfig",  # no autodiscovery: portal/curating.py registers the models
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.content_policy",
    "portal.middleware.permissions_policy",
    "portal.middleware.allow_get_head_post",
    "django.middleware.gzip.GZipMiddleware",
    "portal.middleware.answer_without_database",
    "portal.middleware.clean_input",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.end_idle_sessions",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",  # outside act_as_user, whose mail needs its context
    "portal.middleware.act_as_user",  # inside MessageMiddleware: mail sent after the commit adds messages
    "portal.middleware.SignInRequired",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.no_store_for_users",
    "portal.middleware.saved_draft_cookie",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.frame",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "template_partials.templatetags.partials",
                "common.templatetags.portal",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
        },
    },
]
FORM_RENDERER = "common.forms.PortalRenderer"

# Roles of one database: `owner` migrates, `app` serves requests. See docs/operations.md.
DATABASES = {
    "default": env.db_url_config(required("DATABASE_URL", "Set it to the PostgreSQL address of the app role."))
}
DATABASES["default"].update({"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True})
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)  # seconds; quick exit waits for it
# Values are bound on the server, and a statement is prepared on its sixth execution on a connection: behind row-level
# security, planning costs more than executing (ADR 0030).
DATABASES["default"]["OPTIONS"].update({"server_side_binding": True, "prepare_threshold": 5})
# Enforced by PostgreSQL's clock: a process that was suspended during a request must not resume and write with a data
# key that was retired in the meantime (sealing/rotation.py).
LONGEST_REQUEST = 120  # seconds in a transaction
if DATABASES["default"].get("USER") == roles.APP:
    DATABASES["default"]["OPTIONS"]["options"] = f"-c transaction_timeout={LONGEST_REQUEST}s"
# Rate limit counters commit at once, on their own connection. In the request's transaction they would roll back with
# it, and hold their locks while a password is hashed.
DATABASES["counters"] = {**DATABASES["default"], "TEST": {"MIRROR": "default"}}
DATABASE_ROUTERS = ["common.rates.CountersApart"]
DATABASE_OWNER_ROLE = roles.OWNER
DATABASE_APP_ROLE = roles.APP
DATABASE_WORKER_ROLE = roles.WORKER
DATABASE_BACKUP_ROLE = roles.BACKUP
CACHES = {
    "default": {
        "BACKEND": "common.cache.PlainCache",
        "LOCATION": "cache",
        # Holds the rate limits. With Django's default of 300, an attacker could evict a counter by creating new ones.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Messages name a task and carry no personal data. A task is redelivered when its worker dies, and workers prefetch no
# tasks. Queued tasks expire soon; data that must not be lost is in the database.
CELERY_BROKER_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,  # seconds, as all below
    "socket_timeout": 5,
    "visibility_timeout": 600,  # longer than the time limit of any task
}
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Europe/Oslo"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.session_backend.SignInBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email"]},
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "front"
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "confirm_email_verification_code": "accounts.forms.ConfirmEmailForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "confirm_password_reset_code": "accounts.forms.ConfirmResetForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reauthenticate": "accounts.forms.PasswordAgainForm",
}
# Eight digits are easy to type on a phone; with five attempts, the chance of guessing a code is one in twenty million.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT = {"numeric": True, "length": 8}
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 15 * 60  # seconds
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 5
ACCOUNT_PASSWORD_RESET_BY_CODE_CODE_FORMAT = ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT
ACCOUNT_PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60  # seconds
# `key` is the e-mail address; for failed logins, the address together with the client's IP (accounts/adapter.py), so
# that nobody can lock another person out. Counted in the cache, which is in PostgreSQL.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "login_failed_anywhere": "100/h/key",
    "signup": "20/m/ip",
    # One IP alone cannot exhaust an address's limit.
    "confirm_email": "15/h/ip,3/m/key,20/h/key",
    "reset_password": "15/h/ip,3/m/key,20/h/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    # Codes of the second step, by user. A stranger cannot exhaust the limit, since this step requires the password;
    # known devices have their own counters. Thirty guesses a day hit one of a million codes once in thirty years.
    "second_step": "5/5m/key,30/d/key",
    "second_step_warning": "1/d/key",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60  # seconds for which a reauthentication is valid
# Two factors (ADR 0026): TOTP and recovery codes. Passkeys follow.
MFA_ADAPTER = "accounts.second_step.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondStepForm",
    "reauthenticate": "accounts.forms.SecondStepAgainForm",
    "activate_totp": "accounts.forms.FirstCodeForm",
}
MFA_TOTP_ISSUER = SITE_NAME
MFA_RECOVERY_CODE_COUNT = 10
MFA_TOTP_TOLERANCE = 1  # steps of 30 s, for clock drift and slow typing
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env.bool("BEHIND_PROXY", default=False) else 0

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # not in cookies
SESSION_ENGINE = "accounts.session_backend"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.views.form_recovery.csrf_failure"

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "nb"
LANGUAGES = [("nb", _("Norwegian bokmål"))]
TIME_ZONE = "Europe/Oslo"
USE_TZ = True
LOCALE_PATHS = [ROOT / "portal" / "locale"]
PHONENUMBER_DEFAULT_REGION = "NO"
PHONENUMBER_DB_FORMAT = "E164"

STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "staticfiles"
STATICFILES_DIRS = [
    ROOT / "static",
    ("designsystemet-css", ROOT / "node_modules/@digdir/designsystemet-css/dist"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("png", "jpg", "webp", "woff", "woff2", "gz", "br", "zip", "map")

# PDFs: bundled fonts (ADR 0017), rendered in a few processes beside each web process (ADR 0018). Times in seconds.
PDF_FONTS = ROOT / "node_modules/@fontsource"
PDF_PROCESSES = env.int("PDF_PROCESSES", default=2)
PDF_SECONDS = env.int("PDF_SECONDS", default=25)  # for one document, including a cold start
PDF_WAIT_SECONDS = env.int("PDF_WAIT_SECONDS", default=10)  # for a free process
# PDFs of the public directory have their own processes and a short queue, as anybody may request them (ADR 0024).
PDF_PUBLIC_PROCESSES = env.int("PDF_PUBLIC_PROCESSES", default=1)
PDF_PUBLIC_WAITING = env.int("PDF_PUBLIC_WAITING", default=1)
PDF_PUBLIC_WAIT_SECONDS = env.int("PDF_PUBLIC_WAIT_SECONDS", default=4)

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="smtp://127.0.0.1:1025")
vars().update(EMAIL_CONFIG)
DEMO_MAIL = Path(EMAIL_CONFIG["EMAIL_FILE_PATH"])  # where the file-based backend of the demo writes mail
EMAIL_TIMEOUT = 5  # seconds; a user is waiting
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{SITE_NAME} <ikke-svar@localhost>")

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes; ten times the longest realistic form
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
# Uploads stay in memory and are discarded with the request. Larger files are ignored.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"hide_secrets": {"()": "common.logs.HideSecrets"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["hide_secrets"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
