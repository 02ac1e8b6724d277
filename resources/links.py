"""Check whether the web addresses in the directory still respond (ADR 0027).

A curator may enter any address, so requests are restricted against SSRF: host names only, default ports and public IP
addresses only, checked again for every redirect, and the connection uses the very IP address that was checked. Only
the status and the Location header of a response are read.
"""

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPException
from urllib.parse import SplitResult, urljoin, urlsplit

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from resources.facets import LinkProblem, State
from resources.models import HelpService

MOST = 200  # addresses per run
RUN_SECONDS = 200  # no visit starts after that; below CELERY_TASK_SOFT_TIME_LIMIT
VISIT_SECONDS = 10  # per request and response, including connection and TLS handshake
PAUSE_SECONDS = 1  # between requests to the same host
HOPS = 5
ADDRESSES = 3  # IP addresses per host, tried in turn
PORTS = {"http": 80, "https": 443}
LOCK = 20_260_003  # id of the advisory lock: one run at a time
_MOVED = {301, 302, 303, 307, 308}
# A host name has a dot, and its last label is not a number in any notation for IP addresses (0x7f.1, 2130706433).
_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)+(?!0x)(?=[a-z0-9-]*[a-z])[a-z0-9-]{2,63}")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedError(Exception):
    """The address must not be visited."""


@dataclass(frozen=True)
class Outcome:
    """The result of a visit. `problem` is empty on success; `answered` is whether a server responded at all."""

    problem: str
    answered: bool


def look_up(host: str, port: int) -> list[str]:
    """Return the current IP addresses of a host name, from the system's resolver."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def is_public(address: Address) -> bool:
    """Return whether an IP address is on the public internet.

    It must not be local or private, nor embed another address (IPv4 in IPv6, 6to4, Teredo, NAT64).
    """
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped or address.sixtofour or address.teredo or address.is_site_local
    ):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def user_agent() -> str:
    """Return a User-Agent with a contact address for the sites' operators."""
    name = settings.SITE_NAME.encode("ascii", "ignore").decode() or "Directory"
    contact = (
        f" (+mailto:{settings.CONTACT_EMAIL})" if settings.CONTACT_EMAIL.isascii() and settings.CONTACT_EMAIL else ""
    )
    return re.sub(r"[^ -~]", "", f"{name}-link-check/1.0{contact}")


