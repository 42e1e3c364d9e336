"""Bytecode modules made with our own assembler, for tests of executors."""

from __future__ import annotations

from collections.abc import Callable

from gossamer.format.module_def import (
    ExportFunction,
    FunctionDescriptor,
    FunctionSignature,
    ImportFunction,
    ModuleDef,
    Requirements,
    RodataSegment,
)
from gossamer.isa.encode import Assembler
from gossamer.vm.bytecode.limits import DEFAULT_LIMITS, Limits
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.loading import bytecode_module

ALL_REQUIREMENTS = Requirements(15)
TYPES = ("i32", "i64", "f32", "f64", "!vm.buffer", "!vm.list<i32>", "!vm.opaque")
BUFFER_TYPE, LIST_TYPE, OPAQUE_TYPE = 4, 5, 6
"""Ordinals in `TYPES`."""


class ModuleBuilder:
    """Collects functions; `body(assembler)` starts inside the entry block."""

    def __init__(self, *rodata: bytes, global_bytes: int = 0, global_refs: int = 0) -> None:
        self._rodata = rodata
        self._globals = (global_bytes, global_refs)
        self._functions: list[tuple[str, str, FunctionDescriptor]] = []
        self._bytecode = bytearray()

    def function(
        self, name: str, convention: str, body: Callable[[Assembler], None], *, cells: int = 64, refs: int = 8
    ) -> int:
        """Add a function; an empty name keeps it private. Returns its ordinal."""
        assembler = Assembler()
        assembler.block()
        body(assembler)
        assembled = assembler.finish()
        descriptor = FunctionDescriptor(
            len(self._bytecode),
            len(assembled.bytecode),
            ALL_REQUIREMENTS,
            assembled.block_count,
            cells,
            refs,
        )
        self._bytecode += assembled.bytecode + bytes(-len(assembled.bytecode) % 8)
        self._functions.append((name, convention, descriptor))
        return len(self._functions) - 1

    def module(
        self, limits: Limits = DEFAULT_LIMITS, imports: tuple[ImportFunction, ...] = ()
    ) -> BytecodeModule:
        """The verified module."""
        definition = ModuleDef(
            name="m",
            types=TYPES,
            imported_functions=imports,
            exported_functions=tuple(
                ExportFunction(name, ordinal) for ordinal, (name, _, _) in enumerate(self._functions) if name
            ),
            function_signatures=tuple(FunctionSignature(convention) for _, convention, _ in self._functions),
            rodata_segments=tuple(RodataSegment(data) for data in self._rodata),
            global_bytes_capacity=self._globals[0],
            global_ref_count=self._globals[1],
            function_descriptors=tuple(descriptor for _, _, descriptor in self._functions),
            bytecode_data=bytes(self._bytecode),
        )
        return bytecode_module(definition, limits=limits)
