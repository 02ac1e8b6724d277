"""The process that renders PDFs.

It reads HTML from standard input and writes PDFs to standard output. It has no access to the database, the settings or
secrets (its environment contains only paths and the locale), opens no URLs except those of the bundled fonts, and runs
under a memory limit. The web process enforces the time limit (common.pdf.pool).

Run it as a script: WeasyPrint and its libraries are loaded only here.
"""

import gc
import io
import os
import resource
import shutil
import signal
import struct
import sys
import unicodedata
import warnings
from pathlib import Path
from typing import Any, BinaryIO

REGULAR, BOLD = 400, 700  # weights of a font
MEMORY_LIMIT = 1_000_000_000  # bytes of address space: about 600 MB for documents and 400 MB for mapped libraries

# In order of precedence. Latin comes first, because the emoji font contains digits too.
FACES = [
    ("noto-sans", "latin", (REGULAR, BOLD)),
    ("noto-sans", "latin-ext", (REGULAR, BOLD)),
    ("noto-sans", "cyrillic", (REGULAR, BOLD)),
    ("noto-sans", "cyrillic-ext", (REGULAR, BOLD)),
    ("noto-sans", "greek", (REGULAR, BOLD)),
    ("noto-sans", "greek-ext", (REGULAR, BOLD)),
    ("noto-sans", "vietnamese", (REGULAR, BOLD)),
    ("noto-sans", "devanagari", (REGULAR, BOLD)),
    ("noto-sans-arabic", "arabic", (REGULAR, BOLD)),
    ("noto-sans-hebrew", "hebrew", (REGULAR, BOLD)),
    ("noto-sans-math", "latin", (REGULAR,)),  # arrows
    ("noto-sans-symbols-2", "symbols", (REGULAR,)),  # ticks, boxes, stars
    ("noto-emoji", "emoji", (REGULAR, BOLD)),
]
HEADER = struct.Struct(">Q")  # length of the HTML that follows
ANSWER = struct.Struct(">cQQ")  # status, number of characters that no font contains, length of the body
DONE, FAILED, LIBRARY_MISSING = b"d", b"f", b"l"

BOX = "□"
INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"}  # control characters, spaces and marks need no glyph

NO_SYSTEM_FONTS = (
    '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
    "<fontconfig><cachedir>{folder}</cachedir></fontconfig>"
)


def face_files(fonts: Path) -> dict[str, tuple[str, int, Path]]:
    """Return the allow-list of fonts: URL to family, weight and file. No other file is ever opened."""
    return {
        f"font:{package}-{subset}-{weight}": (
            f"{package} {subset}",
            weight,
            fonts / package / "files" / f"{package}-{subset}-{weight}-normal.woff",
        )
        for package, subset, weights in FACES
        for weight in weights
    }


class PdfRenderer:
    """WeasyPrint with the fonts loaded once."""

    def __init__(self, fonts: Path) -> None:
        import weasyprint
        from fontTools.ttLib import TTFont
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

        files = face_files(fonts)

        class OnlyFonts(URLFetcher):
            """Fetches the bundled fonts. Any other URL, including data:, aborts the rendering."""

            def fetch(self, url: str, headers: Any = None) -> Any:
                if url not in files:
                    raise FatalURLFetchingError
                return URLFetcherResponse(url, files[url][2].read_bytes(), {"Content-Type": "font/woff"})

        self._html = weasyprint.HTML
        self._fetcher = OnlyFonts()
        self._fonts = FontConfiguration()
        rules = [
            f"@font-face {{ font-family: '{family}'; font-weight: {weight}; src: url('{url}') }}"
            for url, (family, weight, _) in files.items()
        ]
        families = ", ".join(dict.fromkeys(f"'{family}'" for family, _, _ in files.values()))
        rules.append(f"html {{ font-family: {families} }}")
        style = "\n".join([*rules, Path(__file__).with_name("paper.css").read_text()])
        self._sheet = weasyprint.CSS(string=style, font_config=self._fonts, url_fetcher=self._fetcher)
        self._known: set[int] = set()
        for _, weight, file in files.values():
            if weight == REGULAR:  # both weights have the same characters
                with TTFont(file, lazy=True) as font:
                    self._known.update(font.getBestCmap())
        gc.collect()
        gc.freeze()  # exclude everything loaded so far from garbage collection during rendering

    def without_missing(self, html: str) -> tuple[str, int]:
        """Replace characters that no font contains with a box. Also return the number of distinct ones.

        If left in, they would also corrupt the text that a reader or a screen reader extracts from the PDF.
        """
        missing = {
            ord(char)
            for char in set(html)
            if ord(char) not in self._known and unicodedata.category(char) not in INVISIBLE
        }
        return html.translate(dict.fromkeys(missing, BOX)), len(missing)

    def print(self, html: str) -> bytes:
        """Render `html` as a tagged PDF (PDF/UA-1)."""
        out = io.BytesIO()
        self._html(string=html, base_url=None, url_fetcher=self._fetcher).write_pdf(
            out,
            font_config=self._fonts,
            stylesheets=[self._sheet],
            pdf_variant="pdf/ua-1",
        )
        return out.getvalue()


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Render PDFs until the web process closes the pipe or a rendering fails.

    After a failure the state of the process is not trusted: it reports the failure and exits. The report contains only
    the type of the exception, since its message may quote the document.
    """

    def answer(how: bytes, missing: int, body: bytes) -> None:
        sink.write(ANSWER.pack(how, missing, len(body)) + body)
        sink.flush()

    press: PdfRenderer | None = None
    while header := source.read(HEADER.size):
        html = source.read(HEADER.unpack(header)[0]).decode()
        try:
            press = press or PdfRenderer(Path(os.environ["PDF_FONTS"]))
            html, missing = press.without_missing(html)
            answer(DONE, missing, press.print(html))
        except BaseException as error:  # noqa: BLE001  # every failure must be reported to the web process
            how = LIBRARY_MISSING if press is None and isinstance(error, OSError) else FAILED
            answer(how, 0, type(error).__name__.encode())
            return


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the web process handles Ctrl-C; this one exits when the pipe closes
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # runs the `finally` below
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(int(sys.argv[1]))
    folder = Path(os.environ["TMPDIR"])
    config = folder / "fonts.conf"
    config.write_text(NO_SYSTEM_FONTS.format(folder=folder))
    os.environ["FONTCONFIG_FILE"] = str(config)  # PDFs look the same on every machine
    warnings.simplefilter("ignore")
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of libraries must not mix with the PDFs
    try:
        serve(sys.stdin.buffer, sink)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
