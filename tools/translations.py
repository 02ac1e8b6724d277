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
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message, TranslationError
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import generate_po, read_po
from django.utils.translation.template import templatize

from tools.servers import ROOT

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


def said_by_rooms() -> dict[str, Catalog]:
    """Return the messages of every app, in the order of its files."""
    rooms = {room: Catalog(locale=LANGUAGE) for room in ROOMS}
    for room, path in sorted(sources(), key=lambda source: source[1].as_posix()):
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # In brackets, so that Python's tokenizer ignores the indentation of the HTML.
            text = f"(\n{templatize(text, str(path))}\n)"
        found = extract("python", BytesIO(text.encode()), KEYWORDS, ("Translators:",), strip_comment_tags=False)
        for _line, message, comments, context in found:
            words = message if isinstance(message, str) else message[:2]
            if words and words[0]:
                where = [(str(path.relative_to(ROOT)), 0)]
                rooms[room].add(words, locations=where, auto_comments=comments, context=context)
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


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def update() -> None:
    """Update the catalogs from the sources. Messages that no longer occur are removed and printed."""
    for room, said in said_by_rooms().items():
        path = path_of(room)
        if not len(said) and not path.exists():
            continue
        new = read(path)
        new.update(said, no_fuzzy_matching=True)
        for message in new.obsolete.values():
            if overridden_package(message):
                new[message.id] = message
            else:
                print(f"  gone: {_first(message)!r} = {message.string!r}")
        lines = generate_po(new, omit_header=True, ignore_obsolete=True, include_lineno=False, width=120)
        text = HEADER.format(room=room, language=LANGUAGE) + "".join(lines).rstrip("\n") + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"updated {path.relative_to(ROOT)}")


def complaints() -> list[str]:
    """Return one line per problem. An empty list means that every message is translated and none is obsolete."""
    found: list[str] = []
    translations: dict[Key, dict[str, str]] = {}
    for room, said in said_by_rooms().items():
        path = path_of(room)
        catalog = read(path)
        found += _repeated(path)
        name = path.relative_to(ROOT)
        for message in said:
            if message.id and catalog.get(message.id, message.context) is None:
                found.append(f"{name}: missing {_first(message)!r} (run `make messages`)")
        for message in catalog:
            if message.id:
                current = said.get(message.id, message.context)
                found += [f"{name}: {complaint}" for complaint in _wrong(message, current, catalog)]
                translations.setdefault((message.context, _first(message)), {})[room] = str(message.string)
    for (_context, words), by_room in translations.items():
        if len(set(by_room.values())) > 1:
            found.append(
                f"{words!r} is said differently by {', '.join(by_room)}: only one is heard. Give one a context."
            )
    return found


def _wrong(message: Message, said: Message | None, catalog: Catalog) -> Iterator[str]:
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
    if said is not None and message.pluralizable != said.pluralizable:
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
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    keys = re.findall(r'^(?:msgctxt .*\n)?msgid (?:".*"\n)+', text, re.MULTILINE)
    for key, times in Counter(keys).items():
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
    if what == "check":
        try:
            found = complaints()
        except (TranslationError, SyntaxError) as error:
            found = [str(error)]
        print("\n".join(found) or "Translations: every word has its bokmål.")
        return 1 if found else 0
    update() if what == "extract" else compile_stale()
    return 0


if __name__ == "__main__":
    sys.exit(main())
