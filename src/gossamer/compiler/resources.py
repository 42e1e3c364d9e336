"""Bytes that constants of a program name (`dense_resource<key>`), kept outside MLIR.

MLIR would copy them into its context, where nothing can read them: frontends take them out of the source
before it is parsed, and `host` takes them from here when it writes constants.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.walk import walk
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_PREFIX = "dense_resource<"
_NUMBER = re.compile(r"\d+")
_LARGEST_LITERAL = 4096
"""Bytes up to which a resource becomes a literal, so that passes can look into it."""

ElementsReader = Callable[[], "bytes | memoryview"]


def is_resource(attribute: ir.Attribute | None) -> bool:
    """Whether an attribute names bytes instead of holding them."""
    # Why: the bindings do not tell these attributes apart, and text of literals may be long.
    if attribute is None or isinstance(attribute, ir.DenseElementsAttr):
        return False
    return str(attribute).startswith(_PREFIX)


class Resources:
    """The resources of a program, by key.

    Attributes:
        fills_elided: contents that were left out when a program was printed count as zeros.
        literal_names: keys of what became literals, by their text.
    """

    def __init__(self, *, fills_elided: bool = False) -> None:
        self.fills_elided = fills_elided
        self._readers: dict[str, ElementsReader] = {}
        self.literal_names: dict[str, str] = {}
        self._in_mlir: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._readers)

    def add(self, key: str, data: bytes | memoryview) -> None:
        """Add bytes, which are shared, not copied."""
        self._readers[key] = lambda: data

    def add_lazy(self, key: str, read: ElementsReader) -> None:
        """Add bytes that `read` makes."""
        self._readers[key] = read

    def create(self, key: str, type: ir.Type, data: bytes | memoryview) -> ir.Attribute:
        """Make an attribute of some type for new bytes, which are shared."""
        return self.create_lazy(key, type, lambda: data)

    def create_lazy(self, key: str, type: ir.Type, read: ElementsReader) -> ir.Attribute:
        """Make an attribute of some type for bytes that `read` makes, each time they are asked for."""
        unique = key
        while unique in self._readers:
            unique += "_"
        self.add_lazy(unique, read)
        return ir.Attribute.parse(f"{_PREFIX}{_quoted(unique)}> : {type}")

    def data_of(self, attribute: ir.Attribute, op: ir.Operation) -> bytes | memoryview:
        """The bytes that an attribute names: elements in order, little endian, at least a byte each.

        Raises: CompileError, which blames `op`, where they are missing or not as many as the type has.
        """
        key, type = key_of(attribute), ir.RankedTensorType(attribute.type)
        expected = _byte_count(type)
        reader = self._readers.get(key)
        if reader is None:
            if self.fills_elided:
                return bytes(expected)
            message = f"the contents of resource '{key}' are missing"
            hint = "left out when the program was printed? --iree-util-zero-fill-elided-attrs takes zeros"
            raise CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
        data = reader()
        if len(data) != expected:
            message = f"resource '{key}' has {len(data)} bytes, and {type} takes {expected}"
            raise CompileError([Diagnostic(message, source_location(op.location))])
        return data

    def in_mlir(self, attribute: ir.Attribute, op: ir.Operation) -> ir.Attribute:
        """An attribute for the same bytes, which MLIR has a copy of; errors blame `op`."""
        key = key_of(attribute)
        if key in self._in_mlir:
            return attribute
        data = self.data_of(attribute, op)
        # Why: a key that was used without contents gets a number, so that it has to be added again.
        held = ir.DenseResourceElementsAttr.get_from_buffer(
            memoryview(data), key, attribute.type, alignment=64
        )
        self.add(key_of(held), data)
        self._in_mlir.add(key_of(held))
        return held


def key_of(attribute: ir.Attribute) -> str:
    """The key of a resource attribute."""
    text = str(attribute).removeprefix(_PREFIX)
    if not text.startswith('"'):
        return text.partition(">")[0]
    return ir.StringAttr(ir.Attribute.parse(text[: text.rindex('"') + 1])).value


def write_out(module: ir.Module, resources: Resources) -> None:
    """Give MLIR the resources of a module, so that it prints them with it."""

    def replace(op: ir.Operation, name: str, value: ir.Attribute) -> None:
        op.attributes[name] = resources.in_mlir(value, op)

    if resources:
        _for_each(module, replace)


def inline_small(module: ir.Module, resources: Resources) -> None:
    """Make literals of small resources, such as shapes, which passes have to read."""

    def replace(op: ir.Operation, name: str, value: ir.Attribute) -> None:
        type = ir.RankedTensorType(value.type)
        if not 0 < _byte_count(type) <= _LARGEST_LITERAL or str(type.element_type).startswith("complex"):
            return
        data = resources.data_of(value, op)
        literal = ir.Attribute.parse(f'dense<"0x{bytes(data).hex()}"> : {type}')
        resources.literal_names.setdefault(str(literal), key_of(value))
        op.attributes[name] = literal

    if resources:
        _for_each(module, replace)


def _for_each(module: ir.Module, act: Callable[[ir.Operation, str, ir.Attribute], None]) -> None:
    with module.context, ir.Location.unknown():
        for op in walk(module.operation):
            for name in op.attributes:
                try:
                    value = op.attributes[name]
                except TypeError:  # a literal that the bindings have no class for
                    continue
                if is_resource(value):
                    act(op, name, value)


def _byte_count(type: ir.RankedTensorType) -> int:
    element = str(type.element_type)
    number = _NUMBER.search(element)
    bits = int(number[0]) if number else 64
    count = 1
    for extent in type.shape:
        count *= extent
    return count * -(-bits // 8) * (2 if element.startswith("complex") else 1)


def _quoted(key: str) -> str:
    return str(ir.StringAttr.get(key))
