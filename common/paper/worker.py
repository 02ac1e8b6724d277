"""One process that sets paper and does nothing else.

It is given HTML on standard input and answers with a PDF on standard output. It knows no database, no settings and no
secrets (its environment is two paths), opens no address but the bundled fonts', and lives under a memory limit. The
web process keeps the clock (common.paper.pool).

Run as a file, not imported: WeasyPrint and its libraries are loaded here and nowhere else.
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

MEMORY_LIMIT = 1_000_000_000  # bytes of address space: about 600 MB of documents and 400 MB of mapped libraries

# In the order they are asked for a character. Latin first: the emoji font has digits too.
FACES = [
    ("noto-sans", "latin", (400, 700)),
    ("noto-sans", "latin-ext", (400, 700)),
    ("noto-sans", "cyrillic", (400, 700)),
    ("noto-sans", "cyrillic-ext", (400, 700)),
    ("noto-sans", "greek", (400, 700)),
    ("noto-sans", "greek-ext", (400, 700)),
    ("noto-sans", "vietnamese", (400, 700)),
    ("noto-sans", "devanagari", (400, 700)),
    ("noto-sans-arabic", "arabic", (400, 700)),
    ("noto-sans-hebrew", "hebrew", (400, 700)),
    ("noto-sans-math", "latin", (400,)),  # arrows
    ("noto-sans-symbols-2", "symbols", (400,)),  # ticks, boxes, stars
    ("noto-emoji", "emoji", (400, 700)),
]
HEADER = struct.Struct(">Q")  # length of the HTML that follows
ANSWER = struct.Struct(">cQQ")  # how it went, characters no font has, length of what follows
DONE, FAILED, LIBRARY_MISSING = b"d", b"f", b"l"

BOX = "□"
INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"}  # controls, spaces and marks need no glyph of their own

NO_SYSTEM_FONTS = (
    '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
    "<fontconfig><cachedir>{folder}</cachedir></fontconfig>"
)


def face_files(fonts: Path) -> dict[str, tuple[str, int, Path]]:
    """The allow-list: address → family, weight, file. Nothing else is ever opened."""
    return {
        f"font:{package}-{subset}-{weight}": (
            f"{package} {subset}",
            weight,
            fonts / package / "files" / f"{package}-{subset}-{weight}-normal.woff",
        )
        for package, subset, weights in FACES
        for weight in weights
    }


class Press:
    """WeasyPrint with the fonts loaded once."""

    def __init__(self, fonts: Path) -> None:
        import weasyprint
        from fontTools.ttLib import TTFont
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

        files = face_files(fonts)

        class OnlyFonts(URLFetcher):
            """Hands out the bundled fonts. Anything else, data: included, stops the whole paper."""

            def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002  # the library calls it so
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
            if weight == 400:  # noqa: PLR2004  # both weights have the same characters
                with TTFont(file, lazy=True) as font:
                    self._known.update(font.getBestCmap())
        gc.collect()
        gc.freeze()  # all that is left stays: no need to look through it again and again while a paper is set

    def without_missing(self, html: str) -> tuple[str, int]:
        """Put a box in the place of every character that no font can draw; how many different ones there were.

        Left in, they would also spoil the text that a reader or a screen reader takes out of the PDF.
        """
        missing = {
            ord(char)
            for char in set(html)
            if ord(char) not in self._known and unicodedata.category(char) not in INVISIBLE
        }
        return html.translate(dict.fromkeys(missing, BOX)), len(missing)

    def print(self, html: str) -> bytes:
        """Set `html` as a tagged PDF."""
        out = io.BytesIO()
        self._html(string=html, base_url=None, url_fetcher=self._fetcher).write_pdf(
            out,
            font_config=self._fonts,
            stylesheets=[self._sheet],
            pdf_variant="pdf/ua-1",
        )
        return out.getvalue()


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the web process closes the pipe or one paper fails. After a failure the process is not trusted
    again: it says so and ends. The reason is a type's name: an error's text may quote the paper."""

    def answer(how: bytes, missing: int, body: bytes) -> None:
        sink.write(ANSWER.pack(how, missing, len(body)) + body)
        sink.flush()

    press: Press | None = None
    while header := source.read(HEADER.size):
        html = source.read(HEADER.unpack(header)[0]).decode()
        try:
            press = press or Press(Path(os.environ["PDF_FONTS"]))
            html, missing = press.without_missing(html)
            answer(DONE, missing, press.print(html))
        except BaseException as error:  # noqa: BLE001  # whatever happened, the web process must hear
            how = LIBRARY_MISSING if press is None and isinstance(error, OSError) else FAILED
            answer(how, 0, type(error).__name__.encode())
            return


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the web process's; this one ends with its pipe
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # through the `finally` below
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(int(sys.argv[1]))
    folder = Path(os.environ["TMPDIR"])
    config = folder / "fonts.conf"
    config.write_text(NO_SYSTEM_FONTS.format(folder=folder))
    os.environ["FONTCONFIG_FILE"] = str(config)  # a paper looks the same on every machine
    warnings.simplefilter("ignore")
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not get among the papers
    try:
        serve(sys.stdin.buffer, sink)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
