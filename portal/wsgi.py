"""WSGI application: `gunicorn portal.wsgi`."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from sealing.outer import outer_keys

CANNOT_START = 4  # exit status that tells gunicorn not to start the worker again

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
try:
    outer_keys()  # fail early: without keys every page of a signed-in user would fail, and /healthz/ would not show it
except ImproperlyConfigured as problem:
    sys.stderr.write(f"{problem}\n")
    sys.exit(CANNOT_START)
application = get_wsgi_application()
