"""Data classes for a demo family: its members, and who wrote, changed or removed which item, how many days ago."""

from dataclasses import dataclass
from typing import Any

from crisisplans.models import Comment, Section
from families.models import Role

PASSWORD = "en-rolig-morgen"  # noqa: S105  # shared by all users of the demo, printed when it is loaded


@dataclass(frozen=True)
class Person:
    """A user of the demo."""

    key: str
    who: str  # shown to people who try the demo

    @property
    def email(self) -> str:
        return f"{self.key}@example.org"


@dataclass(frozen=True)
class Member:
    """A member of a family. The first one created it; the others accepted an invitation."""

    key: str
    name: str
    nickname: str
    role: Role = Role.RELATIVE
    joined: int = 0  # days ago


@dataclass(frozen=True)
class Change:
    """A later revision of an item."""

    by: str
    ago: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A comment on an item by another member."""

    by: str
    ago: int
    text: str
    kind: str = Comment.Kind.REMARK


@dataclass(frozen=True)
class Line:
    """An item of the plan. `review_on` in its values counts days from today."""

    section: Section
    by: str
    ago: int
    values: dict[str, Any]
    changes: tuple[Change, ...] = ()
    said: tuple[Said, ...] = ()
    removed: int | None = None  # days ago, by its author
    tested: int | None = None  # days ago, by its author


@dataclass(frozen=True)
class DemoFamily:
    subject_name: str
    started: int
    members: tuple[Member, ...]
    lines: tuple[Line, ...]
    ready: tuple[Section, ...] = ()
    reviewed: int | None = None
