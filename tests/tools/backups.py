"""A database beside the tests' own, into which a backup was restored: looked at, and served."""

from contextlib import contextmanager

import psycopg
from django.db import connection

from tests.roles import LOGIN
from tools import inventory


def destroy(admin_url, home):
    with psycopg.connect(admin_url) as admin:
        admin.execute(
            f"UPDATE {inventory.KEYS} SET wrapped = '', destroyed_at = now() WHERE family_id = %s", [home.family.pk]
        )


def keys_in(address):
    with psycopg.connect(address) as admin:
        return dict(
            admin.execute(f"SELECT family_id, wrapped FROM {inventory.KEYS} WHERE author_id IS NULL").fetchall()
        )


@contextmanager
def portal_on(address):
    """Django itself, on another database, as the owner."""
    was, now = connection.settings_dict["NAME"], psycopg.conninfo.conninfo_to_dict(address)["dbname"]
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f"GRANT CONNECT ON DATABASE {now} TO {LOGIN}")
    connection.close()
    connection.settings_dict["NAME"] = now
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = was
