"""Render curators' Markdown as HTML. The library escapes all text; HTML, images and unsafe links remain plain text."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

TOP = 2  # the page has the only h1
LOWEST = 6
MAX_CHARACTERS_IN_PDF = 60_000  # ten times the longest article; longer texts are not parsed as Markdown
# Web, phone, e-mail, and local URLs.
SAFE = re.compile(r"https://[^\s/\\][^\s\\]*|tel:\+?\d+|mailto:[^\s@]+@[^\s@]+|/(?![/\\])[^\s\\]*|#[\w-]+")
ARTICLE = re.compile(r"(?<![\w/.-])/les/([\w-]+)")
NORWEGIAN = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})


@dataclass(frozen=True)
class Heading:
    """A top-level heading and its anchor."""

    id: str
    text: str


@dataclass(frozen=True)
class Text:
    """A rendered text and its top-level headings in order."""

    html: SafeString
    headings: tuple[Heading, ...]


class _Reader(MarkdownIt):
    def __init__(self) -> None:
        super().__init__("zero")
        self.enable(
            ["heading", "list", "blockquote", "newline", "escape", "entity", "emphasis", "link", "autolink"],
        )

    def validateLink(self, url: str) -> bool:  # noqa: N802  # the library's name
        return is_safe(url)


_reader = _Reader()


def is_safe(url: str) -> bool:
    """Return whether a link to `url` is allowed on a public page."""
    return SAFE.fullmatch(url) is not None


def articles_in(text: str) -> set[str]:
    """Return the keys of the articles that `text` links to."""
    return set(ARTICLE.findall(text))


@lru_cache(maxsize=256)
def render(text: str, *, top: int = TOP, closed: frozenset[str] = frozenset()) -> Text:
    """Render `text`. Links to `closed` articles, given by their keys, become plain text.

    Headings start at level `top` and do not skip levels, whatever levels the source uses.
    """
    tokens = _as_it_stands(text) if len(text) > MAX_CHARACTERS_IN_PDF else _reader.parse(text)
    headings = _place_headings(tokens, top)
    for token in tokens:
        _tend_links(token.children or [], closed)
    html = _reader.renderer.render(tokens, _reader.options, {})
    return Text(mark_safe(html), headings)  # noqa: S308  # escaped by the library, with HTML disabled


def to_html(text: str, *, top: int = TOP, closed: frozenset[str] = frozenset()) -> SafeString:
    """Render `text` as HTML, without its list of headings."""
    return render(text, top=top, closed=closed).html


def _as_it_stands(text: str) -> list[Token]:
    return [Token("paragraph_open", "p", 1), Token("text", "", 0, content=text), Token("paragraph_close", "p", -1)]


def _place_headings(tokens: list[Token], top: int) -> tuple[Heading, ...]:
    written: list[str] = []  # the levels that are open, outermost first
    level = 0
    found: list[Heading] = []
    taken: Counter[str] = Counter()
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            while written and written[-1] >= token.tag:
                written.pop()
            written.append(token.tag)
            level = min(top + len(written) - 1, LOWEST)
            if level == top:
                found.append(_name(tokens[at + 1], taken))
                token.attrSet("id", found[-1].id)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{level}"
    return tuple(found)


def _name(inline: Token, taken: Counter[str]) -> Heading:
    text = "".join(child.content for child in inline.children or [] if child.type == "text")
    base = f"del-{slugify(text.lower().translate(NORWEGIAN)) or 'tekst'}"
    taken[base] += 1
    # slugify never returns two dashes in a row, so a numbered id cannot equal another heading's.
    return Heading(f"{base}--{taken[base]}" if taken[base] > 1 else base, text)


def _tend_links(tokens: list[Token], closed: frozenset[str]) -> None:
    """Send no referrer to external sites; turn unsafe links and links to closed articles into text."""
    opened: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            url = str(token.attrGet("href") or "")
            opened.append(is_safe(url) and closed.isdisjoint(articles_in(url)))
            token.hidden = not opened[-1]
            if url.startswith("https:"):
                token.attrSet("rel", "noopener noreferrer")
        elif token.type == "link_close":
            token.hidden = not opened.pop()
