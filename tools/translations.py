"""The words of the portal, without any tool of the system: Babel reads, checks and compiles them."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent


def catalogs() -> list[Path]:
    """Every .po file of ours."""
    return sorted(path for path in ROOT.glob("*/locale/*/LC_MESSAGES/django.po") if path.parts[-5] != "node_modules")


def compile_stale() -> list[Path]:
    """Compile each .po that is newer than its .mo, and return those. Fuzzy entries stay out."""
    stale = []
    for path in catalogs():
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime > path.stat().st_mtime:
            continue
        with path.open("rb") as source:
            catalog = read_po(source, locale=path.parts[-3], domain="django")
        temporary = target.with_suffix(".mo.new")
        with temporary.open("wb") as output:
            write_mo(output, catalog, use_fuzzy=False)
        temporary.replace(target)
        stale.append(path)
    return stale


if __name__ == "__main__":
    for compiled in compile_stale():
        print(compiled.relative_to(ROOT))  # noqa: T201
