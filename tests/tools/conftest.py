"""What the tests of backups share."""

import shutil

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


@pytest.fixture(scope="module")
def backups_of_this_file(tmp_path_factory):
    """Where the first backup of one family and that of both are kept."""
    return tmp_path_factory.mktemp("backups")


@pytest.fixture
def backup(request, ours, take, tmp_path, backups_of_this_file):
    """A backup of our family, and of the other if the test asks for it, to be tampered with. One is taken for a whole
    file, and copied: families have the same ids and keys in every test."""
    names = {name for name in ("ours", "theirs") if name in request.fixturenames}
    for name in names:
        request.getfixturevalue(name)
    kept = backups_of_this_file / "-".join(sorted(names))
    if kept.exists():
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    else:
        take()
        shutil.copytree(tmp_path, kept)
    (taken,) = (tmp_path / "backups").iterdir()
    return taken


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
