"""Settings of the tests: the real ones, on loopback."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests-and-never-anywhere-else-0123456789")
os.environ.setdefault("DATABASE_URL", "postgres://portal_test@127.0.0.1/portal")
os.environ["HTTPS"] = "0"

from portal.settings import *  # noqa: F403
