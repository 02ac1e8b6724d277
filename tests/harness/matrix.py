"""The engine of the permission matrix: every address by every method as every kind of person.

A `Sweep` reports what happened and judges only what is never right: a leak, a foreign hand on the rows of a family, a
GET that writes. What is expected stands in tests/harness/test_permissions.py. Whatever walls stand between a person
and the data, the sweep asks the same questions, so it can be run again with one of them off.
"""

import html
import inspect
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from tests.curators import sign_in_with_two_steps
from tests.factories import Home
from tests.harness.addresses import Address, blank
from tests.people import KEPT_OUT, PEOPLE, STRANGERS, WITH_TWO_STEPS

REFUSED_METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
METHODS = ("GET", "POST", "HEAD")
WRITTEN_BY_GET = ("django_session", "accesslog_accessentry", '"cache"')


def has_partial(address: Address) -> bool:
    """Whether the view of `address` answers htmx otherwise than a browser: it names a partial of its template."""
    return "partial=" in inspect.getsource(inspect.unwrap(address.view))


@dataclass
class Answer:
    """What came back, and what it did. `seen` is all a person can read of it; `writes` the SQL that changed rows."""

    status: str
    seen: str
    writes: list[str]


@dataclass
class Report:
    """What a sweep of one address found."""

    answers: dict[tuple[str, str], str] = field(default_factory=dict)  # (method, person) → status
    faults: list[str] = field(default_factory=list)
    asked: int = 0

    def row(self, method: str) -> list[str]:
        return [self.answers[method, person] for person in PEOPLE]


class Asker:
    """Asks as anybody, and takes back whatever the question changed."""

    def __init__(self, people: dict[str, User | None], *, mind_errors: bool = True) -> None:
        self.client = Client(raise_request_exception=mind_errors)
        self.sessions: dict[str, str] = {}
        for kind, user in people.items():
            if user is not None:
                self.client.cookies = SimpleCookie()  # or the one before would be signed out
                if kind in WITH_TWO_STEPS:
                    sign_in_with_two_steps(self.client, user)
                else:
                    self.client.force_login(user)
                self.sessions[kind] = self.client.cookies[settings.SESSION_COOKIE_NAME].value

    @contextmanager
    def as_person(self, person: str) -> Iterator[Client]:
        self.client.cookies = SimpleCookie()
        if person in self.sessions:
            self.client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[person]
        with transaction.atomic(), transaction.atomic(using="counters"):
            try:
                yield self.client
            finally:
                transaction.set_rollback(True)
                transaction.set_rollback(True, using="counters")

    def ask(self, method: str, url: str, data: dict[str, Any] | None = None) -> Answer:
        """Ask inside the savepoint of `as_person`."""
        headers = {}
        if method == "HX":
            method, headers = "GET", {"HX-Request": "true"}
        with CaptureQueriesContext(connection) as queries:
            if method == "POST":
                response = self.client.post(url, data or {}, headers=headers)
            else:
                response = self.client.generic(method, url, headers=headers)
        writes = [
            query["sql"]
            for query in queries.captured_queries
            if re.match(r"\s*(INSERT|UPDATE|DELETE|TRUNCATE|ALTER|DROP)", query["sql"])
        ]
        return Answer(status_word(response), everything_in(response), writes)


def status_word(response: HttpResponse) -> str:
    """The status; `login` for a way to the sign-in page."""
    where = response.headers.get("Location", response.headers.get("HX-Redirect", ""))
    if where.split("?")[0] == resolve_url(settings.LOGIN_URL):
        return "login"
    return str(response.status_code)


