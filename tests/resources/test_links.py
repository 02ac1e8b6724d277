"""The link checker: how addresses are judged, and where it never goes.

Servers on loopback stand for hosts of the internet. The checker sees them only because these tests hand it a resolver
of their own, a rule that lets loopback pass, and other ports; production makes a plain `Visitor()`.
"""

import ipaddress
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection
from django.utils import timezone

from resources import links
from resources.facets import LinkProblem, OnFailure, State
from resources.links import Outcome, Visitor, is_public
from resources.models import DEAD_LINK_AFTER, HelpService, HelpServiceVersion
from resources.tasks import check_links
from tests.factories import HelpServiceFactory

FINE = Outcome("", answered=True)
REFUSED = Outcome(LinkProblem.REFUSED, answered=False)
SILENT = Outcome(LinkProblem.SILENT, answered=False)


class Host(BaseHTTPRequestHandler):
    """Answers by its path; `asked` remembers what was asked and how."""

    asked: list[tuple[str, str, dict]] = []
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self):  # noqa: C901 - one line a path
        self.asked.append((self.command, self.path, dict(self.headers)))
        name = unquote(self.path).strip("/")
        if name.startswith("to/"):
            self.reply(302, {"Location": name.removeprefix("to/")})
        elif name == "head-refused":
            self.reply(405 if self.command == "HEAD" else 200)
        elif name == "head-unknown":
            self.reply(404 if self.command == "HEAD" else 200)
        elif name == "circle":
            self.reply(301, {"Location": "/circle"})
        elif name == "cookie":
            self.reply(302, {"Location": "/", "Set-Cookie": "seen=1"})
        elif name == "slow-body":
            self.wfile.write(b"HTTP/1.1 405 No\r\nContent-Length: 9\r\n\r\n" if self.command == "HEAD" else b"")
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n." if self.command == "GET" else b"")
            self.server.over.wait(5)
        elif name == "endless":
            self.endless()
        elif name == "dribble":
            self.dribble()
        elif name == "mute":
            self.server.over.wait(5)
        elif name == "nonsense":
            self.wfile.write(b"what?\r\n\r\n")
        else:
            self.reply(int(name) if name.isdecimal() else 200)

    do_HEAD = do_GET = answer  # noqa: N815 - the server's names

    def reply(self, status, headers=None):
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def endless(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while not self.server.over.is_set():
                self.wfile.write(b"x" * 65536)
        except OSError:
            self.server.hung_up.set()

    def dribble(self):
        """A header that never ends, a little at a time."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        try:
            while not self.server.over.wait(0.02):
                self.wfile.write(b"x")
        except OSError:
            self.server.hung_up.set()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        self.over, self.hung_up = threading.Event(), threading.Event()
        super().__init__(("127.0.0.1", 0), Host)

    def handle_error(self, *args):
        pass  # the checker hangs up where it likes


@contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def host():
    Host.asked = []
    with running(Server()) as server:
        yield server


@pytest.fixture
def visitor(host):
    """Sees the server on loopback as every host with a name, and waits for nobody."""
    return Visitor(
        resolve=lambda name, port: ["127.0.0.1"],
        may_visit=lambda address: address.is_loopback,
        ports={"http": host.server_port, "https": 1},
        seconds=2,
        pause=lambda seconds: None,
    )


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("", FINE),
        ("head-refused", FINE),
        ("head-unknown", FINE),
        ("401", FINE),
        ("403", FINE),
        ("429", FINE),
        ("404", Outcome(LinkProblem.GONE, answered=True)),
        ("410", Outcome(LinkProblem.GONE, answered=True)),
        ("500", Outcome(LinkProblem.BROKEN, answered=True)),
        ("503", Outcome(LinkProblem.BROKEN, answered=True)),
        ("circle", Outcome(LinkProblem.CIRCLE, answered=True)),
        ("nonsense", SILENT),
        ("cookie", FINE),
        ("slow-body", FINE),
        ("endless", FINE),
    ],
)
def test_an_answer_is_judged(visitor, path, outcome):
    assert visitor.visit(f"http://help.example/{path}") == outcome


def test_it_says_who_it_is_and_sends_nothing_else_of_us(visitor, settings, monkeypatch):
    settings.CONTACT_EMAIL = "hei@example.org"
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    visitor.visit("http://help.example/cookie")
    (_, first, _), (method, _, headers) = Host.asked[0], Host.asked[-1]
    assert first == "/cookie"
    assert method == "HEAD"
    assert headers["Host"] == "help.example"
    assert headers["User-Agent"] == "Fotfeste-link-check/1.0 (+mailto:hei@example.org)"
    assert not {"Cookie", "Referer", "Authorization"} & set(headers)


def test_a_page_that_never_ends_is_left_at_once(visitor, host):
    visitor.visit("http://help.example/endless")
    assert host.hung_up.wait(5)


@pytest.mark.parametrize("path", ["dribble", "mute"])
def test_who_says_nothing_or_a_little_at_a_time_is_left_in_time(visitor, path):
    visitor.seconds = 0.2
    began = time.monotonic()
    assert visitor.visit(f"http://help.example/{path}") == SILENT
    assert time.monotonic() - began < 2


def test_nobody_there_is_silence(visitor):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        visitor.ports = {"http": closed.getsockname()[1]}
        assert visitor.visit("http://help.example/") == SILENT


def test_a_name_that_is_gone_is_silence(visitor):
    def unknown(name, port):
        raise socket.gaierror

    visitor.resolve = unknown
    assert visitor.visit("http://help.example/") == SILENT


def test_the_next_address_of_a_host_is_tried(visitor):
    visitor.resolve = lambda name, port: ["127.0.0.9", "127.0.0.1"]
    assert visitor.visit("http://help.example/") == FINE


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://localhost/",
        "http://localhost./",
        "http://0x7f.1/",
        "http://0x7f.0x1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.1/",
        "http://１２７.０.０.１/",
        "http://intranet/",
        "http:///",
        "file:///etc/passwd",
        "ftp://help.example/",
        "gopher://help.example/",
        "http://help.example:22/",
        "http://help.example:6379/",
        "http://me:secret@help.example/",
        "http://me@help.example/",
        "//help.example/",
        "help.example",
        "",
    ],
)
@pytest.mark.parametrize("as_redirect", [False, True], ids=["typed", "redirected to"])
def test_it_goes_by_name_over_http_on_the_usual_port_and_nowhere_else(visitor, url, as_redirect):
    """Also where a page of the internet sends it on."""
    if as_redirect and (
        not url.isascii() or not url.startswith(("http://", "file:", "ftp:", "gopher:")) or url == "http:///"
    ):
        pytest.skip("as a redirect it means the host it comes from, or cannot be written in a header")
    began_at = f"http://help.example/to/{url}" if as_redirect else url
    with no_other_request(as_redirect):
        assert visitor.visit(began_at).problem == LinkProblem.REFUSED


@contextmanager
def no_other_request(as_redirect):
    yield
    assert [path for _, path, _ in Host.asked if not path.startswith("/to/")] == []
    assert len(Host.asked) == int(as_redirect)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - refused
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "2002:7f00:1::",
        "2002:808:808::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "fe80::1",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "2001:db8::1",
    ],
)
def test_a_name_that_leads_inside_is_not_visited(host, address):
    visitor = Visitor(resolve=lambda name, port: [address], ports={"http": host.server_port})
    assert not is_public(ipaddress.ip_address(address))
    assert visitor.visit("http://help.example/") == REFUSED
    assert Host.asked == []


@pytest.mark.parametrize("address", ["8.8.8.8", "193.71.196.1", "2a01:799::1", "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_public_internet_is_public(address):
    assert is_public(ipaddress.ip_address(address))


def test_a_name_with_one_foot_inside_is_not_visited(host):
    visitor = Visitor(resolve=lambda name, port: ["8.8.8.8", "127.0.0.1"], ports={"http": host.server_port})
    assert visitor.visit("http://help.example/") == REFUSED
    assert Host.asked == []


def test_each_hop_is_looked_at_anew(host):
    """The first host is public, the page it sends on to is not."""
    names = {"help.example": "127.0.0.1", "inside.example": "10.0.0.1"}
    visitor = Visitor(
        resolve=lambda name, port: [names[name]],
        may_visit=lambda address: str(address) == "127.0.0.1",
        ports={"http": host.server_port},
        pause=lambda seconds: None,
    )
    assert visitor.visit("http://help.example/to/http://inside.example/admin") == REFUSED
    assert [path for _, path, _ in Host.asked] == ["/to/http://inside.example/admin"]


def test_the_connection_goes_to_the_address_that_was_looked_at(host, monkeypatch):
    """A name that answers with a good address first and a bad one a moment later fools nobody: it is asked once, and
    the connection knows the address only."""
    connected = []
    plain = urllib3.util.connection.create_connection

    def rebinding(name, port):
        assert not connected, "the name was looked up again"
        return ["127.0.0.1"]

    def noting(address, *args, **kwargs):
        connected.append(address)
        return plain(address, *args, **kwargs)

    monkeypatch.setattr("urllib3.util.connection.create_connection", noting)
    visitor = Visitor(
        resolve=rebinding, may_visit=lambda address: address.is_loopback, ports={"http": host.server_port}
    )
    assert visitor.visit("http://help.example/") == FINE
    assert connected == [("127.0.0.1", host.server_port)]


def test_a_name_that_moves_inside_between_two_hops_is_left(host):
    found = iter(["127.0.0.1", "10.0.0.1"])
    visitor = Visitor(
        resolve=lambda name, port: [next(found)],
        may_visit=lambda address: address.is_loopback,
        ports={"http": host.server_port},
        pause=lambda seconds: None,
    )
    assert visitor.visit("http://help.example/to/http://help.example/") == REFUSED
    assert len(Host.asked) == 1


def certificate_for(name, folder):
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.mark.parametrize(("name", "known"), [("help.example", True), ("other.example", True), ("help.example", False)])
def test_over_tls_the_certificate_must_be_known_and_the_names(visitor, host, tmp_path, name, known):
    path = certificate_for("help.example", tmp_path)
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(path)
    host.socket = inside.wrap_socket(host.socket, server_side=True)
    visitor.ports = {"https": host.server_port}
    if known:
        visitor.tls = lambda: ssl.create_default_context(cafile=path)
    expected = FINE if (name, known) == ("help.example", True) else SILENT
    assert visitor.visit(f"https://{name}/") == expected


def test_the_same_host_gets_a_rest_between_two_questions(visitor):
    rests = []
    visitor.pause = rests.append
    visitor.visit("http://help.example/")
    assert rests == []
    visitor.visit("http://help.example/more")
    visitor.visit("http://another.example/")
    assert len(rests) == 1
    assert 0 < rests[0] <= links.PAUSE_SECONDS


def services(**addresses):
    return [
        HelpServiceFactory(key=key, web=f"http://help.example/{path}", state=State.PUBLISHED)
        for key, path in addresses.items()
    ]


def failures(key):
    return HelpService.objects.get(key=key).link_failures


def test_failures_in_a_row_are_counted_once_a_day_and_a_good_answer_begins_anew(db, visitor, time_machine):
    time_machine.move_to(datetime(2026, 11, 2, 3, 0, tzinfo=UTC))
    services(good="", bad="404")
    links.check_all(visitor)
    links.check_all(visitor)
    assert (failures("good"), failures("bad")) == (0, 1)
    time_machine.move_to(datetime(2026, 11, 3, 3, 0, tzinfo=UTC))
    links.check_all(visitor)
    bad = HelpService.objects.get(key="bad")
    assert (bad.link_failures, bad.link_problem) == (2, LinkProblem.GONE)
    HelpService.objects.filter(key="bad").update(web="http://help.example/")
    time_machine.move_to(datetime(2026, 11, 4, 3, 0, tzinfo=UTC))
    links.check_all(visitor)
    bad.refresh_from_db()
    assert (bad.link_failures, bad.link_problem) == (0, "")


def test_when_nobody_answers_it_is_we_who_are_offline(db, visitor):
    services(one="", two="404")
    visitor.ports = {"http": 1}
    assert links.check_all(visitor) == 0
    assert (failures("one"), failures("two")) == (0, 0)
    assert not HelpService.objects.filter(link_checked_at__isnull=False).exists()


def test_when_one_answers_the_silent_ones_are_counted(db, visitor):
    services(one="", two="mute")
    visitor.seconds = 0.2
    links.check_all(visitor)
    assert (failures("one"), failures("two")) == (0, 1)


def test_a_run_is_bounded_and_begins_with_what_was_tried_longest_ago(db, visitor, monkeypatch):
    monkeypatch.setattr(links, "MOST", 2)
    never, long_ago, lately, today = services(never="", long_ago="", lately="", today="")
    now = timezone.now()
    for service, when in ((long_ago, 9), (lately, 2), (today, 0)):
        HelpService.objects.filter(pk=service.pk).update(link_checked_at=now - timedelta(days=when))
    assert [service.pk for service in links.due(now)] == [never.pk, long_ago.pk]


def test_a_run_ends_in_time(db, visitor):
    services(one="", two="", three="")
    ticks = iter([0, 0, links.RUN_SECONDS - 1, links.RUN_SECONDS, links.RUN_SECONDS])
    assert links.check_all(visitor, clock=lambda: next(ticks)) == 2


def test_drafts_and_services_without_an_address_are_left_alone(db):
    HelpServiceFactory(web="http://help.example/", state=State.DRAFT)
    HelpServiceFactory(web="", state=State.PUBLISHED)
    assert links.due(timezone.now()) == []


def test_an_address_changed_meanwhile_is_not_blamed(db, visitor):
    (service,) = services(moved="404")

    def while_we_ask(name, port):
        HelpService.objects.filter(pk=service.pk).update(web="http://elsewhere.example/")
        return ["127.0.0.1"]

    visitor.resolve = while_we_ask
    links.check_all(visitor)
    assert failures("moved") == 0


def test_one_run_at_a_time(transactional_db, visitor, admin_url):
    import psycopg

    services(one="")
    with psycopg.connect(admin_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [links.LOCK])
        assert links.check_all(visitor) == 0
        other.execute("SELECT pg_advisory_unlock(%s)", [links.LOCK])  # at once; a closed connection lets go when it can
    with connection.cursor():
        assert links.check_all(visitor) == 1


def test_what_the_checker_notes_makes_no_history(db, visitor):
    services(bad="404")
    links.check_all(visitor)
    assert HelpServiceVersion.objects.filter(pgh_label="update").count() == 0


def test_the_public_learns_of_it_after_days_in_a_row_and_never_of_a_pinned_one(db):
    for on_failure, pin in ((OnFailure.HIDE, None), (OnFailure.HIDE, 1), (OnFailure.WARN, None)):
        HelpServiceFactory(
            state=State.PUBLISHED, on_failure=on_failure, pin=pin, link_failures=DEAD_LINK_AFTER - 1, checked_on=None
        )
    assert HelpService.objects.public().count() == 3
    HelpService.objects.update(link_failures=DEAD_LINK_AFTER)
    assert HelpService.objects.public().count() == 2


def test_the_task_makes_a_visitor_as_it_stands(db, monkeypatch):
    """Nothing a setting says widens what production may see."""
    made = []
    monkeypatch.setattr(links, "check_all", lambda *args: made.append(args))
    check_links()
    assert made == [()]
    plain = Visitor()
    assert (plain.resolve, plain.may_visit, plain.ports) == (links.look_up, is_public, {"http": 80, "https": 443})
