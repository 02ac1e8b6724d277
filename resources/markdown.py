"""What curators write, as HTML. The library escapes every word; HTML, images and unsafe links are only text."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

TOP = 2  # the page itself has the only h1
LOWEST = 6
MOST_CHARACTERS = 60_000  # ten times our longest article; what is longer is not read as Markdown
# Out on the web, to a telephone, to a letter box, or to an address of our own.
SAFE = re.compile(r"https://[^\s/\\][^\s\\]*|tel:\+?\d+|mailto:[^\s@]+@[^\s@]+|/(?![/\\])[^\s\\]*|#[\w-]+")
ARTICLE = re.compile(r"(?<![\w/.-])/les/([\w-]+)")
NORWEGIAN = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})


@dataclass(frozen=True)
class Heading:
    """A heading on the top level, and the id one can link to."""

    id: str
    text: str


@dataclass(frozen=True)
class Text:
    """A whole text as HTML, and its headings on the top level, in order."""

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
    """Whether a link to `url` may stand on a public page."""
    return SAFE.fullmatch(url) is not None


def articles_in(text: str) -> set[str]:
    """The keys of our own articles whose addresses stand in `text`."""
    return set(ARTICLE.findall(text))


@lru_cache(maxsize=256)
def render(text: str, *, top: int = TOP, closed: frozenset[str] = frozenset()) -> Text:
    """Render `text`. Its headings begin at `top` and leave no level out, whatever levels they were written at. Links to
    the `closed` articles, by their keys, are only text."""
    tokens = _as_it_stands(text) if len(text) > MOST_CHARACTERS else _reader.parse(text)
    headings = _place_headings(tokens, top)
    for token in tokens:
        _tend_links(token.children or [], closed)
    html = _reader.renderer.render(tokens, _reader.options, {})
    return Text(mark_safe(html), headings)  # noqa: S308  # the library escaped it, and HTML is off


def to_html(text: str, *, top: int = TOP, closed: frozenset[str] = frozenset()) -> SafeString:
    """`text` as HTML, for those who need no contents."""
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
    # Two dashes never come out of slugify, so a number makes no name that another heading has.
    return Heading(f"{base}--{taken[base]}" if taken[base] > 1 else base, text)


def _tend_links(tokens: list[Token], closed: frozenset[str]) -> None:
    """Say of links that lead out that they tell nothing of where one comes from; make text of a link to nowhere."""
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
