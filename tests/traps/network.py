"""Nothing leaves this machine. An audit hook sees every socket Python opens, whoever opens it."""

import sys

from tests.traps import spring

LOOPBACK = {"localhost", "127.0.0.1", "::1", "", None}

_watching = False


def host_of(event: str, args: tuple) -> str | None:
    """The host an audit event is about, or None for a local one (also Unix sockets)."""
    if event in {"socket.connect", "socket.sendto"}:
        address = args[1]
        return str(address[0]) if isinstance(address, tuple) and address else None
    host = args[0]
    return host.decode() if isinstance(host, bytes) else host


def hook(event: str, args: tuple) -> None:
    if not _watching or not event.startswith("socket."):
        return
    if event in {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}:
        host = host_of(event, args)
        if host not in LOOPBACK and not str(host).startswith("127."):
            spring("network", f"{event} {host}")


def watch() -> None:
    """Start watching, for the rest of the run: an audit hook cannot be taken away."""
    global _watching  # noqa: PLW0603 - the hook outlives every fixture
    if not _watching:
        sys.addaudithook(hook)
        _watching = True