def everything_in(response: HttpResponse) -> str:
    """All that can be read in an answer: headers, cookies, text, the words of a PDF."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content.startswith(b"%PDF-"):
        from pypdf import PdfReader

        reader = PdfReader(io.BytesIO(content))
        words = "\n".join(page.extract_text() for page in reader.pages) + str(reader.metadata)
    else:
        words = content.decode(errors="replace")
    head = "\n".join([*(f"{name}: {value}" for name, value in response.headers.items()), response.cookies.output()])
    return html.unescape(f"{head}\n{words}")


def leaks(seen: str, home: Home, *, kin_only: bool = False) -> list[str]:
    """The canaries of `home` that stand in `seen`; with `kin_only` those of what is for relatives only."""
    canaries = [home.kin_canary] if kin_only else [home.kin_canary, home.open_canary]
    numbers = [home.relatives_only_contact] if kin_only else [*home.contacts, home.relatives_only_contact]
    digits = re.sub(r"[\s\u00a0-]", "", seen)
    found = [canary for canary in canaries if canary in re.sub(r"\s", "", seen)]
    return found + [phone for contact in numbers if (phone := str(contact.phone)[3:]) in digits]


def marks_of(home: Home) -> frozenset[str]:
    """Every id in the rows of a family, be it a line's, a member's or a person's, and everybody's address."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'uuid' AND table_name = ANY(%s)",
            [tables_with("family_id")],
        )
        parts = [f'SELECT "{column}"::text FROM {table} WHERE family_id::text = %s' for table, column in cursor]  # noqa: S608 - names from the catalogue
        cursor.execute(" UNION ".join(parts), [str(home.family.pk)] * len(parts))
        ids = {value for (value,) in cursor.fetchall() if value}
    users = [home.person(kind) for kind in ("coordinator", "relative", "subject", "former", "invited")]
    return frozenset(ids | {value for user in users for value in (str(user.pk), user.email)})


def own_marks(user: User | None, home: Home) -> set[str]:
    """Those of the marks of `home` that this person may know: their own."""
    if user is None:
        return set()
    mine = [str(member.pk) for member in home.members.values() if member.user_id == user.pk]
    return {str(user.pk), user.email, *mine}


def kin_marks(home: Home) -> frozenset[str]:
    """The ids of what the one it concerns is not to know of: what is for relatives only, who is asked, and what is
    proposed about them."""
    hidden = (home.relatives_only, home.relatives_only_contact, home.comments[2], home.invitation, home.proposal)
    return frozenset({*(str(row.pk) for row in hidden), home.invited.email, str(home.invited.pk)})


@cache
def tables_with(column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = %s",
            [column],
        )
        return sorted(name for (name,) in cursor.fetchall())


def fingerprint(home: Home, *, kin_only: bool = False) -> str:
    """A digest of every row of a family (or of those for relatives only). It changes when any of them does."""
    tables = tables_with("audience" if kin_only else "family_id")
    with connection.cursor() as cursor:
        condition = " AND audience = 'relatives'" if kin_only else ""
        parts = [f"SELECT t::text AS r FROM {name} t WHERE family_id::text = %s{condition}" for name in tables]  # noqa: S608 - names from the catalogue
        if kin_only:
            parts += [
                f"SELECT c::text FROM crisisplans_comment c JOIN {items} e ON e.id = c.{key}"  # noqa: S608 - of constants
                " WHERE e.audience = 'relatives' AND c.family_id::text = %s"
                for items, key in (("crisisplans_planitem", "item_id"), ("crisisplans_supportcontact", "contact_id"))
            ]
        else:
            parts.append("SELECT t::text FROM families_family t WHERE id::text = %s")
        union = " UNION ALL ".join(parts)
        cursor.execute(
            f"SELECT md5(coalesce(string_agg(r, '|' ORDER BY r), '')) FROM ({union}) AS every",  # noqa: S608 - names from the catalogue
            [str(home.family.pk)] * len(parts),
        )
        return str(cursor.fetchone()[0])


def fill(address: Address, home: Home, **from_elsewhere: Any) -> str:
    """The address with something of `home` in each of its blanks."""
    return reverse(address.name, kwargs={name: blank(address, name, home) for name in address.blanks} | from_elsewhere)


def mixed_urls(address: Address, home: Home, other: Home) -> list[str]:
    """The address with each blank in turn from `other`, the rest from `home`."""
    names = [name for name in address.blanks if name != "section"]  # a section is nobody's
    return [fill(address, home, **{name: blank(address, name, other)}) for name in names] if len(names) > 1 else []


def kin_urls(address: Address, home: Home) -> list[str]:
    """The address with what is for relatives only in its blanks, where it has room for that."""
    item, contact = home.relatives_only, home.relatives_only_contact
    blanks: list[dict[str, Any]] = []
    if {"section", "item_id"} <= set(address.blanks):
        blanks = [{"section": kin.section, "item_id": kin.pk} for kin in (item, contact)]
    elif "item_id" in address.blanks:
        blanks = [{"item_id": contact.pk}]
    elif "comment_id" in address.blanks:
        blanks = [{"section": item.section, "comment_id": home.comments[2].pk}]
    return [fill(address, home, **more) for more in blanks]


