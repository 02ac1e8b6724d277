"""A form as the browser would send it: every field of the page with what stands in it."""

from html.parser import HTMLParser
from urllib.parse import urlencode


class _Fields(HTMLParser):
    def __init__(self):
        super().__init__()
        self.fields, self._area, self._select, self._in_form = [], None, None, False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self._in_form = (given.get("id") or "").endswith("_form")
        if not self._in_form:
            return
        name = given.get("name")
        if tag == "textarea":
            self._area = [name, ""]
        elif tag == "select":
            self._select = [name, "multiple" in given]
        elif tag == "option" and self._select and "selected" in given:
            self.fields.append((self._select[0], given.get("value", "")))
        elif tag == "input" and name and given.get("type") not in {"submit", "file"}:
            ticked = given.get("type") in {"checkbox", "radio"}
            if not ticked or "checked" in given:
                self.fields.append((name, given.get("value", "on" if ticked else "")))

    def handle_data(self, data):
        if self._area is not None:
            self._area[1] += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self._area is not None:
            self.fields.append((self._area[0], self._area[1].removeprefix("\n")))
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._in_form = False


def fields_of(response):
    """The fields of the page's main form, by name; a list where a name stands more than once."""
    parser = _Fields()
    parser.feed(response.content.decode())
    found = {}
    for name, value in parser.fields:
        if "__prefix__" not in name:
            found.setdefault(name, []).append(value)
    return found


def send(client, url, fields, **changes):
    """Post `fields`, with `changes` by name (None: leave the field out)."""
    data = {**fields, **{name.replace("__", "-"): value for name, value in changes.items()}}
    pairs = [
        (name, one)
        for name, value in data.items()
        if value is not None
        for one in (value if isinstance(value, list) else [value])
    ]
    return client.post(url, urlencode(pairs), content_type="application/x-www-form-urlencoded")
