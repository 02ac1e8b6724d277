"""`manage.py make_roles`: create the database roles, once for each database, before its first `migrate`."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from common.env import required
from portal.roles import ADDRESSES, make_roles, passwords_of_the_environment


class Command(BaseCommand):
    help = f"Make the database roles that {', '.join(ADDRESSES.values())} name, as DATABASE_ADMIN_URL."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        admin = required("DATABASE_ADMIN_URL", "Set it to the database's address for a superuser, for this once.")
        try:
            passwords = passwords_of_the_environment()
        except ImproperlyConfigured as problem:
            raise CommandError(str(problem)) from None
        make_roles(admin, passwords)
        self.stdout.write(f"The roles {', '.join(ADDRESSES)} are ready.")
