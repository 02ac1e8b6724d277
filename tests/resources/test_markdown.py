"""What curators write becomes HTML, and never more than they meant."""

import time
from html.parser import HTMLParser

import pytest
from django.utils.safestring import SafeString

from resources.markdown import MAX_CHARACTERS_IN_PDF, Heading, is_safe, render, to_html

KNOWN = {"p", "ul", "ol", "li", "h2", "h3", "h4", "h5", "h6", "strong", "em", "a", "blockquote", "br"}
ATTRIBUTES = {"href", "rel", "title", "id", "start"}


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.links, self.text = set(), set(), [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data):
        self.text += data


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <b onmouseover=alert(1)>bold</b>",
    "<!-- comment --><style>p{display:none}</style>",
    "<details open ontoggle=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](&#1;javascript:alert(1))",
    "[x](java%73cript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](\u0001javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](file:///etc/passwd)",
    "[x](http://example.org/)",
    "[x](HTTPS://example.org/)",
    "[x](https:example.org)",
    "[x](https:///example.org)",
    "[x](//example.org/)",
    "[x](/\\example.org/)",
    "[x](\\\\example.org)",
    "[x](les/)",
    "[x](?next=//example.org)",
    "[x](tel:javascript)",
    "[x](mailto:nobody)",
    "[x]()",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    '<https://example.org/"onmouseover=alert(1)>',
    '[x](https://example.org/ "\\"onmouseover=\\"alert(1)")',
    "[x](https://example.org/&quot;onmouseover=&quot;alert)",
    "![x](https://example.org/spy.png)",
    "![x](javascript:alert(1))",
    "[![x](https://example.org/a.png)](https://example.org/)",
    "[x]\n\n[x]: javascript:alert(1)",
    "[a [b](javascript:1)](https://example.org/)",
    "[a [b](https://example.org/)](javascript:1)",
    "# <script>alert(1)</script>",
    '# " onmouseover="alert(1)',
    "```html\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    "`<script>`",
    "| a |\n|---|\n| <script> |",
    "a\u0000b <scr\u0000ipt>",
    "\u202ehttps://example.org/",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_only_words(attack):
    seen = Seen(to_html(attack))
    assert seen.tags <= KNOWN
    assert seen.attributes <= ATTRIBUTES
    assert all(is_safe(link) for link in seen.links)


@pytest.mark.parametrize(
    "link",
    [
        "https://www.helsenorge.no/parorende/",
        "tel:113",
        "tel:+4780040567",
        "mailto:hjelp@example.org",
        "/krise/",
        "/les/grenser-uten-skam/#del-en-setning",
        "/hjelp/?hvem=mor-far&hva=snakke",
        "#kilder",
    ],
)
def test_a_link_one_may_follow_is_a_link(link):
    assert Seen(to_html(f"[hit]({link})")).links == [link]


def test_a_link_out_tells_nothing_of_where_one_comes_from():
    assert 'rel="noopener noreferrer"' in to_html("[ut](https://example.org/)")
    assert "rel=" not in to_html("[inn](/krise/)")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("**sterkt** og *mildt*", {"p", "strong", "em"}),
        ("- en\n- to", {"ul", "li"}),
        ("1. en\n2. to", {"ol", "li"}),
        ("> sagt", {"blockquote", "p"}),
        ("en  \nto", {"p", "br"}),
    ],
)
def test_plain_writing_has_plain_marks(text, tags):
    assert Seen(to_html(text)).tags == tags


def test_headings_begin_below_the_title_and_leave_no_level_out():
    html = to_html("### Først\n\n##### Under\n\n###### Dypere\n\n### Så\n\n# Til slutt")
    assert [piece[:2] for piece in html.split("<h")[1:]] == ["2 ", "3>", "4>", "2 ", "2 "]


def test_headings_may_begin_lower_where_the_page_asks_for_it():
    assert to_html("# Om oss\n\n## Mer", top=4).count("<h4") == 1
    assert "<h6" in to_html("\n\n".join(f"{'#' * n} x" for n in range(1, 7)), top=5)


def test_contents_lead_to_the_headings_also_when_two_are_alike():
    shown = render("# Før du ringer – å være klar\n\nA\n\n# Så\n\n## Liten\n\n# Så")
    assert shown.headings == (
        Heading("del-for-du-ringer-a-vaere-klar", "Før du ringer – å være klar"),
        Heading("del-sa", "Så"),
        Heading("del-sa--2", "Så"),
    )
    assert all(f'id="{heading.id}"' in shown.html for heading in shown.headings)


def test_the_html_is_marked_as_safe_for_the_page():
    assert isinstance(to_html("<b>"), SafeString)
    assert to_html("<b>") == "<p>&lt;b&gt;</p>\n"


HUGE = {
    "brackets": "[",
    "half links": "[a](",
    "links": "[a](/x/) ",
    "closed brackets": "[]",
    "quotes": ">",
    "lists": "- ",
    "numbers": "1) ",
    "stars": "*",
    "emphasis": "**a _b ",
    "entities": "&",
    "tags": "<",
    "headings": "# a\n",
    "backslashes": "\\",
    "images": "![[]()",
    "deep quotes": ">" * 50 + "a\n",
}


@pytest.mark.parametrize("piece", HUGE.values(), ids=HUGE.keys())
def test_a_huge_text_is_read_in_a_moment(piece):
    text = (piece * MAX_CHARACTERS_IN_PDF)[:MAX_CHARACTERS_IN_PDF]
    began = time.process_time()
    html = render.__wrapped__(text).html
    assert time.process_time() - began < 10  # seconds; about one on a quiet machine, and it does not grow
    assert Seen(html).tags <= KNOWN


def test_what_is_longer_than_any_article_stands_as_it_was_written():
    html = to_html("<b>" * MAX_CHARACTERS_IN_PDF)
    assert html.startswith("<p>&lt;b&gt;")
    assert Seen(html).tags == {"p"}
