"""Settings of the tests: the real ones, on loopback. Where the servers are is filled in by tests/roles.py."""

import os
from base64 import b64encode

os.environ.setdefault("SECRET_KEY", "only-for-tests-and-never-anywhere-else-0123456789")
os.environ["SEALING_KEYS"] = "tests:" + b64encode(b"only for tests, never elsewhere!").decode()
os.environ["DATABASE_URL"] = "postgres://portal_test@127.0.0.1/portal"
os.environ["HTTPS"] = "0"
os.environ["DEMO"] = "0"

from portal.settings import *  # noqa: F403
from portal.settings import DATABASES, MIDDLEWARE, STORAGES

# Tests prepare as the owner; a request acts as the app, as it does in production.
for _alias, _role in (("default", "portal_owner"), ("counters", "portal_app")):
    _options = DATABASES[_alias]["OPTIONS"]
    DATABASES[_alias]["OPTIONS"] = {**_options, "options": f"-c role={_role}"}
MIDDLEWARE = ["tests.acting.as_the_app", *MIDDLEWARE]

PASSWORD_HASHERS = ["tests.hashing.QuickArgon2"]

# Static files come from where they lie, under their own names: no collecting before a test.
STATIC_ROOT = None  # type: ignore[assignment]  # WhiteNoise's word for no folder
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
