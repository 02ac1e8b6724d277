"""Hostile inputs over every form there is, ten thousand in CI, two thousand at hand: never a 5xx, no new element in an
answer, no text in the logs.

The forms are found by opening every address as everybody and reading the page. What is sent is made from a seed, so a
failure can be had again: `HOSTILE_SEED=… HOSTILE=100000 pytest tests/harness/test_hostile_inputs.py`.
"""

import logging
import os
import random
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import quote_from_bytes, urlsplit

import pytest

from crisisplans.pdf.pool import Paper
from crisisplans.views import paper
from tests import traps
from tests.factories import Home
from tests.harness.addresses import every_address
from tests.harness.matrix import Asker, fill

COUNT = int(os.environ.get("HOSTILE", "2000"))
SEED = int(os.environ.get("HOSTILE_SEED", "20261122"))
BATCH = 40  # inputs that build on each other before all is taken back
CANARY = "hostilecanary"
ELEMENT = "x-canary"
PEOPLE = ("anonymous", "coordinator", "subject", "relative", "invited")
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"


@dataclass(frozen=True)
class Form:
    """A form on a page: who sees it, where it stands, where it goes, and its fields with what stands in them."""

    person: str
    page: str
    action: str
    fields: tuple[tuple[str, str], ...]


class FormReader(HTMLParser):
    """The forms of a page that post, and every tag and attribute on it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self.odd: list[str] = []
        self._open = False

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag == ELEMENT or any(ELEMENT in name or (name.startswith("on") and name != "on") for name in given):
            self.odd.append(tag)
        if tag == "form":
            self._open = given.get("method", "").lower() == "post"
            if self._open:
                self.forms.append((given.get("action", ""), []))
        elif self._open and given.get("name") and tag in {"input", "textarea", "select", "button"}:
            if given.get("type") in {"radio", "checkbox"} and "checked" not in given:
                return
            self.forms[-1][1].append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag):
        if tag == "form":
            self._open = False


def read(response) -> FormReader:
    reader = FormReader()
    if response.headers.get("Content-Type", "").startswith("text/html"):
        reader.feed(response.content.decode())
    return reader


def find_forms(asker: Asker, ours: Home) -> list[Form]:
    """Every form that posts, on every page, for everybody who is shown it."""
    found: dict[tuple[str, str, tuple[str, ...]], Form] = {}
    for address in every_address():
        for person in PEOPLE:
            page = fill(address, ours)
            with asker.as_person(person) as client:
                response = client.get(page)
                for action, fields in read(response).forms if response.status_code == 200 else ():
                    form = Form(person, page, action.split("?")[0] or page, tuple(fields))
                    found.setdefault((person, form.action, tuple(name for name, _ in fields)), form)
    return list(found.values())


def values(theirs: Home) -> list[bytes]:
    """What is typed, pasted and forged."""
    texts = [
        "", "   ", "\n\t", "12345", "+47", "+4791234", "call me", "+999999999999999", "٩١٢٣٤٥٦٧", "113;ext=1",
        "0", "-1", "1", "2", "999999", "9" * 400, "1e309", "NaN", "0x10", "1.5", "True", "null", "None", "[]", "{}",
        "31.02.2026", "99.99.99999", "0001-01-01", "9999-12-31", "0.0.0", "-1.-1.-1", "1.1.1", "12.12.99999999999",
        f"<{ELEMENT}>{CANARY}</{ELEMENT}>", f'"><{ELEMENT} onx={CANARY}>', f"'><{ELEMENT}>", f"</textarea><{ELEMENT}>",
        f"</title><{ELEMENT}>", f"<!--{CANARY}", f"javascript:{CANARY}", "{{ 7*7 }}{% load x %}", "%s%(a)s{0}",
        f"a@b.no\r\nBcc: {CANARY}@example.org", f"{CANARY}@example.org", "a" * 250 + "@example.org", "@", "a@b",
        f"'; DROP TABLE families_family; -- {CANARY}", "=cmd|' /C calc'!A0", "../../../etc/passwd", "\\", "%00", "&#0;",
        "\u202e" + CANARY, "\u200b", "\ufeff", "👩‍👩‍👧‍👦" * 40, "e" + "\u0301" * 500, "ﷺ" * 300,
        "أهلا " + CANARY, "\x1b[31m",
        str(theirs.family.pk), str(theirs.items["coping"].pk), str(theirs.members["relative"].pk),
        str(theirs.invitation.pk), str(theirs.comments[0].pk), "00000000-0000-0000-0000-000000000000", "not-a-uuid",
        "everyone", "relatives", "subject", "family", "remark", "up", "yes", "on", CANARY,
    ]  # fmt: skip
    raw = [
        b"a\x00b",
        b"\x00",
        b"\xed\xa0\x80",
        b"x\xed\xbf\xbfx",
        b"\xff\xfe",
        b"\xc3(",
        b"\xf8\x88\x80\x80\x80",
        b"\x80",
    ]
    return [*(text.encode() for text in texts), *raw]


def urlencoded(fields: list[tuple[str, bytes]]) -> bytes:
    return "&".join(f"{quote_from_bytes(name.encode())}={quote_from_bytes(value)}" for name, value in fields).encode()


def multipart(fields: list[tuple[str, bytes]], *, files: bool = False) -> bytes:
    kind = b'; filename="x.txt"' if files else b""
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="' + name.encode() + b'"' + kind + b"\r\n\r\n" + value + b"\r\n"
        for name, value in fields
    ]
    return b"".join(parts) + b"--b--\r\n"


def as_body(chance: random.Random, fields: list[tuple[str, bytes]]) -> tuple[bytes, str]:
    """The body and its content type: mostly as a browser sends it, sometimes as none does."""
    odd = [
        (multipart(fields), MULTIPART),
        (multipart(fields)[:-9], MULTIPART),
        (multipart(fields, files=True), MULTIPART),
        (multipart(fields), "multipart/form-data"),
        (urlencoded(fields), "text/plain"),
        (urlencoded(fields), f"{FORM}; charset=utf-7"),
        (urlencoded(fields), f"{FORM}; charset=nonsense"),
        (b'{"text": "' + CANARY.encode() + b'"}', "application/json"),
        (b"", FORM),
        (b"&&&===%%%" + CANARY.encode(), FORM),
        (urlencoded(fields * 60), FORM),
    ]
    return chance.choice(odd) if chance.random() < 0.15 else (urlencoded(fields), FORM)


class Attack:
    """One hostile input after another, from one seed."""

    def __init__(self, ours: Home, theirs: Home, forms: list[Form]) -> None:
        self.chance = random.Random(SEED)  # noqa: S311 - it must be had again
        self.ours, self.theirs, self.forms = ours, theirs, forms
        self.values = values(theirs)
        self.long = [CANARY.encode() * 7_700, "å".encode() * 50_000]  # a paste of 100 kB

    def next(self, person: str) -> tuple[Form, str, bytes, str]:
        """A form (mostly one that `person` is shown), where its contents go, the body, its type."""
        shown = [form for form in self.forms if form.person == person]
        form = self.chance.choice(shown if self.chance.random() < 0.85 else self.forms)
        fields = [(name, value.encode()) for name, value in form.fields]
        for _ in range(self.chance.choice((1, 1, 1, 2, 3))):
            if not fields:
                break
            at = self.chance.randrange(len(fields))
            pool = self.long if self.chance.random() < 0.01 else self.values
            change = self.chance.random()
            if change < 0.08:
                del fields[at]
            elif change < 0.14:
                fields.append((fields[at][0], self.chance.choice(pool)))
            else:
                fields[at] = (fields[at][0], self.chance.choice(pool))
        action = form.action
        if self.chance.random() < 0.08:  # their things under our address, or all of theirs
            for mine, foreign in self.chance.sample(self.foreign_ids(), 2):
                action = action.replace(mine, foreign)
        return form, action, *as_body(self.chance, fields)

    def foreign_ids(self) -> list[tuple[str, str]]:
        ours, theirs = self.ours, self.theirs
        pairs = [(ours.family, theirs.family), (ours.invitation, theirs.invitation)]
        pairs += [(ours.items[name], theirs.items[name]) for name in ours.items]
        pairs += list(zip(ours.members.values(), theirs.members.values(), strict=True))
        return [(str(mine.pk), str(foreign.pk)) for mine, foreign in pairs]


@pytest.fixture
def in_peace(settings, monkeypatch):
    """No counting of tries, no slow hashing, no press (it has tests of its own): every input reaches its form."""
    monkeypatch.setattr(paper, "print_paper", lambda html: Paper(b"%PDF-", 0))
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.usefixtures("in_peace")
def test_nothing_hostile_breaks_shows_or_is_logged(ours, theirs, people, caplog, capsys):
    asker = Asker(people)
    asker.client.raise_request_exception = False
    caplog.set_level(logging.DEBUG)
    forms = find_forms(asker, ours)
    assert len(forms) > 40
    attack, sent, wrong = Attack(ours, theirs, forms), 0, []
    with traps.off("leftover"):  # what is typed holds template tags, and is shown again beside its mistake
        while sent < COUNT and not wrong:
            person = attack.chance.choice(PEOPLE)
            with asker.as_person(person) as client:
                for _ in range(min(BATCH, COUNT - sent)):
                    form, action, body, kind = attack.next(person)
                    form_person = form.person == person
                    response = client.generic("POST", action, body, content_type=kind)
                    again = attack.chance.random() < 0.05
                    answers = [response, *([client.generic("POST", action, body, content_type=kind)] if again else [])]
                    if attack.chance.random() < 0.1 and form_person:
                        answers.append(client.get(form.page))
                    sent += 1
                    wrong += [
                        f"{answer.status_code} {read(answer).odd} POST {action} as {person}: {kind} {body[:300]!r}"
                        for answer in answers
                        if answer.status_code >= 500 or read(answer).odd
                    ]
            logged = [record for record in caplog.records if CANARY in record.getMessage()]
            wrong += [f"logged by {record.name}: {record.getMessage()[:200]}" for record in logged]
            caplog.clear()
    with capsys.disabled():
        print(f"\n{sent} hostile inputs at {len(forms)} forms, seed {SEED}")  # noqa: T201 - the count is part of the result
    assert not wrong, "\n".join(wrong)


def test_a_link_to_join_that_was_used_up_or_never_was_gives_a_quiet_answer(ours, people, in_peace):
    asker = Asker(people)
    odd = ["x", "%00", "%ED%A0%80", "%FF", "..%2f", "a" * 5_000, ours.invitation_token[:-1], "<script>"]
    for token in odd:
        for person in PEOPLE:
            with asker.as_person(person) as client:
                assert client.get(f"/invitasjon/{token}/").status_code < 500
                assert urlsplit(client.get("/invitasjon/svar/").headers.get("Location", "/")).netloc == ""
