"""The curators' rooms on a phone."""

import pytest
from django.urls import reverse

from resources.facets import State
from tests.browser.checks import SIDEWAYS, axe
from tests.curators import make_curator
from tests.factories import HelpServiceFactory

LONG = "Pårørendeveiledningssenterorganisasjonen"

TICKS = """() => [...document.querySelectorAll('label:has(> input[type=checkbox])')].map(label => {
  const box = label.querySelector('input').getBoundingClientRect(), all = label.getBoundingClientRect();
  const range = document.createRange();
  const word = [...label.childNodes].filter(n => n.nodeType === 3 && n.data.trim())[0];
  range.selectNode(word);
  return {left: box.left - all.left, gap: range.getBoundingClientRect().left - box.right, height: all.height};
})"""


@pytest.fixture
def service(db):
    return HelpServiceFactory(
        state=State.PUBLISHED, name=LONG, source=f"https://example.org/{LONG}", web=f"https://example.org/{LONG}{LONG}"
    )


def test_the_rooms_fit_a_phone_and_each_box_stands_beside_its_word(browse, service):
    page = browse(make_curator())
    for name, args in (("changelist", []), ("history", [service.pk]), ("change", [service.pk])):
        page.goto(reverse(f"admin:resources_helpservice_{name}", args=args))
        assert page.evaluate(SIDEWAYS) == [], name
    ticks = page.evaluate(TICKS)
    assert len(ticks) > 20
    assert [tick for tick in ticks if tick["left"] > 4 or not 4 <= tick["gap"] <= 16 or tick["height"] < 44] == []
    assert axe(page, "label", "color-contrast") == []
    page.goto(reverse("admin:index"))
    assert page.evaluate(SIDEWAYS) == []
