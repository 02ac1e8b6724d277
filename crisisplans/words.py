"""What is written in a plan item: one small document, its shape decided by the section."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from crisisplans.models import PlanItem, Section


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of most sections: one text."""

    text: str = ""

    def as_document(self) -> dict[str, str]:
        """The form the database keeps."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class WarningSign(Words):
    """A sign, and who usually notices it first."""

    noticed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Medicine(Words):
    """A medicine by name (`text`), or an allergy or other fact with only a text and a note."""

    dose: str = ""
    when: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Agreement(Words):
    """A rule (`text`), what follows when it is broken, and who has been told."""

    consequence: str = ""
    told: str = ""


SHAPES: dict[Section, type[Words]] = {
    Section.WARNING_SIGNS: WarningSign,
    Section.MEDICAL: Medicine,
    Section.AGREEMENTS: Agreement,
}


def shape_of(section: str) -> type[Words]:
    """The shape of the words in `section`."""
    return SHAPES.get(Section(section), Words)


def read_words(section: str, document: dict[str, Any]) -> Words:
    """Read a kept document. Names it does not know are left out; missing ones are empty."""
    shape = shape_of(section)
    known = {field.name for field in fields(shape)}
    return shape(**{name: str(value) for name, value in document.items() if name in known})


def words_of(item: PlanItem) -> Words:
    """The words of `item`."""
    return read_words(item.section, item.words)
