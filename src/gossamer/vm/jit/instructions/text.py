"""LLVM IR as text: instructions of one function, and what a module declares."""

from __future__ import annotations

import struct

from gossamer.vm.typed.expression import Literal

LLVM_TYPES = {"i": "i32", "I": "i64", "f": "float", "F": "double"}
"""LLVM type of each kind of value."""


def literal_text(literal: Literal) -> str:
    """A constant, without its type."""
    value = literal.value
    if value is None:
        return "null"
    if isinstance(value, int) and literal.kind in "iI":
        return str(value)
    # Why: LLVM writes floats of both widths as the bits of an f64.
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


MAX_STACK_BYTES = 1 << 16
"""Buffers on the stack, of all functions of a module together. Why together: they may call each other."""


class ModuleText:
    """Declarations and metadata that functions share."""

    def __init__(self) -> None:
        self._stack_bytes = 0
        self.declarations: dict[str, str] = {}
        self.globals: list[str] = []
        self._definitions: dict[str, str] = {}
        self._metadata: list[str] = []
        self.empty_metadata = self.metadata("!{}")
        self.likely = self.metadata('!{!"branch_weights", i32 2000, i32 1}')

    def declare(self, name: str, signature: str, attributes: str = "") -> str:
        """Declare a function once; returns its name as calls write it.

        Args:
            signature: result and argument types, as in `float (float)`.
        """
        result, _, arguments = signature.partition(" ")
        self.declarations[name] = f"declare {result} @{name}{arguments} {attributes}".rstrip()
        return f"@{name}"

    def define(self, name: str, text: str) -> None:
        """Add a function once."""
        self._definitions[name] = text

    def take_stack(self, length: int) -> bool:
        """Set bytes of the stack aside; False where too few are left."""
        if self._stack_bytes + length > MAX_STACK_BYTES:
            return False
        self._stack_bytes += length
        return True

    def metadata(self, text: str) -> str:
        """Add a metadata node; `{self}` in it stands for its own name."""
        name = f"!{len(self._metadata)}"
        self._metadata.append(f"{name} = {text.replace('{self}', name)}")
        return name

    def render(self, functions: list[str]) -> str:
        """The whole module."""
        definitions = list(self._definitions.values())
        parts = [self.globals, functions, definitions, list(self.declarations.values()), self._metadata]
        return "\n\n".join("\n".join(part) for part in parts) + "\n"


class FunctionText:
    """Instructions of one function, in blocks.

    Attributes:
        module: where declarations and metadata go.
        label: of the block that instructions are added to.
    """

    def __init__(self, module: ModuleText) -> None:
        self.module = module
        self.label = ""
        self.blocks: dict[str, list[str]] = {}
        self._count = 0

    def start(self, label: str) -> None:
        """Begin a block."""
        self.label = label
        self.blocks[label] = []

    def new_label(self, prefix: str) -> str:
        """A label nothing else has."""
        self._count += 1
        return f"{prefix}.{self._count}"

    def add(self, text: str) -> None:
        """Add an instruction without a result."""
        self.blocks[self.label].append(f"  {text}")

    def value(self, text: str) -> str:
        """Add an instruction; returns the name of its result."""
        self._count += 1
        self.add(f"%t{self._count} = {text}")
        return f"%t{self._count}"

    def intrinsic(self, name: str, signature: str, *operands: str) -> str:
        """Call an intrinsic whose name is `llvm.<name>`; operands carry their types."""
        callee = self.module.declare(f"llvm.{name}", signature)
        return self.value(f"call {signature.partition(' ')[0]} {callee}({', '.join(operands)})")

    def render(self) -> str:
        """All blocks, in the order they were begun."""
        return "\n".join(f"{label}:\n" + "\n".join(lines) for label, lines in self.blocks.items())
