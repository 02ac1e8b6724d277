"""Model fields that are encrypted with a family's data key.

The column stores ciphertext. On an instance, the attribute is plain text, decrypted on first access with the data key
of the row's family. Saving encrypts it again only if the text has changed (another ciphertext of the same text would
look like a change) or if the family has a newer key. Queries cannot name the column: SQL cannot filter, order or
compare ciphertext, and values() would return bytes.

A value that cannot be decrypted does not break the page: the attribute becomes an Unreadable, an error with its
location is logged, and saving does not change its ciphertext. Call `unseal` to get an exception instead.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.functional import Promise

from common.unreadable import Unreadable, UnreadableDocument, sealed_in
from sealing.keys import Owner, first_time, holds_key, is_newest, open_text, seal_text
from sealing.text import FORM, SHORTEST, CannotOpenError, say, start_of

log = logging.getLogger(__name__)


class SealedError(TypeError):
    """A query names an encrypted column or assigns text to it, or a value that cannot be decrypted would be written."""


T = TypeVar("T")

if TYPE_CHECKING:
    _Field = models.Field
else:

    class _Field(models.Field):
        def __class_getitem__(cls, kind: object) -> type:
            return cls


_raw_ciphertext: ContextVar[bool] = ContextVar("sealed columns as they are", default=False)


@contextmanager
def raw_ciphertext() -> Iterator[None]:
    """Read encrypted columns as ciphertext inside the block, and allow queries to name them."""
    token = _raw_ciphertext.set(True)
    try:
        yield
    finally:
        _raw_ciphertext.reset(token)


class SealedColumn(models.F):
    """An encrypted column of a related row as ciphertext, to be set on an instance that decrypts it."""

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        with raw_ciphertext():
            return super().resolve_expression(*args, **kwargs)


class _Kept:
    """The value on an instance. If known, also its ciphertext in the database, and the text in that ciphertext."""

    __slots__ = ("sealed", "value", "was")

    def __init__(self, value: Any, sealed: bytes | None = None, was: str | None = None) -> None:
        self.value, self.sealed, self.was = value, sealed, was


class SealedAttribute(DeferredAttribute):
    field: "SealedField[Any]"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        data, name = instance.__dict__, self.field.attname
        if name not in data:
            super().__get__(instance, cls)  # queries the database and puts the ciphertext there
        kept = data[name]
        if isinstance(kept, _Kept):
            return kept.sealed if _raw_ciphertext.get() and kept.sealed is not None else kept.value
        if _raw_ciphertext.get():
            return kept
        opened = data[name] = self.field.open(instance, kept)
        return opened.value

    def __set__(self, instance: models.Model, value: Any) -> None:
        data, name = instance.__dict__, self.field.attname
        if isinstance(value, bytes | memoryview):
            data[name] = bytes(value)
            return
        if isinstance(value, Promise):
            value = str(value)
        if not isinstance(value, self.field.kind):
            message = f"{name} takes {self.field.kind.__name__}, not {type(value).__name__}"
            raise TypeError(message)
        before = data.get(name)
        if not isinstance(before, _Kept):
            before = _Kept(None, before)
        unread = sealed_in(value)
        if unread is not None and unread != before.sealed:
            message = f"{name}: what cannot be read can stand nowhere but where it lies"
            raise SealedError(message)
        data[name] = _Kept(value, before.sealed, before.was)


def source_of(model: type[models.Model]) -> Any:
    """Return the model whose rows the texts belong to: the model itself, or the tracked model of a version model."""
    return getattr(model, "pgh_tracked_model", None) or model


class SealedField(_Field[T, T]):
    """Base class of the encrypted fields.

    `family` names the attribute with the id of the row's family. `author`, if given, names the attribute with the id of
    the only user who may read the text.
    """

    descriptor_class = SealedAttribute
    kind: type = str

    def __init__(self, *args: Any, family: str = "family_id", author: str = "", **kwargs: Any) -> None:
        self.family, self.author = family, author
        self._starts: dict[type, tuple[bytes, str]] = {}  # by model: prefix of the associated data, row id attribute
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.family != "family_id":
            kwargs["family"] = self.family
        if self.author:
            kwargs["author"] = self.author
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "BinaryField"

    def db_check(self, connection: Any) -> str:
        """SQL: the column is empty or has the format of a ciphertext, so that plain text is never stored in it."""
        column = f'"{self.column}"'
        form = f"substring({column} FROM 1 FOR 1) = '\\x{FORM:02x}'::bytea"
        return f"{column} = ''::bytea OR octet_length({column}) > {SHORTEST} AND {form}"

    @property
    def column_comment(self) -> str:
        """The comment on the database column: whose key encrypts it, and which row its texts belong to.

        Backup and restore read it (tools.inventory), since they do not load the models.
        """
        source = source_of(self.model)
        author = self._column_named(self.author) if self.author else "-"
        family = self._column_named(self.family)
        return f"sealed family={family} author={author} source={source._meta.db_table} row={source._meta.pk.column}"

    def _column_named(self, attribute: str) -> str:
        found = next(f for f in self.model._meta.concrete_fields if attribute in {f.attname, f.name})
        return str(found.column)

    def dump(self, value: Any) -> str:
        """Return the text to encrypt."""
        return str(value)

    def load(self, text: str) -> Any:
        """Return the value for a decrypted text. Raises ValueError if the text is invalid."""
        return text

    def unreadable(self, sealed: bytes) -> Any:
        """Return the placeholder for a value that cannot be decrypted."""
        return Unreadable(sealed)

    # -- Encryption and decryption -------------------------------------------------------------------------------------

    def owner_of(self, instance: models.Model) -> Owner:
        """Return the owner of the key for this row: the family, and the author if the field has one."""
        data = instance.__dict__  # called for every text on a page: bypass Django's descriptors if possible
        family: UUID = data.get(self.family) or getattr(instance, self.family)
        author: UUID | None = getattr(instance, self.author) if self.author else None
        return family, author

    def place_of(self, instance: models.Model) -> bytes:
        """Return the associated data for this row.

        A version has the same as the row it belongs to, so that a trigger can copy the ciphertext.
        """
        model = type(instance)
        known = self._starts.get(model)
        if known is None:
            source = source_of(model)
            known = self._starts[model] = (start_of(source._meta.db_table, self.attname), source._meta.pk.attname)
        start, key = known
        row: UUID = instance.__dict__[key]
        return start + row.bytes

    def open(self, instance: models.Model, sealed: bytes) -> _Kept:
        """Decrypt `sealed`. On failure, return a placeholder, and log the error once per request."""
        try:
            text = self.unseal(instance, sealed)
            return _Kept(self.load(text), sealed, text)
        except (CannotOpenError, ValueError) as problem:
            where, owner = self.place_of(instance), self.owner_of(instance)
            if first_time(where if holds_key(owner) else owner):  # once per family if it has no keys at all
                # The message of any other exception may quote the text.
                said = problem if isinstance(problem, CannotOpenError) else f"{say(where)}: it holds no document"
                log.error("This cannot be read: %s", said)  # noqa: TRY400  # the traceback adds nothing
            return _Kept(self.unreadable(sealed), sealed)

    def unseal(self, instance: models.Model, sealed: bytes) -> str:
        """Return the decrypted text. Raises CannotOpenError."""
        return open_text(self.owner_of(instance), self.place_of(instance), sealed) if sealed else ""

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes:
        data, owner = model_instance.__dict__, self.owner_of(model_instance)
        kept = data[self.attname]
        if not isinstance(kept, _Kept):
            if not kept or (not add and is_newest(owner, kept)):
                return bytes(kept)
            if add:
                self.unseal(model_instance, kept)  # raises for ciphertext that was copied from another row
            kept = self.open(model_instance, kept)
        if sealed_in(kept.value) is not None:
            return self._unchanged_ciphertext(model_instance, kept, add=add)
        text = self.dump(kept.value)
        if kept.sealed is not None and (not kept.sealed or is_newest(owner, kept.sealed)):
            was = self._text_before(model_instance, kept.sealed, add=add) if kept.was is None or add else kept.was
            if was == text:
                return kept.sealed
        sealed = seal_text(owner, self.place_of(model_instance), text) if text else b""
        data[self.attname] = _Kept(kept.value, sealed, text)
        return sealed

    def _text_before(self, instance: models.Model, sealed: bytes, *, add: bool) -> str | None:
        """Return the text in the database, or None if it cannot be decrypted, so that it is encrypted again."""
        try:
            return self.unseal(instance, sealed)
        except CannotOpenError:
            if add:
                raise
            return None

    def _unchanged_ciphertext(self, instance: models.Model, kept: _Kept, *, add: bool) -> bytes:
        if add or (isinstance(kept.value, dict) and len(kept.value)):
            message = (
                f"{say(self.place_of(instance))}: what cannot be read can only stay as it lies, or be written anew"
            )
            raise SealedError(message)
        return bytes(kept.sealed or b"")

    # -- Blocked in SQL ------------------------------------------------------------------------------------------------

    @property
    def path_infos(self) -> list[Any]:
        """Raise SealedError: a query names this column.

        Django reads this property for filter, order_by, values, F and aggregates.
        """
        if _raw_ciphertext.get():
            raise AttributeError  # like any column that is not a relation
        raise self._refusal("no query can name it. Fetch rows and read them.")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        if isinstance(value, bytes | memoryview):
            return connection.Database.Binary(bytes(value))
        if not value:
            return connection.Database.Binary(b"")
        raise self._refusal("set it on an instance and save that, not by update().")

    def value_to_string(self, obj: models.Model) -> str:
        raise self._refusal("it leaves the database by an export, not by dumpdata.")

    def _refusal(self, advice: str) -> SealedError:
        return SealedError(f"{self.model._meta.label}.{self.name} is sealed: {advice}")


class SealedTextField(SealedField[str]):
    """An encrypted text."""


class SealedJSONField(SealedField[dict[str, Any]]):
    """A small JSON object, encrypted as one text. It may be changed in place. `{}` is stored as an empty value."""

    kind = dict

    def dump(self, value: Any) -> str:
        if any(isinstance(part, Unreadable) for part in value.values()):
            message = f"{self.name}: what cannot be read is no part of a document"
            raise SealedError(message)
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if value else ""

    def load(self, text: str) -> Any:
        value = json.loads(text) if text else {}
        if not isinstance(value, dict):
            raise ValueError  # noqa: TRY004  # invalid data, not an invalid argument
        return value

    def unreadable(self, sealed: bytes) -> Any:
        return UnreadableDocument(sealed)


class HoldsSealedText(models.Model):
    """Base class of models with encrypted columns. `refresh_from_db` reloads them as ciphertext."""

    class Meta:
        abstract = True

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        with raw_ciphertext():
            super().refresh_from_db(*args, **kwargs)
