"""Placeholders for encrypted values that cannot be decrypted, so that pages still render (see sealing.fields)."""

from typing import Any, Self

from django.utils.translation import gettext as _


class Unreadable(str):
    """A string that displays as «Kan ikke leses». It is never saved, dialled or mailed.

    `sealed` is the stored ciphertext. Two placeholders are equal only if their ciphertexts are; a placeholder never
    equals a text.
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
    """The placeholder for a document: an empty dict with an Unreadable as `mark`."""

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
    """Return the ciphertext if `value` is a placeholder, otherwise None."""
    if isinstance(value, Unreadable):
        return value.sealed
    return value.mark.sealed if isinstance(value, UnreadableDocument) else None
