import pytest

from common.paper.pool import Paper
from crisisplans.views import paper
from resources.views import paper as public_paper


@pytest.fixture
def on_screen(monkeypatch):
    """What would be printed is read as it stands: the press prints what it is given, is slow, and may be busy."""
    for view, press in ((paper, "print_paper"), (public_paper, "set_paper")):
        monkeypatch.setattr(view, press, lambda html: Paper(html.encode(), 0))
