"""What a paper costs beside a reference document made by hand: the same words, tags and fonts, the same process.

Reads the plan's HTML from standard input, takes as argument how many renders its memory is watched for,
and prints two figures as JSON. Run in a process of its own.
"""

import json
import os
import re
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

import psutil

STYLE = """
@page { size: A4; margin: 20mm; @bottom-right { content: "Side " counter(page) " av " counter(pages) } }
html { font: 11pt 'noto-sans latin' }
p, li { margin: 0 0 2mm; list-style: none }
table { width: 100% }
"""
TAGS = {"h1", "h2", "h3", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
ROUNDS = 15  # of each in turn: one paper differs from the next by a tenth


def by_hand(page: str) -> str:
    """The same words and the same tags, so that it says as much to those who hear it, and no look at all."""

    def bare(tag: re.Match[str]) -> str:
        end, name = tag.groups()
        return f"<{end}{name}>" if name in TAGS else ""

    body = re.sub(r"<(/?)(\w+)[^>]*>", bare, page[page.index("<body") :])
    body = re.sub(r"\s*(<[^>]+>)\s*", r"\1", body)
    return f"<!doctype html><html lang=nb><title>Plan</title><body>{body}</body></html>"


def cpu_of(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def main() -> None:
    warnings.simplefilter("ignore")
    import weasyprint

    from common.paper.worker import Press

    press = Press(Path(os.environ["PDF_FONTS"]))
    page = sys.stdin.read()
    reference = by_hand(page)
    sheet = weasyprint.CSS(string=STYLE, font_config=press._fonts)

    def plain() -> None:
        document = weasyprint.HTML(string=reference, url_fetcher=press._fetcher)
        document.write_pdf(font_config=press._fonts, stylesheets=[sheet], pdf_variant="pdf/ua-1")

    press.print(page)
    plain()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(cpu_of(lambda: press.print(page)))
        theirs.append(cpu_of(plain))
    me = psutil.Process()
    for _ in range(20 - ROUNDS):
        press.print(page)
    before = me.memory_info().rss
    for _ in range(int(sys.argv[1])):
        press.print(page)
    growth = (me.memory_info().rss - before) / 1_000_000
    print(json.dumps({"pdf_cpu": median(ours) / median(theirs), "pdf_rss_growth_mb": growth}))


if __name__ == "__main__":
    main()
