"""Ids of our family in every place a request has, over every address, by somebody who owns the same kinds of things in
a family of their own: nothing of ours in any answer, mail or log, and no row of ours changes.

Ten thousand in CI, four hundred at hand. What is sent is made from a seed, so a failure can be had again:
`FOREIGN_SEED=… FOREIGN_IDS=100000 pytest tests/harness/test_foreign_ids.py`.
"""

import logging
import os
import random
import re
from dataclasses import dataclass
from functools import cache

import pytest
from django.conf import settings
from django.core import mail
from django.forms import BaseForm
from django.urls import reverse

from families.models import Family
from tests import traps
from tests.everything import EVERYTHING
from tests.factories import Home
from tests.harness.addresses import Address, every_address
from tests.harness.matrix import (
    METHODS,
    REFUSED_METHODS,
    Asker,
    everything_in,
    fill,
    fingerprint,
    leaks,
    marks_of,
)
from tests.harness.test_hostile_inputs import FORM, MULTIPART, in_peace, multipart, urlencoded  # noqa: F401 - a fixture among them
from tests.harness.test_permissions import POSTS
from tests.traps import ROOT

COUNT = int(os.environ.get("FOREIGN_IDS", "10000" if EVERYTHING else "400"))
SEED = int(os.environ.get("FOREIGN_SEED", "20261122"))
SHARES = 2 if COUNT > 1000 else 1  # tests that divide the requests between them, as CI has two cores
BATCH = 5  # requests that build on each other before all is taken back
IN_QUERY = ("etter", "next", "family", "family_id", "id", "pk", "section", "q", "sok", "version", "as", "user", "page")
HEADERS = (
    "HX-Target",
    "HX-Trigger",
    "HX-Trigger-Name",
    "HX-Prompt",
    "X-Family",
    "X-User",
    "X-Forwarded-User",
    "Origin",
)
KINDS = {*METHODS, *REFUSED_METHODS}


def every_form(kind: type = BaseForm) -> set[type]:
    return {kind} | {form for below in kind.__subclasses__() for form in every_form(below)}


@cache
def field_names() -> list[str]:
    """Every name a form knows, in code or in a template."""
    names = {name for form in every_form() for name in getattr(form, "base_fields", {})}
    for template in (ROOT / "templates").rglob("*.html"):
        names |= set(re.findall(r'name="([\w-]+)"', template.read_text()))
    return sorted(names | set(IN_QUERY))


@dataclass(frozen=True)
class Asked:
    method: str
    address: Address
    url: str
    body: bytes
    kind: str
    headers: dict[str, str]
    cookies: dict[str, str]
    is_foreign: bool  # something of ours stands in the path

    def everything(self) -> str:
        return f"{self.url} {self.body!r} {self.headers} {self.cookies}"


class Fuzz:
    """One request with ids of ours in it after another, from one seed."""

    def __init__(self, ours: Home, theirs: Home, share: int) -> None:
        self.chance = random.Random(SEED + share)  # noqa: S311 - it must be had again
        self.ours, self.theirs = ours, theirs
        self.marks = sorted(marks_of(ours))
        self.ids = [mark for mark in self.marks if "@" not in mark]
        self.names, self.addresses = field_names(), every_address()
        self.family_addresses = [address for address in self.addresses if address.kind == "family"]
        for address in self.addresses:
            fill(address, ours)  # what is nobody's is made once, and not for each request anew

    def next(self) -> Asked:
        chance = self.chance
        address = chance.choice(self.family_addresses if chance.random() < 0.6 else self.addresses)
        method = chance.choice(sorted(KINDS)) if chance.random() < 0.1 else chance.choice(("GET", "POST", "POST", "HX"))
        url, is_foreign = self.path(address)
        if chance.random() < 0.3:
            url += (
                "?" + urlencoded(self.fields(chance.choice((1, 2, 4)), chance.choice((IN_QUERY, self.names)))).decode()
            )
        body, kind = self.body(address) if method == "POST" else (b"", FORM)
        return Asked(method, address, url, body, kind, self.headers(), self.cookies(), is_foreign)

    def path(self, address: Address) -> tuple[str, bool]:
        """The address with ours in none, some or all of its blanks, the kind of id that belongs there or any other."""
        chance, mine = self.chance, self.theirs
        names = [name for name in address.blanks if name != "section"]
        if not names or address.kind != "family":
            return fill(address, self.ours if chance.random() < 0.8 else mine), False
        taken = chance.sample(names, chance.randint(0, len(names)))
        from_ours = re.split("[/]", fill(address, self.ours))
        from_theirs = re.split("[/]", fill(address, mine))
        parts = list(from_theirs)
        blanks = [at for at, (one, other) in enumerate(zip(from_ours, from_theirs, strict=True)) if one != other]
        for at in blanks[: len(taken)] if chance.random() < 0.5 else blanks[len(blanks) - len(taken) :]:
            parts[at] = from_ours[at] if chance.random() < 0.7 or "-" not in from_ours[at] else chance.choice(self.ids)
        return "/".join(parts), parts != from_theirs

    def value(self) -> bytes:
        value = self.chance.choice(self.ids)
        as_written = (
            value,
            value.upper(),
            value.replace("-", ""),
            f"{{{value}}}",
            f"urn:uuid:{value}",
            f"{value},{value}",
        )
        return (value if self.chance.random() < 0.8 else self.chance.choice(as_written)).encode()

    def fields(self, many: int, names) -> list[tuple[str, bytes]]:
        return [(self.chance.choice(names), self.value()) for _ in range(many)]

    def body(self, address: Address) -> tuple[bytes, str]:
        """Ids of ours in the fields of a form: of an honest one, of every one there is, or of some."""
        chance = self.chance
        honest = [
            (name, str(value).encode()) for name, value in POSTS.get(address.name, lambda home: {})(self.theirs).items()
        ]
        if chance.random() < 0.5 and honest:
            at = chance.randrange(len(honest))
            honest[at] = (honest[at][0], self.value())
        some = (
            self.fields(chance.choice((1, 3, 8)), self.names)
            if chance.random() < 0.7
            else [(name, self.value()) for name in self.names]
        )
        fields = honest + some
        odd = chance.random()
        if odd < 0.1:
            return multipart(fields), MULTIPART
        if odd < 0.15:
            return multipart(fields, files=True), MULTIPART
        if odd < 0.2:
            return b'{"family_id": "%s", "id": "%s"}' % (self.value(), self.value()), "application/json"
        return urlencoded(fields), FORM

    def headers(self) -> dict[str, str]:
        chance, found = self.chance, {}
        if chance.random() < 0.3:
            found = {chance.choice(HEADERS): self.value().decode() for _ in range(2)}
            here = reverse("plan", args=[self.ours.family.pk])
            found |= {"HX-Current-URL": f"http://testserver{here}", "Referer": f"http://testserver{here}"}
        return found

    def cookies(self) -> dict[str, str]:
        if self.chance.random() > 0.2:
            return {}
        name = self.chance.choice(("saved", "device", "messages", "family", "typed_by", "csrftoken", "django_language"))
        return {name: self.value().decode()}


