"""`manage.py new_sealing_key NAME`: print a new key-encryption key for SEALING_KEYS. It is not stored."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sealing.outer import new_outer_key


class Command(BaseCommand):
    help = "Make a new outer key, to be put into SEALING_KEYS. It is printed and kept nowhere."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what to call it, say the month: 2027-01")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(new_outer_key(options["name"]))
        except ImproperlyConfigured as problem:
            raise CommandError(str(problem)) from None
