"""`manage.py load_directory`: the directory of help as the data files have it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from resources.loading import BadFileError, load_services, read_services


class Command(BaseCommand):
    help = "Load the directory of help. Twice is once; what a curator has changed is left alone."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load_services(read_services())
        except BadFileError as problem:
            raise CommandError(f"Nothing was loaded. {problem}") from None
        self.stdout.write(
            f"The directory of help: {loaded.new} new, {loaded.updated} updated, "
            f"{loaded.left} left as curators made them."
        )
