"""`manage.py make_roles`: the two database roles, once for each database, before its first `migrate`."""

from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.management.base import BaseCommand, CommandError

from common.env import env, required
from portal.roles import APP, OWNER, make_roles


class Command(BaseCommand):
    help = "Make the database roles that DATABASE_OWNER_URL and DATABASE_URL name, as DATABASE_ADMIN_URL."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        admin = required("DATABASE_ADMIN_URL", "Set it to the database's address for a superuser, for this once.")
        make_roles(
            admin,
            owner_password=self._password("DATABASE_OWNER_URL", OWNER),
            app_password=self._password("DATABASE_URL", APP),
        )
        self.stdout.write(f"The roles {OWNER} and {APP} are ready.")

    def _password(self, variable: str, role: str) -> str:
        address = urlsplit(env.str(variable, default=""))
        if address.username and address.username != role:
            message = f"{variable} signs in as {address.username}; it must be {role}."
            raise CommandError(message)
        return unquote(address.password or "")
