"""CPU time of a PDF of the plan over that of a hand-written document with the same text and fonts, in one process.

Reads the output of `bench.fill` from standard input. The argument is the number of renders during which memory growth
is measured. Prints both figures as JSON. Run in a separate process.
"""

import io
import json
import os
import sys
import warnings
from html import escape
from pathlib import Path
from typing import Any

import psutil
import pypdf

from bench.load import cpu_of, in_turn

# Independent of the portal's own stylesheets: the cost of their boxes and rules counts against the portal.
STYLE = """
@page {
  size: A4;
  margin: 20mm 18mm 24mm;
  @bottom-left { content: "%(foot)s"; white-space: pre-line; font-size: 9pt; width: 75%% }
  @bottom-right { content: "Side " counter(page) " av " counter(pages); font-size: 9pt }
}
html { font: 11pt/1.45 'noto-sans latin' }
p { margin: 0 0 2mm }
ul { list-style: none; margin: 0; padding: 0 0 0 6mm }
li { margin: 0 0 2.4mm }
li p { margin: 0 }
table { width: 100%%; table-layout: fixed; text-align: left }
td { font-size: 16pt }
"""
ROUNDS = 15  # alternating: single renders differ by a tenth


def by_hand(plan: dict[str, Any]) -> str:
    """Return the plan as straightforward HTML for print: headings, lists and a table."""
    foot = plan["foot"]
    parts = [
        "<!doctype html><html lang=nb><title>Plan</title>",
        f"<h1>Planen vår</h1><p>{escape(foot['whose'])} · {escape(foot['valid_until'])}</p>",
        "<p>113 livsfare 116 117 legevakt</p>",
    ]
    for section in plan["sections"]:
        parts.append(f"<h2>{escape(section['title'])}</h2>")
        if section["contacts"]:
            parts.append("<table><thead><tr><th>Nr.<th>Hvem<th>Nummer</thead><tbody>")
            for number, contact in enumerate(section["contacts"], start=1):
                who = "<br>".join(map(escape, [contact["name"], *contact["notes"]]))
                parts.append(f"<tr><td>{number}<td>{who}<td>{escape(contact['phone'])}")
            parts.append("</table>")
        for group in section["groups"]:
            if group["title"]:
                parts.append(f"<h3>{escape(group['title'])}</h3>")
            parts.append("<ul>")
            for line in group["lines"]:
                details = [f"{detail['label']}: {detail['text']}" for detail in line["details"]]
                under = [escape(words) for words in (*details, line["label"]) if words]
                parts.append(f"<li>• {escape(line['text'])}{''.join(f'<p>{words}</p>' for words in under)}</li>")
            parts.append("</ul>")
    return "".join(parts)


def style_of(plan: dict[str, Any]) -> str:
    """Return the stylesheet of the reference document, with the text of its footer."""
    foot = plan["foot"]
    return STYLE % {"foot": f"{foot['whose']} · {foot['revision']}\\A {foot['printed']} · {foot['valid_until']}"}


def main() -> None:
    warnings.simplefilter("ignore")
    import weasyprint

    from common.pdf.worker import PdfRenderer

    press = PdfRenderer(Path(os.environ["PDF_FONTS"]))
    data = json.load(sys.stdin)
    page, reference = data["paper"], by_hand(data["plan"])
    sheet = weasyprint.CSS(string=style_of(data["plan"]), font_config=press._fonts)

    def plain() -> bytes:
        out = io.BytesIO()
        document = weasyprint.HTML(string=reference, url_fetcher=press._fetcher)
        document.write_pdf(out, font_config=press._fonts, stylesheets=[sheet], pdf_variant="pdf/ua-1")
        return out.getvalue()

    pages = [len(pypdf.PdfReader(io.BytesIO(pdf)).pages) for pdf in (press.print(page), plain())]
    if abs(pages[0] - pages[1]) > 1:
        sys.exit(f"Our paper has {pages[0]} pages and the reference {pages[1]}.")
    took = in_turn(ROUNDS, {"ours": lambda: cpu_of(lambda: press.print(page)), "theirs": lambda: cpu_of(plain)})
    me = psutil.Process()
    for _ in range(20 - ROUNDS):
        press.print(page)
    before = me.memory_info().rss
    for _ in range(int(sys.argv[1])):
        press.print(page)
    growth = (me.memory_info().rss - before) / 1_000_000
    print(json.dumps({"pdf_cpu": took["ours"] / took["theirs"], "pdf_rss_growth_mb": growth}))


if __name__ == "__main__":
    main()
