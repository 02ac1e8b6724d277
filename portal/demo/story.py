"""How a demo family is told: who is in it, and who wrote, changed, removed or said what, how many days ago."""

from dataclasses import dataclass
from typing import Any

from crisisplans.models import Comment, Section
from families.models import Role

PASSWORD = "en-rolig-morgen"  # noqa: S105  # everybody's in the demo, printed when it is loaded


@dataclass(frozen=True)
class Person:
    """Somebody who signs in."""

    key: str
    who: str  # for the one who tries the demo

    @property
    def email(self) -> str:
        return f"{self.key}@example.org"


@dataclass(frozen=True)
class Member:
    """A person in a family. The first one started it; the others were invited and said yes."""

    key: str
    name: str
    nickname: str
    role: Role = Role.RELATIVE
    joined: int = 0  # days ago


@dataclass(frozen=True)
class Change:
    """What somebody wrote instead."""

    by: str
    ago: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What the other side said to it."""

    by: str
    ago: int
    text: str
    kind: str = Comment.Kind.REMARK


@dataclass(frozen=True)
class Line:
    """One line of the plan. Days in its values count from today."""

    section: Section
    by: str
    ago: int
    values: dict[str, Any]
    changes: tuple[Change, ...] = ()
    said: tuple[Said, ...] = ()
    removed: int | None = None  # days ago, by whom it was written
    tested: int | None = None  # days ago, by whom it was written


@dataclass(frozen=True)
class DemoFamily:
    subject_name: str
    started: int
    members: tuple[Member, ...]
    lines: tuple[Line, ...]
    ready: tuple[Section, ...] = ()
    reviewed: int | None = None
