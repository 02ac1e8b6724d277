"""What the tests of backups share."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from portal.roles import BACKUP
from tools.backup import Places, back_up


@pytest.fixture
def address_of(sign_in_as):
    def address_of(role):
        with sign_in_as(role) as signed_in:
            info = signed_in.info
            return make_conninfo(host=info.host, port=info.port, user=role, password=info.password, dbname=info.dbname)

    return address_of


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path / "elsewhere", (tmp_path / "destroyed-keys", tmp_path / "second-copy"))


@pytest.fixture
def take(address_of, tmp_path, places):
    """Back up, as the backup role unless another is named."""
    return lambda role=BACKUP, keys_days=7, places=places: back_up(
        address_of(role), tmp_path / "backups", places, keys_days
    )


@pytest.fixture
def empty(admin_url):
    """A superuser's address of an empty database on the same server."""
    name = f"{psycopg.conninfo.conninfo_to_dict(admin_url)['dbname']}_again"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield make_conninfo(admin_url, dbname=name)
        for (left,) in admin.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [name]
        ).fetchall():
            admin.execute(f"DROP DATABASE {left} WITH (FORCE)")
