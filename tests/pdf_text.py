"""Reading a PDF back."""

import io
import warnings
from itertools import combinations

import pypdf
from django.conf import settings

from common.pdf.worker import PdfRenderer


def read_pdf(response):
    """The parsed PDF of a response."""
    return pypdf.PdfReader(io.BytesIO(response.content))


def text_of(pdf):
    """All text of a PDF, with what the page breaks into lines joined by single spaces."""
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def bare(text):
    """`text` without any white space: what a reader of PDFs makes of gaps between fonts is its own affair."""
    return "".join(text.split())


def words_of_pages(html):
    """Page by page: the room between the margins, from left to right, and every run of words with where it stands:
    its text, left, right, and the middle part of its height that no line above or below reaches into."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own
        press = PdfRenderer(settings.PDF_FONTS)
        document = press._html(string=html, url_fetcher=press._fetcher).render(
            font_config=press._fonts, stylesheets=[press._sheet]
        )
    for page in document.pages:
        box = page._page_box
        room = (box.content_box_x(), box.content_box_x() + box.width)
        yield (
            room,
            [
                (one.text, one.position_x, one.position_x + one.width, middle - one.height / 8, middle + one.height / 8)
                for one in box.descendants()
                if getattr(one, "text", "").strip()
                for middle in [one.position_y + one.height / 2]
            ],
        )


def spoiled_words(html):
    """The words of a paper that stand on others or run into the margin."""
    spoiled = []
    for (left, right), words in words_of_pages(html):
        spoiled += [one[0] for one in words if one[1] < left - 1 or one[2] > right + 1]
        for one, other in combinations(words, 2):
            if one[1] < other[2] - 1 and other[1] < one[2] - 1 and one[3] < other[4] and other[3] < one[4]:
                spoiled.append((one[0], other[0]))
    return spoiled
