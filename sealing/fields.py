"""Columns whose text only their family can read.

In the database such a column holds bytes. On an instance it is the text: opened when it is first asked for, with the
key of the row's family. Saving seals it again only if it is another text than the one that lies there (the same words
sealed anew would look like a change) or if the family has a newer key. No query can name it: what is sealed cannot be
filtered, ordered or compared by SQL, and values() would hand out bytes.

What does not open takes nothing else down with it: it stands on the instance as Unreadable, an error is logged that
says where, and saving leaves its bytes as they lie. Whoever must know asks `unseal`, which raises.
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
    """SQL was to look into a sealed column, or to be given its text; or what cannot be read was to be written."""


T = TypeVar("T")

if TYPE_CHECKING:
    _Field = models.Field
else:

    class _Field(models.Field):
        def __class_getitem__(cls, kind: object) -> type:
            return cls


_as_bytes: ContextVar[bool] = ContextVar("sealed columns as they are", default=False)


@contextmanager
def as_bytes() -> Iterator[None]:
    """Inside, sealed columns are read and named as what they are in the database."""
    token = _as_bytes.set(True)
    try:
        yield
    finally:
        _as_bytes.reset(token)


class SealedColumn(models.F):
    """A sealed column of a related row, as bytes, to be put into an instance that opens it."""

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        with as_bytes():
            return super().resolve_expression(*args, **kwargs)


class _Kept:
    """What stands on an instance: the value, and the bytes in the database with the text they hold, where known."""

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
            super().__get__(instance, cls)  # asks the database, and leaves the bytes there
        kept = data[name]
        if isinstance(kept, _Kept):
            return kept.sealed if _as_bytes.get() and kept.sealed is not None else kept.value
        if _as_bytes.get():
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
    """The model whose rows a model's texts stand in: its own, or of versions the one they are versions of."""
    return getattr(model, "pgh_tracked_model", None) or model


