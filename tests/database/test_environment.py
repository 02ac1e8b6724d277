"""What the portal reads from its environment is written down, and what is missing is said."""

import os
import re
import subprocess
import sys
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings

from common.env import ROOT
from portal.management.commands.make_roles import ADDRESSES
from portal.roles import APP, OWNER
from sealing.keys import FRESH
from sealing.rotation import RETIRE_AFTER

READ = re.compile(r"""(?:\benv\.\w+|\brequired|os\.environ(?:\.get)?)[(\[]\s*"([A-Z_]+)\"""")
NOT_THE_OPERATORS = {
    "DJANGO_SETTINGS_MODULE",
    "TMPDIR",
    "PDF_FONTS",
    "FONTCONFIG_FILE",
}  # what one process of ours tells another


def test_the_example_names_every_variable_that_is_read():
    read = {
        name
        for folder in ("accounts", "common", "crisisplans", "families", "portal", "sealing", "tools")
        for path in (ROOT / folder).rglob("*.py")
        for name in READ.findall(path.read_text(encoding="utf-8"))
    }
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert (read | set(ADDRESSES.values())) - NOT_THE_OPERATORS == example


def test_without_a_secret_key_it_says_what_to_set():
    environment = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "DATABASE_URL"}}
    done = subprocess.run(
        [sys.executable, "-c", "import portal.settings"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "SECRET_KEY is not set. Set it to fifty or more random characters." in done.stderr


def test_no_request_goes_on_until_a_key_that_it_holds_is_destroyed():
    code = "from portal.settings import DATABASES; print(DATABASES['default']['OPTIONS'].get('options'))"
    said = {}
    for role in (APP, OWNER):
        environment = {**os.environ, "DATABASE_URL": f"postgres://{role}@localhost/portal"}
        done = subprocess.run(  # noqa: S603  # our own code
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        said[role] = done.stdout.strip()
    assert said == {APP: f"-c transaction_timeout={settings.LONGEST_REQUEST}s", OWNER: "None"}
    assert timedelta(seconds=settings.LONGEST_REQUEST + 2 * FRESH) < RETIRE_AFTER


def test_postgresql_ends_a_transaction_that_goes_on_too_long(admin_url):
    with (
        psycopg.connect(admin_url, options="-c transaction_timeout=50ms") as slow,
        pytest.raises(psycopg.errors.TransactionTimeout),
    ):
        slow.execute("SELECT pg_sleep(30)")


def test_the_web_process_starts_without_the_printer():
    done = subprocess.run(
        [sys.executable, "-c", "import portal.wsgi, sys; print('weasyprint' in sys.modules)"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
