"""`manage.py make_roles`: the database roles, once for each database, before its first `migrate`."""

from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.management.base import BaseCommand, CommandError

from common.env import env, required
from portal.roles import APP, BACKUP, OWNER, WORKER, make_roles

ADDRESSES = {
    OWNER: "DATABASE_OWNER_URL",
    APP: "DATABASE_URL",
    WORKER: "DATABASE_WORKER_URL",
    BACKUP: "DATABASE_BACKUP_URL",
}


class Command(BaseCommand):
    help = f"Make the database roles that {', '.join(ADDRESSES.values())} name, as DATABASE_ADMIN_URL."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        admin = required("DATABASE_ADMIN_URL", "Set it to the database's address for a superuser, for this once.")
        make_roles(admin, {role: self._password(variable, role) for role, variable in ADDRESSES.items()})
        self.stdout.write(f"The roles {', '.join(ADDRESSES)} are ready.")

    def _password(self, variable: str, role: str) -> str:
        address = urlsplit(env.str(variable, default=""))
        if address.username and address.username != role:
            message = f"{variable} signs in as {address.username}; it must be {role}."
            raise CommandError(message)
        return unquote(address.password or "")
