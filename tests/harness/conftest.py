import pytest

from common.pdf.pool import Pdf
from crisisplans.views import pdf
from resources.views import pdf as public_paper


@pytest.fixture
def on_screen(monkeypatch):
    """What would be printed is read as it stands: the press prints what it is given, is slow, and may be busy."""
    for view, press in ((pdf, "render_pdf"), (public_paper, "make_pdf")):
        monkeypatch.setattr(view, press, lambda html: Pdf(html.encode(), 0))
