"""What stands where a sealed text cannot be opened (sealing.fields gives it): a page shows it and goes on."""

from typing import Any, Self

from django.utils.translation import gettext as _


class Unreadable(str):
    """Reads «Kan ikke leses» wherever a text is shown. It is nobody's text: it is never written, dialled or sent.

    `sealed` is what lies there. Two are the same only when the same bytes do, and no text is ever the same as one.
    """

    __slots__ = ("sealed",)
    sealed: bytes

    def __new__(cls, sealed: bytes) -> Self:
        made = super().__new__(cls, _("Cannot be read"))
        made.sealed = sealed
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unreadable) and other.sealed == self.sealed

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.sealed)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        message = "what cannot be read is kept nowhere else"
        raise TypeError(message)


class UnreadableDocument(dict[str, Any]):
    """The same for a document: there is nothing in it but `mark`."""

    def __init__(self, sealed: bytes) -> None:
        super().__init__()
        self.mark = Unreadable(sealed)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnreadableDocument) and other.mark == self.mark

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __bool__(self) -> bool:
        return True


def sealed_in(value: object) -> bytes | None:
    """The bytes that `value` stands for, if it is one of these."""
    if isinstance(value, Unreadable):
        return value.sealed
    return value.mark.sealed if isinstance(value, UnreadableDocument) else None
