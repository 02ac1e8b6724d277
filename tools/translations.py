"""Extract, check and compile translations with Babel, without gettext's command-line tools.

Each app has its own Norwegian catalog, which includes templates/<app>/. Messages of common/, base.html, the error pages
and allauth's overridden templates are in portal/.

An entry with the comment `# overrides django` (or allauth, …) replaces a translation of that package. It is retained
although the project's sources do not use it, and `check` verifies that the package still does.
"""

import argparse
import gettext
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message, TranslationError
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import generate_po, read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "nb"
ROOMS = ("accesslog", "accounts", "families", "records", "crisisplans", "incidentlog", "resources", "portal")
BELONGS_TO = {"account": "accounts", "mfa": "accounts"}  # allauth's template folders
KEYWORDS = DEFAULT_KEYWORDS | {
    f"{name}{suffix}": spec
    for name, spec in {
        "gettext": None,
        "ngettext": (1, 2),
        "pgettext": ((1, "c"), 2),
        "npgettext": ((1, "c"), 2, 3),
    }.items()
    for suffix in ("", "_lazy", "_noop")
}
OVERRIDES = re.compile(r"overrides (\w+)")
HEADER = """\
# The bokmål of {room}/. `make messages` keeps it in step with the sources.
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""

Key = tuple[str | None, str]  # context and (first) message id


@dataclass
class Said:
    """A message as it occurs in the sources."""

    id: str | tuple[str, str]
    context: str | None
    files: set[str] = field(default_factory=set)
    comments: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return self.context, self.id if isinstance(self.id, str) else self.id[0]


def path_of(room: str) -> Path:
    return ROOT / room / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def sources() -> Iterator[tuple[str, Path]]:
    """Yield every source file that may contain messages, with the app whose catalog they belong to."""
    for package in (*ROOMS, "common"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield package if package in ROOMS else "portal", path
    templates = ROOT / "templates"
    for path in sorted(templates.rglob("*")):
        if path.suffix in {".html", ".txt"}:
            folder = path.relative_to(templates).parts[0]
            room = BELONGS_TO.get(folder, folder)
            yield room if room in ROOMS else "portal", path


def said_in(path: Path) -> Iterator[Said]:
    """Yield the messages of one file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # In brackets, so that Python's tokenizer ignores the indentation of the HTML.
        text = f"(\n{templatize(text, str(path))}\n)"
    found = extract("python", BytesIO(text.encode()), KEYWORDS, ("Translators:",), strip_comment_tags=False)
    for _line, message, comments, context in found:
        if message and (isinstance(message, str) or message[0]):
            yield Said(message if isinstance(message, str) else (message[0], message[1]), context, comments=comments)


def said_by_rooms() -> dict[str, dict[Key, Said]]:
    """Return the messages of every app, in the order of its files."""
    rooms: dict[str, dict[Key, Said]] = {room: {} for room in ROOMS}
    for room, path in sources():
        for said in said_in(path):
            known = rooms[room].setdefault(said.key, said)
            if isinstance(known.id, str):
                known.id = said.id  # with the plural, if any file has one
            known.files.add(str(path.relative_to(ROOT)))
            known.comments = list(dict.fromkeys([*known.comments, *said.comments]))
    return rooms


def read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(locale=LANGUAGE)
    with path.open("rb") as source:
        return read_po(source, locale=LANGUAGE, domain="django", abort_invalid=True)


def overridden_package(message: Message) -> str | None:
    """Return the package that this entry overrides, or None."""
    match = OVERRIDES.search(" ".join(message.user_comments))
    return match[1] if match else None


def written(room: str, said: dict[Key, Said], old: Catalog) -> str:
    """Return the text of the app's catalog: current messages with their existing translations, then overrides."""
    new = Catalog(locale=LANGUAGE)
    for entry in sorted(said.values(), key=lambda entry: min(entry.files)):
        before = old.get(entry.key[1], entry.context)
        plural = not isinstance(entry.id, str)
        new.add(
            entry.id,
            before.string if before is not None and before.pluralizable == plural else None,
            locations=[(name, 0) for name in sorted(entry.files)],
            auto_comments=entry.comments,
            user_comments=before.user_comments if before is not None else (),
            context=entry.context,
        )
    for message in old:
        if message.id and overridden_package(message) and new.get(_first(message), message.context) is None:
            new.add(message.id, message.string, user_comments=message.user_comments, context=message.context)
    lines = generate_po(new, omit_header=True, ignore_obsolete=True, include_lineno=False, width=120)
    return HEADER.format(room=room, language=LANGUAGE) + "".join(lines).rstrip("\n") + "\n"


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def update() -> None:
    """Update the catalogs from the sources. Messages that no longer occur are removed and printed."""
    for room, said in said_by_rooms().items():
        path = path_of(room)
        old = read(path)
        if not said and not path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        text = written(room, said, old)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"updated {path.relative_to(ROOT)}")
        for message in old:
            gone = message.id and (message.context, _first(message)) not in said and not overridden_package(message)
            if gone:
                print(f"  gone: {_first(message)!r} = {message.string!r}")


