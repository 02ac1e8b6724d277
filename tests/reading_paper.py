"""Reading a PDF back."""

import io

import pypdf


def read_pdf(response):
    """The parsed PDF of a response."""
    return pypdf.PdfReader(io.BytesIO(response.content))


def text_of(pdf):
    """All text of a PDF, with what the page breaks into lines joined by single spaces."""
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def bare(text):
    """`text` without any white space: what a reader of PDFs makes of gaps between fonts is its own affair."""
    return "".join(text.split())
