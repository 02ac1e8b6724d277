"""What holds for every template and style sheet: lines that can be read, and each colour written once."""

import re
from collections import Counter

import pytest

from tools.check import ROOT, tracked

MOST = 160  # characters in a line
COLOR = re.compile(r"""(?<!href=")(?<![\w&/-])#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch)a?\([^)]*\)""", re.IGNORECASE)
# The sheets that one page loads together. Admin and paper load none of the portal's, so they have colours of their own.
SHEETS = {
    "pages": ("static/css/portal.css", "static/css/articles.css"),
    "curators": ("static/css/curators.css",),
    "paper": ("common/pdf/paper.css",),
}
BLACK_AND_WHITE = {"#000000", "#ffffff"}
# A picture cannot read the properties of the page that shows it: its colours are two of the portal's, written again.
ICON = "static/icon.svg"


def colors(*names: str) -> Counter[str]:
    """How often each colour is written in these files; #fff is #ffffff."""
    found = [color.lower() for name in names for color in COLOR.findall((ROOT / name).read_text(encoding="utf-8"))]
    return Counter(re.sub(r"^#(\w)(\w)(\w)$", r"#\1\1\2\2\3\3", color) for color in found)


def test_no_line_of_a_template_or_a_style_sheet_is_too_long_to_read():
    files = tracked("templates/*", "*.css", "*.svg")
    assert len(files) > 100
    too_long = [
        f"{name}:{number}"
        for name in files
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > MOST
    ]
    assert too_long == []


@pytest.mark.parametrize("sheets", SHEETS.values(), ids=SHEETS)
def test_each_color_is_written_once(sheets):
    assert [color for color, times in colors(*sheets).items() if times > 1] == []


def test_sheets_of_different_pages_share_black_and_white_only():
    written = [set(colors(*sheets)) for sheets in SHEETS.values()]
    assert {color for color, times in Counter(color for found in written for color in found).items() if times > 1} <= (
        BLACK_AND_WHITE
    )


def test_the_colors_of_the_icon_are_the_portals():
    assert set(colors(ICON)) <= set(colors(*SHEETS["pages"]))


def test_no_color_is_written_anywhere_else():
    known = {name for sheets in SHEETS.values() for name in sheets} | {ICON}
    rest = [
        name
        for name in tracked("*.css", "*.svg", "*.html", "*.js", "*.py")
        if name not in known and not name.startswith("tests/")
    ]
    assert [name for name in rest if colors(name)] == []


@pytest.mark.parametrize("text", ["a { color: #FFF }", "b { color: rgb(0 0 0 / 50%) }", "<path fill='#a1b2c3'/>"])
def test_a_color_is_seen(text):
    assert COLOR.search(text)


@pytest.mark.parametrize("text", ["&#160;", 'href="#add"', "{# a note #}", "plan/#p-{{ item.id }}"])
def test_what_only_looks_like_a_color_is_not(text):
    assert not COLOR.search(text)
