"""`manage.py load_directory`: load the directory from the data files."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from resources.loading import BadFileError, load_services, read_services
from resources.loading_articles import load_articles, read_articles


class Command(BaseCommand):
    help = "Load the directory of help. Twice is once; what a curator has changed is left alone."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            services, articles = read_services(), read_articles()
            with transaction.atomic():
                done = [("The directory of help", load_services(services)), ("To read", load_articles(articles))]
        except BadFileError as problem:
            raise CommandError(f"Nothing was loaded. {problem}") from None
        for name, loaded in done:
            self.stdout.write(
                f"{name}: {loaded.new} new, {loaded.updated} updated, {loaded.left} left as curators made them."
            )
