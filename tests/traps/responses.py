"""What every answer must carry, and what no HTML may contain. Watches the test client and the live server alike."""

import gzip
from html.parser import HTMLParser

from django.core.handlers.base import BaseHandler

from tests.traps import spring

LEFTOVERS = ("{%", "%}", "{{", "{#", "#}")
UNSAFE = ("'unsafe-inline'", "'unsafe-eval'", "*")


class InlineCode(HTMLParser):
    """Collects what a strict CSP would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        for name, value in given.items():
            if name.startswith(("on", "hx-on")) or name == "style":
                self.found.append(f"<{tag} {name}=…>")
            # What was typed into a field is shown again in it, and nothing follows it there.
            if name != "value" and (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"<{tag} {name}=javascript:…>")
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/json"):
            self.found.append(f"<{tag}>")


def body_of(response) -> str:
    if response.streaming:
        return ""
    content = response.content
    if response.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    return content.decode(response.charset)


def check(request, response) -> None:
    """Spring on an answer that breaks the rules of the house."""
    where = f"{request.method} {request.path} → {response.status_code}"
    person = getattr(request, "user", None)
    if person is not None and person.is_authenticated and "no-store" not in response.headers.get("Cache-Control", ""):
        spring("no-store", where)
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    policy = response.headers.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or any(word in policy.replace(";", " ").split() for word in UNSAFE):
        spring("csp", f"{where}: {policy or 'missing'}")
    html = body_of(response)
    parser = InlineCode()
    parser.feed(html)
    if parser.found:
        spring("inline", f"{where}: {', '.join(parser.found)}")
    left = [piece for piece in LEFTOVERS if piece in html]
    if left:
        at = html.index(left[0])
        spring("leftover", f"{where}: …{html[max(0, at - 40) : at + 60]}…")


def watch(monkeypatch) -> None:
    plain = BaseHandler.get_response

    def get_response(self, request):
        response = plain(self, request)
        check(request, response)
        return response

    monkeypatch.setattr(BaseHandler, "get_response", get_response)