class Sweep:
    """Asks every question at an address as all `people`, and reports. With `kept_out_only`, and whatever a server may
    have to say about it (also that it broke), only what no stranger may ever learn or change, nor the one it concerns
    of what is for relatives. `told` are ids that the test itself lets out."""

    def __init__(
        self,
        ours: Home,
        theirs: Home,
        people: dict[str, User | None],
        *,
        kept_out_only: bool = False,
        told: frozenset[str] = frozenset(),
    ) -> None:
        self.ours, self.theirs, self.kept_out_only = ours, theirs, kept_out_only
        self.people = KEPT_OUT if kept_out_only else PEOPLE
        self.methods = ("GET", "POST") if kept_out_only else METHODS
        self.asker, self.report = Asker(people, mind_errors=not kept_out_only), Report()
        self.whole, self.kin, marks = fingerprint(ours), fingerprint(ours, kin_only=True), marks_of(ours)
        self.marks = {person: marks - told - own_marks(people[person], ours) for person in STRANGERS}
        self.marks["subject"] = kin_marks(ours)

    def run(self, address: Address, data: dict[str, Any] | None = None, own_row_of: str = "") -> Report:
        """Sweep `address`. `data` is what an honest POST carries; `own_row_of` a stranger who may change a row of
        their own in our family."""
        self.report, self.data, self.own_row_of = Report(), data or {}, own_row_of
        for person in self.people:
            refused = REFUSED_METHODS if person in {"anonymous", "coordinator"} and not self.kept_out_only else ()
            htmx = ("HX",) if has_partial(address) and not self.kept_out_only else ()
            for method in (*self.methods, *htmx, *refused):
                self.report.answers[method, person] = self.question(person, method, fill(address, self.ours))
        mixed = mixed_urls(address, self.ours, self.theirs) + mixed_urls(address, self.theirs, self.ours)
        for url in mixed:
            for method in ("GET", "POST"):
                status = self.question("outsider", method, url)
                if status not in {"403", "404", "405"} and not self.kept_out_only:
                    self.report.faults.append(f"TWO FAMILIES IN ONE ADDRESS {method} {url} → {status}")
        self.question("outsider", "POST", fill(address, self.theirs))  # at their own address, our ids in the body
        self.for_relatives_only(address)
        return self.report

    def for_relatives_only(self, address: Address) -> None:
        """The address of what is for relatives only, asked by those who must not learn that it is there."""
        if "version" in self.data:
            self.data = self.data | {"version": str(self.ours.relatives_only.version)}
        for url in kin_urls(address, self.ours):
            for person in ("outsider", "former", "subject"):
                for method in ("GET", "POST"):
                    status = self.question(person, method, url)
                    if status not in {"404", "405"} and not self.kept_out_only:
                        self.report.faults.append(f"FOR RELATIVES ONLY {method} {url} as {person} → {status}")

    def question(self, person: str, method: str, url: str) -> str:
        self.report.asked += 1
        with self.asker.as_person(person):
            answer = self.asker.ask(method, url, self.data)
            self.report.faults += [
                f"{fault}: {method} {url} as {person} → {answer.status}"
                for fault in [
                    *self.learnt(person, answer, f"{url} {self.data}"),
                    *self.changed(person, answer),
                    *self.written(method, answer),
                ]
            ]
        return answer.status

    def learnt(self, person: str, answer: Answer, asked: str) -> list[str]:
        if person not in KEPT_OUT:
            return []
        ids = [mark for mark in self.marks[person] if mark in answer.seen and mark not in asked]
        words = leaks(answer.seen, self.ours, kin_only=person == "subject")
        return [f"LEAK of {found}" for found in (*words, *sorted(ids))]

    def changed(self, person: str, answer: Answer) -> list[str]:
        if not answer.writes or person == self.own_row_of:
            return []
        if person in STRANGERS and fingerprint(self.ours) != self.whole:
            return ["FOREIGN HAND"]
        if person == "subject" and fingerprint(self.ours, kin_only=True) != self.kin:
            return ["FOREIGN HAND on what is for relatives"]
        return []

    def written(self, method: str, answer: Answer) -> list[str]:
        if method not in {"GET", "HEAD", "HX"} or self.kept_out_only:
            return []
        return [f"A GET WRITES {sql}" for sql in answer.writes if not any(name in sql for name in WRITTEN_BY_GET)]
