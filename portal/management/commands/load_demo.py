"""`manage.py load_demo`: load the demo's families and print how to sign in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.demo.curator import CURATOR
from portal.demo.families import PEOPLE
from portal.demo.loader import OtherPeopleError, load
from portal.demo.story import PASSWORD


class Command(BaseCommand):
    help = "Load the demo's families into an empty database, and say how to sign in. Twice is once."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            message = "This is not a demo (DEMO is not set): everybody in it has a password that everybody knows."
            raise CommandError(message)
        try:
            load()
        except OtherPeopleError:
            message = "This database holds other people than the demo's. Nothing was loaded. Use an empty database."
            raise CommandError(message) from None
        self.stdout.write("Sign in as:")
        for person in (*PEOPLE, CURATOR):
            self.stdout.write(f"  {person.email:22}{PASSWORD:18}{person.who}")
        self.stdout.write(f"{CURATOR.email} writes a code besides. It stands on /demo/kode/, in the footer.")
