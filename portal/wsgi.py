"""The web process: `gunicorn portal.wsgi`."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from sealing.outer import outer_keys

CANNOT_START = 4  # by which gunicorn knows that another try would be of no use

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
try:
    outer_keys()  # without them each page of whoever is signed in would fail, and /healthz/ would not tell
except ImproperlyConfigured as problem:
    sys.stderr.write(f"{problem}\n")
    sys.exit(CANNOT_START)
application = get_wsgi_application()