def complaints() -> list[str]:
    """Return one line per problem. An empty list means that every message is translated and none is obsolete."""
    found: list[str] = []
    translations: dict[Key, dict[str, str]] = {}
    for room, said in said_by_rooms().items():
        path = path_of(room)
        catalog = read(path)
        found += _repeated(path)
        name = path.relative_to(ROOT)
        for entry in said.values():
            if catalog.get(entry.key[1], entry.context) is None:
                found.append(f"{name}: missing {entry.key[1]!r} (run `make messages`)")
        for message in catalog:
            if not message.id:
                continue
            key = (message.context, _first(message))
            found += [f"{name}: {complaint}" for complaint in _wrong(message, said.get(key), catalog)]
            translations.setdefault(key, {})[room] = str(message.string)
    for (_context, words), by_room in translations.items():
        if len(set(by_room.values())) > 1:
            found.append(
                f"{words!r} is said differently by {', '.join(by_room)}: only one is heard. Give one a context."
            )
    return found


def _wrong(message: Message, said: Said | None, catalog: Catalog) -> Iterator[str]:
    words = _first(message)
    strings = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
    package = overridden_package(message)
    if message.fuzzy:
        yield f"fuzzy {words!r}"
    if not all(strings):
        yield f"no bokmål for {words!r}"
        return
    if said is None and package is None:
        yield f"left over {words!r} (run `make messages`)"
    if said is None and package is not None and words not in _words_of(package):
        yield f"{words!r} overrides nothing: {package} does not say it"
    if said is not None and message.pluralizable != (not isinstance(said.id, str)):
        yield f"one has a plural, the other none: {words!r} (run `make messages`)"
    for problem in message.check(catalog):
        yield f"{words!r}: {problem}"
    expected = [words] if isinstance(message.id, str) else list(message.id)
    for index, string in enumerate(strings):
        source = expected[min(index, len(expected) - 1)]
        # The singular form may say "one" instead of the number.
        spare = len(expected) > 1 and index == 0
        if _places(string) - _places(source) or (_places(source) - _places(string) and not spare):
            yield f"other placeholders in the bokmål of {words!r}"
        if (source[0] == "\n") != (string[0] == "\n") or (source[-1] == "\n") != (string[-1] == "\n"):
            yield f"a line break at one end only: {words!r}"


def _places(text: str) -> Counter[str]:
    return Counter(set(re.findall(r"%\(\w+\)[sd]|(?<!%)%[sd]|\{\w*\}", text)))


def _words_of(package: str) -> set[str]:
    """Return the English messages in the translation files of `package`."""
    found = find_spec(package)
    if found is None or found.origin is None:
        return set()
    words: set[str] = set()
    for language in ("en", "nb"):  # a package's Norwegian may be incomplete
        for file in Path(found.origin).parent.rglob(f"locale/{language}/LC_MESSAGES/django.po"):
            words |= {_first(message) for message in read(file) if message.id}
    return words


def _repeated(path: Path) -> Iterator[str]:
    """Yield a complaint for each duplicate entry: Babel would silently drop all but the last."""
    if not path.exists():
        return
    entries = re.split(r"\n\s*\n", path.read_text(encoding="utf-8"))
    keys = Counter(
        match[0]
        for entry in entries
        if (match := re.search(r'^(msgctxt .*\n)?msgid (?:".*"\n?)+', entry, re.MULTILINE))
    )
    for key, times in keys.items():
        if times > 1:
            yield f"{path.relative_to(ROOT)}: {times} times {key!r}"


def compile_stale() -> list[Path]:
    """Compile each .po file that is newer than its .mo file, and return those compiled."""
    stale = []
    for path in sorted(ROOT.glob("*/locale/*/LC_MESSAGES/django.po")):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime > path.stat().st_mtime:
            continue
        output = BytesIO()
        write_mo(output, read(path), use_fuzzy=False)
        gettext.GNUTranslations(BytesIO(output.getvalue()))  # fails if it is invalid
        temporary = target.with_suffix(".mo.new")
        temporary.write_bytes(output.getvalue())
        temporary.replace(target)
        stale.append(path)
    return stale


def main() -> int:
    parser = argparse.ArgumentParser(description="Keep the words in step with the sources.")
    parser.add_argument("what", choices=("extract", "check", "compile"))
    what = parser.parse_args().what
    if what == "extract":
        update()
    elif what == "compile":
        compile_stale()
    else:
        try:
            found = complaints()
        except (TranslationError, SyntaxError) as error:
            found = [str(error)]
        for line in found:
            print(line)
        if found:
            return 1
        print("Translations: every word has its bokmål.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
