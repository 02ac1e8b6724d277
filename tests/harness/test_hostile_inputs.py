"""Hostile inputs over every form there is, ten thousand in CI, five hundred at hand: never a 5xx, no new element in an
answer, no text in the logs.

The forms are found by opening every address as everybody and reading the page. What is sent is made from a seed, so a
failure can be had again: `HOSTILE_SEED=… HOSTILE=100000 pytest tests/harness/test_hostile_inputs.py`.
"""

import logging
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import quote_from_bytes, urlsplit

import pytest
from django.utils import timezone

from common.pdf.pool import Pdf
from crisisplans.views import pdf
from families.actions import accept_invitation, decline_invitation, leave_family, withdraw_invitation
from families.actions.invitations import hash_token
from families.models import Invitation
from tests import traps
from tests.everything import EVERYTHING
from tests.factories import Home, InvitationFactory
from tests.harness.addresses import every_address
from tests.harness.matrix import Asker, fill, fingerprint, leaks
from tests.people import MEMBERS, PEOPLE

COUNT = int(os.environ.get("HOSTILE", "10000" if EVERYTHING else "500"))
SEED = int(os.environ.get("HOSTILE_SEED", "20261122"))
# Tests that divide the inputs between them, as CI has two cores. To find the forms costs as much as a thousand inputs.
SHARES = 2 if COUNT > 1000 else 1
BATCH = 40  # inputs that build on each other before all is taken back
CANARY = "hostilecanary"
ELEMENT = "x-canary"
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
    if chance.random() >= 0.15:
        return urlencoded(fields), FORM
    odd: list[Callable[[], tuple[bytes, str]]] = [
        lambda: (multipart(fields), MULTIPART),
        lambda: (multipart(fields)[:-9], MULTIPART),
        lambda: (multipart(fields, files=True), MULTIPART),
        lambda: (multipart(fields), "multipart/form-data"),
        lambda: (urlencoded(fields), "text/plain"),
        lambda: (urlencoded(fields), f"{FORM}; charset=utf-7"),
        lambda: (urlencoded(fields), f"{FORM}; charset=nonsense"),
        lambda: (b'{"text": "' + CANARY.encode() + b'"}', "application/json"),
        lambda: (b"", FORM),
        lambda: (b"&&&===%%%" + CANARY.encode(), FORM),
        lambda: (urlencoded(fields * 60), FORM),
    ]
    return chance.choice(odd)()


class Attack:
    """One hostile input after another, from one seed."""

    def __init__(self, ours: Home, theirs: Home, forms: list[Form], share: int) -> None:
        self.chance = random.Random(SEED + share)  # noqa: S311 - it must be had again
        self.ours, self.theirs, self.forms = ours, theirs, forms
        self.values = values(theirs)
        made = {"family": ours.family, "email": "gone@example.org"}
        self.gone = [InvitationFactory(**made, **{how: True}) for how in ("withdrawn", "accepted")]
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
        if self.chance.random() < 0.1:  # something of theirs under our address, or something that is gone
            here = [pair for pair in self.other_ids() if pair[0] in action]
            for mine, other in self.chance.sample(here, min(2, len(here))):
                action = action.replace(mine, other)
        return form, action, *as_body(self.chance, fields)

    def other_ids(self) -> list[tuple[str, str]]:
        """Ids of ours, each with one of theirs, or of what was removed, left or answered."""
        ours, theirs = self.ours, self.theirs
        pairs = [(ours.family, theirs.family), (ours.invitation, theirs.invitation), (ours.proposal, theirs.proposal)]
        pairs += [(ours.items[name], theirs.items[name]) for name in ours.items]
        pairs += list(zip(ours.members.values(), theirs.members.values(), strict=True))
        pairs += list(zip(ours.comments, theirs.comments, strict=True))
        pairs += [(item, ours.removed) for item in ours.items.values()]
        pairs += [(member, ours.members["former"]) for member in ours.members.values()]
        pairs += [(ours.invitation, gone) for gone in self.gone]
        return [(str(mine.pk), str(other.pk)) for mine, other in pairs]


