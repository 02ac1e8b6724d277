"""The restore drill: back up, drop the database, restore it, compare everything."""

import time
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tools.backup import Places, back_up
from tools.restore import restore


def drill(admin_url: str, backup_url: str, folder: Path) -> float:
    """Return the seconds from the start of the backup until the restored database is verified.

    Drops the database at `admin_url`. Raises NotDoneError when anything differs.
    """
    places = Places(folder / "keys", (folder / "destroyed-keys",))
    began = time.perf_counter()
    backup = back_up(backup_url, folder / "backups", places, keys_days=7)
    name = sql.Identifier(str(conninfo_to_dict(admin_url)["dbname"]))
    with psycopg.connect(make_conninfo(admin_url, dbname="postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
    restore(admin_url, backup, places, tell=lambda _words: None)
    return time.perf_counter() - began
