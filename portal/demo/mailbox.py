"""Reads the mail of the demo, which Django's file-based e-mail backend writes to a folder."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

END_OF_MESSAGE = b"\n" + b"-" * 79 + b"\n"  # separator written by the file-based backend


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    at: datetime
    text: str


def newest(folder: Path, limit: int = 30) -> list[Letter]:
    """Return the newest messages, newest first."""
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    letters: list[Letter] = []
    for path in files[:limit]:
        parts = [part for part in path.read_bytes().split(END_OF_MESSAGE) if part.strip()]
        letters += [_letter(part) for part in reversed(parts)]
    return letters[:limit]


def _letter(source: bytes) -> Letter:
    message = message_from_bytes(source, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy returns
    body = message.get_body(("plain", "html"))
    return Letter(
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        at=message["Date"].datetime.replace(tzinfo=UTC),  # Django writes UTC as -0000, which Python parses as naive
        text=body.get_content().strip() if body else "",
    )