class SealedField(_Field[T, T]):
    """`family` names the attribute of a row that holds its family's id; `author`, if given, that of the one person
    who may read the text."""

    descriptor_class = SealedAttribute
    kind: type = str

    def __init__(self, *args: Any, family: str = "family_id", author: str = "", **kwargs: Any) -> None:
        self.family, self.author = family, author
        self._starts: dict[type, tuple[bytes, str]] = {}  # how a place begins, and which attribute ends it, by model
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

    def db_check(self, connection: Any) -> str:  # noqa: ARG002  # Django's
        """SQL: nothing, or something sealed. No clear text gets into the column, whoever writes."""
        column = f'"{self.column}"'
        form = f"substring({column} FROM 1 FOR 1) = '\\x{FORM:02x}'::bytea"
        return f"{column} = ''::bytea OR octet_length({column}) > {SHORTEST} AND {form}"

    @property
    def column_comment(self) -> str:
        """What stands in the database's comment on the column: whose key seals it, and the row its texts stand in.
        Backup and restore, which know no models, read it there (tools.inventory)."""
        source = source_of(self.model)
        author = self._column_named(self.author) if self.author else "-"
        family = self._column_named(self.family)
        return f"sealed family={family} author={author} source={source._meta.db_table} row={source._meta.pk.column}"

    def _column_named(self, attribute: str) -> str:
        found = next(f for f in self.model._meta.concrete_fields if attribute in {f.attname, f.name})
        return str(found.column)

    def dump(self, value: Any) -> str:
        """The text that is sealed."""
        return str(value)

    def load(self, text: str) -> Any:
        """The value it holds. Raises ValueError when it holds none."""
        return text

    def unreadable(self, sealed: bytes) -> Any:
        """The value that stands for what cannot be opened."""
        return Unreadable(sealed)

    # -- Opening and sealing -------------------------------------------------------------------------------------------

    def owner_of(self, instance: models.Model) -> Owner:
        """Whose key it is sealed with."""
        data = instance.__dict__  # a page asks this for every text: past Django's descriptors, where it is there
        family: UUID = data.get(self.family) or getattr(instance, self.family)
        author: UUID | None = getattr(instance, self.author) if self.author else None
        return family, author

    def place_of(self, instance: models.Model) -> bytes:
        """Where it stands; a version stands where its row stands, so that its bytes can be copied by a trigger."""
        model = type(instance)
        known = self._starts.get(model)
        if known is None:
            source = source_of(model)
            known = self._starts[model] = (start_of(source._meta.db_table, self.attname), source._meta.pk.attname)
        start, key = known
        row: UUID = instance.__dict__[key]
        return start + row.bytes

    def open(self, instance: models.Model, sealed: bytes) -> _Kept:
        """What `sealed` holds, or what stands for it when that cannot be read; then it is logged, once a request."""
        try:
            text = self.unseal(instance, sealed)
            return _Kept(self.load(text), sealed, text)
        except (CannotOpenError, ValueError) as problem:
            where, owner = self.place_of(instance), self.owner_of(instance)
            if first_time(where if holds_key(owner) else owner):  # of a family without keys one line says it all
                # What an error of another kind says may quote the text.
                said = problem if isinstance(problem, CannotOpenError) else f"{say(where)}: it holds no document"
                log.error("This cannot be read: %s", said)  # noqa: TRY400  # the trace is that of any page
            return _Kept(self.unreadable(sealed), sealed)

    def unseal(self, instance: models.Model, sealed: bytes) -> str:
        """The text of `sealed`. Raises CannotOpenError."""
        return open_text(self.owner_of(instance), self.place_of(instance), sealed) if sealed else ""

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes:
        data, owner = model_instance.__dict__, self.owner_of(model_instance)
        kept = data[self.attname]
        if not isinstance(kept, _Kept):
            if not kept or (not add and is_newest(owner, kept)):
                return bytes(kept)
            if add:
                self.unseal(model_instance, kept)  # a copy of another row does not open here, and this says so
            kept = self.open(model_instance, kept)
        if sealed_in(kept.value) is not None:
            return self._as_it_lies(model_instance, kept, add=add)
        text = self.dump(kept.value)
        if kept.sealed is not None and (not kept.sealed or is_newest(owner, kept.sealed)):
            was = self._text_before(model_instance, kept.sealed, add=add) if kept.was is None or add else kept.was
            if was == text:
                return kept.sealed
        sealed = seal_text(owner, self.place_of(model_instance), text) if text else b""
        data[self.attname] = _Kept(kept.value, sealed, text)
        return sealed

    def _text_before(self, instance: models.Model, sealed: bytes, *, add: bool) -> str | None:
        """What stood there; None, which no text is, where it cannot be read: it is written anew."""
        try:
            return self.unseal(instance, sealed)
        except CannotOpenError:
            if add:
                raise
            return None

    def _as_it_lies(self, instance: models.Model, kept: _Kept, *, add: bool) -> bytes:
        if add or (isinstance(kept.value, dict) and len(kept.value)):
            message = (
                f"{say(self.place_of(instance))}: what cannot be read can only stay as it lies, or be written anew"
            )
            raise SealedError(message)
        return bytes(kept.sealed or b"")

    # -- What SQL may do with it: nothing ------------------------------------------------------------------------------

    @property
    def path_infos(self) -> list[Any]:
        """Django asks for this whenever a query names the column: filter, order_by, values, F, aggregates."""
        if _as_bytes.get():
            raise AttributeError  # as any column that leads nowhere
        message = f"{self.model._meta.label}.{self.name} is sealed: no query can name it. Fetch rows and read them."
        raise SealedError(message)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: ARG002  # Django's
        if value is None:
            return None
        if isinstance(value, bytes | memoryview):
            return connection.Database.Binary(bytes(value))
        if not value:
            return connection.Database.Binary(b"")
        message = (
            f"{self.model._meta.label}.{self.name} is sealed: set it on an instance and save that, not by update()."
        )
        raise SealedError(message)

    def value_to_string(self, obj: models.Model) -> str:  # noqa: ARG002  # Django's
        message = (
            f"{self.model._meta.label}.{self.name} is sealed: it leaves the database by an export, not by dumpdata."
        )
        raise SealedError(message)


class SealedTextField(SealedField[str]):
    """A text."""


class SealedJSONField(SealedField[dict[str, Any]]):
    """A small document, sealed as one text. Change it in place or set it anew; `{}` stays empty."""

    kind = dict

    def dump(self, value: Any) -> str:
        if any(isinstance(part, Unreadable) for part in value.values()):
            message = f"{self.name}: what cannot be read is no part of a document"
            raise SealedError(message)
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if value else ""

    def load(self, text: str) -> Any:
        value = json.loads(text) if text else {}
        if not isinstance(value, dict):
            raise ValueError  # noqa: TRY004  # it is not the caller's mistake
        return value

    def unreadable(self, sealed: bytes) -> Any:
        return UnreadableDocument(sealed)


class HoldsSealedText(models.Model):
    """The base of a model with sealed columns: what is read again from the database comes as it lies there."""

    class Meta:
        abstract = True

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        with as_bytes():
            super().refresh_from_db(*args, **kwargs)