@dataclass
class Visitor:
    """Visits addresses with rate limits and restrictions.

    The fields are for tests, which have no internet access. Production uses the defaults, and no setting changes what
    may be visited.
    """

    resolve: Callable[[str, int], list[str]] = look_up
    may_visit: Callable[[Address], bool] = is_public
    ports: dict[str, int] = field(default_factory=lambda: dict(PORTS))
    seconds: float = VISIT_SECONDS
    pause: Callable[[float], None] = time.sleep
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context
    _asked: dict[str, float] = field(default_factory=dict)  # monotonic time of the last request by host

    def visit(self, url: str) -> Outcome:
        """Return the outcome of requesting `url` and following its redirects. Errors of the server never raise."""
        try:
            for _hop in range(HOPS + 1):
                status, location = self._status(url)
                if status not in _MOVED or not location:
                    return _judge(status)
                url = urljoin(url, location)
        except RefusedError:
            return Outcome(LinkProblem.REFUSED, answered=False)
        except (HTTPError, HTTPException, OSError, UnicodeError, ValueError):
            return Outcome(LinkProblem.SILENT, answered=False)
        return Outcome(LinkProblem.CIRCLE, answered=True)

    def _status(self, url: str) -> tuple[int, str]:
        """Return the status and Location of HEAD, or of GET if HEAD fails, because many servers do not support it."""
        parts, host = self._read(url)
        addresses = self._public_addresses(host, self.ports[parts.scheme])
        status, location = self._ask("HEAD", parts, host, addresses)
        if status >= HTTPStatus.BAD_REQUEST:
            status, location = self._ask("GET", parts, host, addresses)
        return status, location

    def _read(self, url: str) -> tuple[SplitResult, str]:
        parts = urlsplit(url)
        if parts.scheme not in self.ports or parts.port not in (None, self.ports[parts.scheme]):
            raise RefusedError
        if parts.username is not None or parts.password is not None:
            raise RefusedError
        host = (parts.hostname or "").rstrip(".").encode("idna").decode().lower()
        if not _NAME.fullmatch(host):
            raise RefusedError
        return parts, host

    def _public_addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of `host`. Raises RefusedError if any of them is not public."""
        found = [ipaddress.ip_address(address) for address in self.resolve(host, port)]
        if not found or not all(self.may_visit(address) for address in found):
            raise RefusedError
        return [str(address) for address in found[:ADDRESSES]]

    def _ask(self, method: str, parts: SplitResult, host: str, addresses: list[str]) -> tuple[int, str]:
        self._wait_for(host)
        for address in addresses[:-1]:
            try:
                return self._ask_at(address, method, parts, host)
            except (OSError, HTTPError):
                continue  # the next address may be reachable
        return self._ask_at(addresses[-1], method, parts, host)

    def _ask_at(self, address: str, method: str, parts: SplitResult, host: str) -> tuple[int, str]:
        port = self.ports[parts.scheme]
        asking: HTTPConnection
        if parts.scheme == "https":
            asking = HTTPSConnection(
                address,
                port,
                timeout=self.seconds,
                ssl_context=self.tls(),
                server_hostname=host,
                assert_hostname=host,
            )
        else:
            asking = HTTPConnection(address, port, timeout=self.seconds)
        with _no_longer_than(self.seconds, asking):
            asking.request(
                method,
                parse_url(parts.geturl()).request_uri,
                headers={"Host": host, "User-Agent": user_agent(), "Accept": "*/*", "Connection": "close"},
                preload_content=False,
                decode_content=False,
            )
            answer = asking.getresponse()
            return answer.status, answer.headers.get("Location", "")

    def _wait_for(self, host: str) -> None:
        since = time.monotonic() - self._asked.get(host, -PAUSE_SECONDS)
        if since < PAUSE_SECONDS:
            self.pause(PAUSE_SECONDS - since)
        self._asked[host] = time.monotonic()


@contextmanager
def _no_longer_than(seconds: float, asking: HTTPConnection) -> Iterator[None]:
    """Close the connection after `seconds`, even if data arrives slowly, or at the end. Raises TimeoutError if late."""

    late = threading.Event()

    def hang_up() -> None:
        late.set()
        if asking.sock is not None:
            with suppress(OSError):
                asking.sock.shutdown(socket.SHUT_RDWR)

    clock = threading.Timer(seconds, hang_up)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()
        asking.close()
        if late.is_set():
            raise TimeoutError


def _judge(status: int) -> Outcome:
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Outcome(LinkProblem.GONE, answered=True)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome(LinkProblem.BROKEN, answered=True)
    return Outcome("", answered=True)  # also if only robots are rejected: people may still have access


def due(now: datetime) -> list[HelpService]:
    """Return published services whose web address has not been checked today, least recently checked first."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return list(
        HelpService.objects.filter(
            Q(link_checked_at__isnull=True) | Q(link_checked_at__lt=today), state=State.PUBLISHED
        )
        .exclude(web="")
        .order_by(F("link_checked_at").asc(nulls_first=True), "id")
        .only("id", "web", "link_failures")[:MOST]
    )


def check_all(visitor: Visitor | None = None, clock: Callable[[], float] = time.monotonic) -> int:
    """Check the web addresses that are due and store the results. Return how many were stored.

    A failure counts once a day, and a success resets the count. If no server responds at all, this machine is probably
    offline, and nothing is stored.
    """
    visitor = visitor or Visitor()
    end = clock() + RUN_SECONDS
    with _alone() as alone:
        if not alone:
            return 0
        outcomes: list[tuple[HelpService, Outcome]] = []
        for service in due(timezone.now()):
            if clock() >= end:
                break
            outcomes.append((service, visitor.visit(service.web)))
        if not any(outcome.answered for _service, outcome in outcomes):
            return 0
        for service, outcome in outcomes:
            # Skip services whose address was changed meanwhile: the result is for another one.
            HelpService.objects.filter(pk=service.pk, web=service.web).update(
                link_checked_at=timezone.now(),
                link_problem=outcome.problem,
                link_failures=F("link_failures") + 1 if outcome.problem else 0,
            )
        return len(outcomes)


@contextmanager
def _alone() -> Iterator[bool]:
    """Yield whether this is the only run. Holds an advisory lock of the database until the end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