def ask(client, asked: Asked):
    method, headers = asked.method, dict(asked.headers)
    if method == "HX":
        method, headers = "GET", headers | {"HX-Request": "true"}
    for name, value in asked.cookies.items():
        client.cookies[name] = value
    return client.generic(method, asked.url, asked.body, content_type=asked.kind, headers=headers)


def leads_to_a_new_family(asked: Asked, ours: Home, theirs: Home) -> bool:
    """Whether the outsider has just begun a family of their own under an id of a row of ours, as the form lets them."""
    new = Family.objects.exclude(pk__in=[ours.family.pk, theirs.family.pk]).values_list("pk", flat=True)
    return any(str(pk) in asked.url for pk in new)


def is_sent(mark: str, known: str) -> bool:
    """Whether we sent this ourselves, in whatever spelling of an id: it may come back in another."""
    return mark in known or mark.replace("-", "") in known.replace("-", "")


@pytest.mark.usefixtures("in_peace", "on_screen")
@pytest.mark.parametrize("share", range(SHARES))
def test_ids_of_another_family_open_nothing_wherever_they_are_put(share, ours, theirs, caplog, capfd):
    asker, fuzz = Asker({"outsider": theirs.coordinator}, mind_errors=False), Fuzz(ours, theirs, share)
    caplog.set_level(logging.DEBUG)
    before, sent, foreign, wrong = fingerprint(ours), 0, 0, []
    with traps.off("leftover"):  # what is sent is shown again beside its mistake
        while sent < COUNT // SHARES and not wrong:
            with asker.as_person("outsider") as client:
                known = ""
                for _ in range(BATCH):
                    asked = fuzz.next()
                    known += asked.everything().lower()
                    response = ask(client, asked)
                    sent, foreign = sent + 1, foreign + asked.is_foreign
                    seen = everything_in(response) + "".join(str(letter.message()) for letter in mail.outbox)
                    found = leaks(seen, ours) + [
                        mark for mark in fuzz.marks if mark in seen and not is_sent(mark, known)
                    ]
                    refused = response.status_code in {400, 403, 404, 405}  # 400: too many fields
                    if asked.is_foreign and not refused and not leads_to_a_new_family(asked, ours, theirs):
                        found.append("foreign, and not refused")
                    if response.status_code >= 500:
                        found.append("broken")
                    wrong += [
                        f"{what}: {response.status_code} {asked.method} {asked.everything()[:700]}" for what in found
                    ]
                    if client.cookies[settings.SESSION_COOKIE_NAME].value != asker.sessions["outsider"]:
                        break  # signed out: the rest would be asked as nobody
                if fingerprint(ours) != before:
                    wrong.append(f"a row of ours changed: {known[-2000:]}")
                mail.outbox.clear()
            wrong += [
                f"logged: {record.getMessage()[:300]}" for record in caplog.records if leaks(record.getMessage(), ours)
            ]
            caplog.clear()
    with capfd.disabled():
        count = f"{sent} requests with foreign ids, {foreign} of them in the path"
        print(f"\n{count}, {len(fuzz.names)} fields, seed {SEED + share}")  # noqa: T201 - the count is part of the result
    assert fingerprint(ours) == before
    assert not wrong, "\n".join(wrong)
