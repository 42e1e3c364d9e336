"""Refs of Python modules: any object, objects of a type with a name, and bytes.

    Annotated[Message, "!custom.message"]   an instance of `Message`, which others know as `!custom.message`
    Annotated[bytes, "!vm.buffer"]          the bytes of a buffer; `str` in UTF-8
    Annotated[object, "!vm.list<?>"]        a list, a buffer and so on, as it is
    anything else                           any ref

Programs hand such refs on without looking inside; linking compares the names.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType, UnionType
from typing import TypeAlias, Union, cast, get_args, get_origin

from gossamer.abi.value_type import RefType, ref_name
from gossamer.errors import InvalidArgumentError
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.ref_types import OPAQUE, ref_type, ref_type_name, register_ref_type

_OWN_DIALECTS = ("!hal.", "!io_parameters.", "!vm.")
ANY_REF = "!vm.ref<?>"


@dataclass(frozen=True, slots=True)
class ObjectConverter:
    """A ref, passed as it is.

    Attributes:
        name: of the type, as declarations have it.
        classes: its objects are instances of one of them.
    """

    name: str = ANY_REF
    classes: tuple[type, ...] = (object,)

    @property
    def value_type(self) -> RefType:
        """The type, as declarations have it."""
        return RefType(self.name)

    def from_vm(self, value: object) -> object:
        """The same. Raises: InvalidArgumentError for an object of another type."""
        return self.to_vm(value, "argument")

    def to_vm(self, value: object, what: str) -> object:
        """The same. Raises: InvalidArgumentError naming `what` for an object of another type."""
        if value is None or isinstance(value, self.classes):
            return value
        raise InvalidArgumentError(
            f"{what} expected {self.name} ({_names(self.classes)}), found {ref_type_name(value)}"
        )


@dataclass(frozen=True, slots=True)
class BytesConverter:
    """A `!vm.buffer` that Python sees as what is in it.

    Attributes:
        name: of the type, as declarations have it.
        is_text: `str` in UTF-8 instead of `bytes`.
    """

    name: str
    is_text: bool

    @property
    def value_type(self) -> RefType:
        """The type, as declarations have it."""
        return RefType(self.name)

    def from_vm(self, value: object) -> object:
        """A copy of the contents; None for null.

        Raises: InvalidArgumentError for another ref, or for text that is not UTF-8.
        """
        if value is None:
            return None
        if not isinstance(value, Buffer):
            raise InvalidArgumentError(f"expected {self.name}, found {ref_type_name(value)}")
        data = bytes(value.data)
        if not self.is_text:
            return data
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise InvalidArgumentError(f"{self.name} for a str is not UTF-8: {error}") from None

    def to_vm(self, value: object, what: str) -> object:
        """A buffer with a copy of the contents; buffers are passed as they are.

        Raises: InvalidArgumentError naming `what` for anything else.
        """
        if value is None or isinstance(value, Buffer):
            return value
        if self.is_text and isinstance(value, str):
            return Buffer.wrap(value.encode())
        if not self.is_text and isinstance(value, bytes | bytearray | memoryview):
            return Buffer.wrap(bytes(cast("bytes", value)))
        expected = "str" if self.is_text else "bytes"
        raise InvalidArgumentError(
            f"{what} expected {expected} for {self.name}, found {type(value).__name__}"
        )


RefConverter: TypeAlias = ObjectConverter | BytesConverter


def parse_ref(base: object, name: str, where: str) -> RefConverter:
    """Read the annotation of a ref whose type has a name, and make the type known.

    Args:
        base: the class that is annotated.
        name: with the leading "!".
        where: named in errors.
    Raises: InvalidArgumentError at a name that means nothing.
    """
    known = ref_name(name)
    if known == "!vm.buffer" and (base is bytes or base is str):
        return BytesConverter(name, base is str)
    classes = _classes_of(base)
    if not known.startswith(_OWN_DIALECTS):
        register_ref_type(known, *classes)
        return ObjectConverter(name, classes)
    try:
        is_any = ref_type(known) is OPAQUE
    except ValueError as error:
        raise InvalidArgumentError(f"{where}: {error}") from None
    if is_any:
        return ObjectConverter(name, classes)
    if classes != (object,):
        raise InvalidArgumentError(
            f"{where}: objects of {name} are not of class {_names(classes)}; annotate 'object'"
        )
    return ObjectConverter(name)


def _classes_of(annotation: object) -> tuple[type, ...]:
    """The classes that an annotation admits beside None."""
    origin = get_origin(annotation)
    if origin is Union or origin is UnionType:
        members = (member for member in get_args(annotation) if member is not NoneType)
        return tuple(cls for member in members for cls in _classes_of(member))
    cls = origin or annotation
    return (cls if isinstance(cls, type) else object,)


def _names(classes: tuple[type, ...]) -> str:
    return " or ".join(cls.__qualname__ for cls in classes)