@pytest.fixture
def in_peace(settings, monkeypatch):
    """No counting of tries, no press (it has tests of its own): every input reaches its form."""
    monkeypatch.setattr(pdf, "render_pdf", lambda html: Pdf(b"%PDF-", 0))
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def both_homes(ours, theirs):
    return ours, theirs


@pytest.mark.usefixtures("in_peace")
@pytest.mark.parametrize("share", range(SHARES))
def test_nothing_hostile_breaks_shows_or_is_logged(share, both_homes, people, caplog, capsys):
    (ours, theirs), asker = both_homes, Asker(people)
    asker.client.raise_request_exception = False
    caplog.set_level(logging.DEBUG)
    forms = find_forms(asker, ours)
    assert len(forms) > 40
    attack, sent, wrong = Attack(ours, theirs, forms, share), 0, []
    with traps.off("leftover"):  # what is typed holds template tags, and is shown again beside its mistake
        while sent < COUNT // SHARES and not wrong:
            person = attack.chance.choice(PEOPLE)
            with asker.as_person(person) as client:
                for _ in range(min(BATCH, COUNT // SHARES - sent)):
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
        print(f"\n{sent} hostile inputs at {len(forms)} forms, seed {SEED + share}")  # noqa: T201 - the count is part of the result
    assert not wrong, "\n".join(wrong)


def test_a_link_to_join_that_never_was_gives_a_quiet_answer(ours, people, in_peace):
    asker = Asker(people)
    odd = ["x", "%00", "%ED%A0%80", "%FF", "..%2f", "a" * 5_000, ours.invitation_token[:-1], "<script>"]
    for token in odd:
        for person in PEOPLE:
            with asker.as_person(person) as client:
                assert client.get(f"/invitasjon/{token}/").status_code < 500
                assert urlsplit(client.get("/invitasjon/svar/").headers.get("Location", "/")).netloc == ""


def replayed(home: Home) -> None:
    """Used, and then the member was gone again: the link must not be a way back."""
    token_hash = hash_token(home.invitation_token)
    member = accept_invitation(token_hash=token_hash, by=home.invited, display_name="Nabo", family_nickname="")
    assert member is not None
    leave_family(family=home.family, by=home.invited)


GONE: dict[str, Callable[[Home], object]] = {
    "used by one who left": replayed,
    "withdrawn": lambda home: withdraw_invitation(invitation=home.invitation, by=home.coordinator),
    "declined": lambda home: decline_invitation(token_hash=hash_token(home.invitation_token), by=home.invited),
    "too old": lambda home: Invitation.objects.filter(pk=home.invitation.pk).update(expires_at=timezone.now()),
}


@pytest.mark.parametrize("how", GONE)
def test_a_link_to_join_that_is_gone_lets_nobody_in(how, ours, people, in_peace):
    GONE[how](ours)
    before, asker = fingerprint(ours), Asker(people)
    for person in people:
        refused = {"login", "403"} if person == "anonymous" else {"404"}
        with asker.as_person(person):
            answers = [
                asker.ask("GET", f"/invitasjon/{ours.invitation_token}/"),
                asker.ask("GET", "/invitasjon/svar/"),
                asker.ask("POST", "/invitasjon/svar/", {"display_name": "Nabo", "family_nickname": "De"}),
                asker.ask("GET", f"/invitasjon/{ours.invitation_token}/"),
                asker.ask("POST", "/invitasjon/nei/"),
            ]
            assert {answer.status for answer in answers if answer.status != "302"} <= refused, person
            assert [answer.status for answer in answers].count("302") == 2, person  # the link itself leads on
            assert person in MEMBERS or leaks("".join(answer.seen for answer in answers), ours) == []
            assert fingerprint(ours) == before, person
