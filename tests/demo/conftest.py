"""What the tests of the demo share."""

import importlib

import pytest
from django.urls import clear_url_caches

import portal.urls


@pytest.fixture
def demo(settings, tmp_path):
    settings.DEMO = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = settings.DEMO_MAIL = tmp_path
    importlib.reload(portal.urls)
    clear_url_caches()
    yield
    settings.DEMO = False
    importlib.reload(portal.urls)
    clear_url_caches()
