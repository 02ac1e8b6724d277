"""Pytest plugin: one real PostgreSQL and one real Valkey a run, a database a worker, and who acts on it.

The database of a worker is a copy of one that was migrated once. A server with that one is kept in var/ for later runs,
by a hash of the code and its requirements; remove the folder to have it made again.

PostgreSQL is the embedded one, or the one of DATABASE_ADMIN_URL (a superuser's address; it gets the roles and databases
of the tests, so don't point it at anything dear). Valkey is the embedded one, or that of REDIS_URL.
"""

import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from django.utils.translation import trans_real
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pytest_django.plugin import blocking_manager_key

from common.env import ROOT
from portal.roles import OWNER, ROLES, make_roles
from tools.servers import postgres, valkey
from tools.translations import compile_stale

LOGIN = "portal_test"  # signs in, may act as each of our roles, owns nothing itself
TEMPLATE = "portal_test_template"
KEPT_SERVERS = ROOT / "var" / "test-servers"
MOST_KEPT = 3
KEPT = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "resources_directorymark",
}  # filled by migrating, not by tests

_servers = pytest.StashKey[dict[str, str]]()
_running = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    if config.option.collectonly:
        return
    if hasattr(config, "workerinput"):
        servers = config.workerinput["servers"]
    else:
        if compile_stale():
            trans_real._translations.clear()  # Django may have read the old ones already
            trans_real._default = None
        config.stash[_running] = ExitStack()
        with config.stash[blocking_manager_key].unblock():
            servers = _start_servers(config.stash[_running])
    config.stash[_servers] = servers
    _point_django_at(servers["admin"], servers["password"])
    TransactionTestCase.databases = set(connections)
    settings.CELERY_BROKER_URL = servers["redis"]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell an xdist worker where the servers are."""
    node.workerinput["servers"] = node.config.stash[_servers]


def pytest_unconfigure(config: pytest.Config) -> None:
    if running := config.stash.get(_running, None):
        running.close()


def _start_servers(running: ExitStack) -> dict[str, str]:
    folder = Path(tempfile.mkdtemp(prefix="fotfeste-test-"))
    running.callback(shutil.rmtree, folder, ignore_errors=True)
    admin = os.environ.get("DATABASE_ADMIN_URL")
    password = secrets.token_hex()
    if admin:
        _make_template(admin, password)
    else:
        kept = KEPT_SERVERS / _hash_of_the_code()
        if not kept.exists():
            with postgres(folder / "made", disposable=True) as server:
                _make_template(server.url(), password)
            _keep(folder / "made", kept)
        subprocess.run(["cp", "-a", kept, folder / "postgres"], check=True)  # noqa: S603, S607 - with its owner
        admin = running.enter_context(postgres(folder / "postgres", disposable=True)).url()
    _set_password(admin, password)
    redis = os.environ.get("REDIS_URL") or running.enter_context(valkey(folder / "valkey")).url
    return {"admin": admin, "redis": redis, "password": password}


def _hash_of_the_code() -> str:
    """A hash of all that a migrated database could depend on."""
    apps = {path.parent.parent for path in ROOT.glob("*/migrations/__init__.py")}
    files = {path for app in (*apps, ROOT / "common", ROOT / "portal") for path in app.rglob("*.py")}
    files |= {ROOT / "tools/servers.py", ROOT / "tests/settings.py", Path(__file__), *ROOT.glob("requirements*.txt")}
    found = hashlib.sha256()
    for file in sorted(files):
        found.update(f"{file.relative_to(ROOT)}\0{file.read_text()}\0".encode())
    return found.hexdigest()[:16]


def _keep(made: Path, kept: Path) -> None:
    """Keep a stopped server's files, and those of the few before."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    beside = kept.with_name(f"{kept.name}.{os.getpid()}")
    subprocess.run(["cp", "-a", made, beside], check=True)  # noqa: S603, S607 - with its owner
    with suppress(OSError):  # another run was quicker
        beside.rename(kept)
    shutil.rmtree(beside, ignore_errors=True)
    newest_last = sorted(kept.parent.iterdir(), key=lambda folder: folder.stat().st_mtime)
    for old in [folder for folder in newest_last if folder != kept][: 1 - MOST_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _make_template(admin_url: str, password: str) -> None:
    """Make the roles, and the migrated database each worker's own is a copy of."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET autovacuum = off")  # nothing lives long enough to need it
        admin.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {TEMPLATE}")
        make_roles(make_conninfo(admin_url, dbname=TEMPLATE))
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [LOGIN]).fetchone():
            admin.execute(f"CREATE ROLE {LOGIN} LOGIN NOINHERIT")
        admin.execute(f"GRANT {', '.join(ROLES)} TO {LOGIN}")
        admin.execute(f"GRANT CONNECT ON DATABASE {TEMPLATE} TO {LOGIN}")
    _set_password(admin_url, password)
    _point_django_at(admin_url, password)
    default = connections["default"]
    name, default.settings_dict["NAME"] = default.settings_dict["NAME"], TEMPLATE
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        default.close()
        default.settings_dict["NAME"] = name


def _set_password(admin_url: str, password: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for role in (LOGIN, *ROLES):
            admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))


def _point_django_at(admin_url: str, password: str) -> None:
    address = conninfo_to_dict(admin_url)
    for alias in connections:
        connections[alias].settings_dict.update(
            HOST=address.get("host", ""), PORT=address.get("port", ""), USER=LOGIN, PASSWORD=password
        )


@pytest.fixture(scope="session")
def admin_url(django_db_setup, django_db_modify_db_settings: str) -> str:
    """A superuser's address of this worker's database, for what neither owner nor app may do."""
    return django_db_modify_db_settings


@pytest.fixture(scope="session")
def sign_in_as(request: pytest.FixtureRequest, admin_url: str) -> Callable[[str], psycopg.Connection]:
    """Sign in to this worker's database as a role itself, as in production. What a test has not committed is not there.

    The tests' own connection may take on every role; this one is what it is.
    """
    password = request.config.stash[_servers]["password"]
    return lambda role: psycopg.connect(make_conninfo(admin_url, user=role, password=password), autocommit=True)


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest) -> str:
    """The run's real Valkey."""
    return request.config.stash[_servers]["redis"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix) -> str:
    """Make this worker's database, owned by the owner role, before Django fills it."""
    servers = request.config.stash[_servers]
    name = connections["default"].creation._get_test_db_name()
    copy_database(servers["admin"], TEMPLATE, name)
    return make_conninfo(servers["admin"], dbname=name)


def copy_database(admin_url: str, template: str, name: str) -> None:
    """Replace the database `name` by a copy of `template`, with the same rights on the database itself."""
    with psycopg.connect(make_conninfo(admin_url, dbname="postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
    make_roles(make_conninfo(admin_url, dbname=name))  # CREATE DATABASE copies none of the rights on the template
    with psycopg.connect(make_conninfo(admin_url, dbname=name), autocommit=True) as admin:
        admin.execute(f"GRANT CONNECT ON DATABASE {name} TO {LOGIN}")


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Django finds the database made above, and leaves it: no role of ours may make or drop one."""
    return True


@pytest.fixture(scope="session", autouse=True)
def _clean_as_superuser(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the tables after a transactional test past every guard and trigger, which the app and the owner are not."""
    if request.config.option.collectonly:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            TransactionTestCase, "_fixture_teardown", lambda self: _empty_tables(request.getfixturevalue("admin_url"))
        )
        yield


def _empty_tables(admin_url: str) -> None:
    with psycopg.connect(admin_url) as admin:
        # A test that left a transaction open fails here rather than hanging.
        admin.execute("SET lock_timeout = '10s'")
        admin.execute("SET session_replication_role = replica")  # no trigger fires
        tables = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        names = [sql.Identifier(name) for (name,) in tables if name not in KEPT]
        filled = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name.as_string().strip('"')), name)
            for name in names
        )
        full = [sql.Identifier(name) for (name,) in admin.execute(filled).fetchall()]
        for name in full:  # a test leaves few rows, and to delete them costs less than new files for each table
            admin.execute(sql.SQL("DELETE FROM {}").format(name))
