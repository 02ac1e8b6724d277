"""Load the articles of the data folder into the directory. Changes by curators take precedence over the files.

Each file is TOML between two lines of `+++`, followed by Markdown. Its name is the article's key, which never changes.
The files are parsed and validated completely (`read_articles`) before anything is written (`load_articles`).
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from resources.facets import State
from resources.loading import BadFileError, Loaded
from resources.models import GuidanceArticle, HelpService

FOLDER = Path(__file__).parent / "data" / "articles"

PARTS = re.compile(r"\+\+\+\n(?P<head>.*?\n)\+\+\+\n+(?P<body>.*)", re.DOTALL)
KINDS: dict[str, type] = {
    "title": str,
    "summary": str,
    "theme": str,
    "position": int,
    "today": list,
    "sources": list,
    "services": list,
    "for_children": bool,
    "state": str,
}
NEEDED = KINDS.keys() - {"for_children", "state"}
# The fields that a file sets, besides the article's services.
SAID = ("title", "summary", "theme", "position", "today", "body", "source", "is_for_children", "state")
# Fields for order and grouping only: changing them does not invalidate a curator's check.
NOT_CHECKED = {"theme", "position", "state"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A valid article of a file: an unsaved row, and the keys of its services."""

    article: GuidanceArticle
    services: list[str]


def read_articles(folder: Path = FOLDER) -> list[Entry]:
    """Return all articles of the folder. Raises BadFileError for the first invalid one."""
    return [_entry(path) for path in sorted(folder.glob("*.md"))]


def _entry(path: Path) -> Entry:
    try:
        parts = PARTS.fullmatch(path.read_text(encoding="utf-8"))
        head = tomllib.loads(parts["head"]) if parts else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadFileError(f"{path.name}: {problem}") from None
    if parts is None:
        raise BadFileError(f"{path.name}: begins with TOML between two lines of +++, then the text.")
    _check_shape(path.name, head)
    article = GuidanceArticle(
        key=path.stem,
        title=head["title"],
        summary=head["summary"],
        theme=head["theme"],
        position=head["position"],
        today=_list(head["today"]),
        body=parts["body"].strip(),
        source=_list(head["sources"]),
        is_for_children=head.get("for_children", False),
        state=head.get("state", State.PUBLISHED),
    )
    try:
        article.clean_fields(exclude={"checked_by", "changed_by"})
    except ValidationError as problem:
        name, words = next(iter(problem.message_dict.items()))
        raise BadFileError(f"{path.name}: {name}: {words[0]}") from None
    return Entry(article=article, services=head["services"])


def _check_shape(where: str, head: dict[str, Any]) -> None:
    if missing := sorted(NEEDED - head.keys()):
        raise BadFileError(f"{where}: {missing[0]} is missing.")
    for name, value in head.items():
        if name not in KINDS:
            raise BadFileError(f"{where}: unknown field {name!r}.")
        good = type(value) is KINDS[name]
        if KINDS[name] is list:
            good = good and all(isinstance(words, str) and words.strip() for words in value)
        if not good:
            raise BadFileError(f"{where}: {name} cannot be {value!r}.")


def _list(lines: list[str]) -> str:
    """Return the lines as a Markdown list."""
    return "\n".join(f"- {line}" for line in lines)


@transaction.atomic
def load_articles(entries: Iterable[Entry]) -> Loaded:
    """Load all entries or none. Rows that a curator created or changed, and rows missing in the folder, are unchanged.

    Services that are not in the directory are omitted.
    """
    loaded = Loaded()
    by_key = HelpService.objects.only("key").order_by("key")
    services = {service.key: service for service in by_key}
    present = {
        article.key: article
        for article in GuidanceArticle.objects.select_for_update()
        .order_by("key")
        .prefetch_related(Prefetch("services", by_key))
    }
    for entry in entries:
        keys = [key for key in entry.services if key in services]
        article, digest = present.get(entry.article.key), digest_of(entry.article, keys)
        now = digest_of(article, [service.key for service in article.services.all()]) if article else ""
        if article is None:
            article, loaded.new = entry.article, loaded.new + 1
        elif now == digest:
            if article.loaded_digest != digest:  # the curator's version now equals the file's
                GuidanceArticle.objects.filter(pk=article.pk).update(loaded_digest=digest)
            continue
        elif now == article.loaded_digest:
            _follow(article, entry.article)
            loaded.updated += 1
        else:
            loaded.left += 1
            continue
        article.loaded_digest = digest
        article.save()
        article.services.set([services[key] for key in keys])
    return loaded


def digest_of(article: GuidanceArticle, services: Iterable[str]) -> str:
    """Return a fingerprint of the article's content and services, to detect changes."""
    said = {name: getattr(article, name) for name in SAID}
    text = json.dumps([said, sorted(services)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _follow(article: GuidanceArticle, file: GuidanceArticle) -> None:
    """Update the row from the file. Changed content invalidates a curator's check."""
    changed = {name for name in SAID if getattr(article, name) != getattr(file, name)}
    for name in changed:
        setattr(article, name, getattr(file, name))
    if changed - NOT_CHECKED:
        article.checked_on = article.checked_by = None
        article.due_on = timezone.localdate()
    article.changed_at, article.changed_by = timezone.now(), None
