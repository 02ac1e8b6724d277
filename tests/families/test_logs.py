"""The token of an invitation stands in no log."""

import logging

from common.logs import HideSecrets

TOKEN = "x7Qm2vK9pLr4sTu8wYz1aBc5dEf6gHi0jKl3mNo7pQr"


def line(message, *args):
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, message, args, None)
    assert HideSecrets().filter(record)
    return record.getMessage()


def test_a_refused_method_is_logged_without_the_token():
    said = line("Method Not Allowed: %s", f"/invitasjon/{TOKEN}/")
    assert said == "Method Not Allowed: /invitasjon/…/"


def test_other_lines_stand_as_they_are():
    assert line("Not Found: %s, %d %%", "/invitasjon/svar/", 7) == "Not Found: /invitasjon/svar/, 7 %"


def test_the_consoles_handler_has_it(settings):
    assert "hide_secrets" in settings.LOGGING["handlers"]["console"]["filters"]
