"""Modules made by hand for VM tests: functions from assembler calls, no compiler involved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gossamer.format.module_def import (
    ExportFunction,
    FunctionDescriptor,
    FunctionSignature,
    ImportFunction,
    ModuleDef,
    ModuleDependency,
    Requirements,
    RodataSegment,
)
from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import MOVE_BIT, REF_BIT
from gossamer.vm.bytecode.limits import DEFAULT_LIMITS, Limits
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import BoundExports, Export, GlobalAccess, ModuleState
from gossamer.vm.loading import ExecutorName, bytecode_module

ALL_REQUIREMENTS = Requirements(15)

Body = Callable[[Assembler], object]


def r(ordinal: int) -> int:
    """Raw ref register."""
    return REF_BIT | ordinal


def moved(ordinal: int) -> int:
    """Raw ref register, marked MOVE."""
    return REF_BIT | MOVE_BIT | ordinal


@dataclass
class Program:
    """A module under construction; `build` makes the tables."""

    name: str = "m"
    version: int = 0
    types: tuple[str, ...] = ("i32", "i64", "!vm.buffer", "!vm.list<i32>", "!vm.opaque")
    imports: tuple[ImportFunction, ...] = ()
    dependencies: tuple[ModuleDependency, ...] = ()
    rodata: tuple[bytes, ...] = ()
    global_bytes: int = 0
    global_refs: int = 0
    attrs: tuple[tuple[str, str], ...] = ()
    _functions: list[tuple[str, FunctionSignature, FunctionDescriptor]] = field(default_factory=list)
    _bytecode: bytearray = field(default_factory=bytearray)

    def function(
        self,
        name: str,
        convention: str,
        body: Body,
        *,
        values: int = 16,
        refs: int = 4,
        attrs: Mapping[str, str] | None = None,
        requirements: Requirements = ALL_REQUIREMENTS,
        block_count: int | None = None,
    ) -> Program:
        """Add a function; an empty name makes it private. `body` starts in the entry block."""
        assembler = Assembler()
        assembler.block()
        body(assembler)
        assembled = assembler.finish()
        descriptor = FunctionDescriptor(
            bytecode_offset=len(self._bytecode),
            bytecode_length=len(assembled.bytecode),
            requirements=requirements,
            block_count=assembled.block_count if block_count is None else block_count,
            i32_register_count=values,
            ref_register_count=refs,
        )
        self._bytecode += assembled.bytecode + bytes(-len(assembled.bytecode) % 8)
        signature = FunctionSignature(convention, tuple((attrs or {}).items()))
        self._functions.append((name, signature, descriptor))
        return self

    def definition(self) -> ModuleDef:
        """The tables."""
        return ModuleDef(
            name=self.name,
            version=self.version,
            attrs=self.attrs,
            types=self.types,
            dependencies=self.dependencies,
            imported_functions=self.imports,
            exported_functions=tuple(
                ExportFunction(name, ordinal) for ordinal, (name, _, _) in enumerate(self._functions) if name
            ),
            function_signatures=tuple(signature for _, signature, _ in self._functions),
            function_descriptors=tuple(descriptor for _, _, descriptor in self._functions),
            rodata_segments=tuple(RodataSegment(data) for data in self.rodata),
            global_bytes_capacity=self.global_bytes,
            global_ref_count=self.global_refs,
            bytecode_data=bytes(self._bytecode),
        )

    def build(
        self, executor: ExecutorName = "interpret", limits: Limits = DEFAULT_LIMITS, source: str = ""
    ) -> BytecodeModule:
        """The verified module."""
        return bytecode_module(self.definition(), executor=executor, limits=limits, source=source)


def run(
    convention: str, body: Body, *arguments: object, limits: Limits = DEFAULT_LIMITS, **settings: object
) -> object:
    """Run one function of a module made for it."""
    program = Program(**settings)  # type: ignore[arg-type]
    state = program.function("f", convention, body).build(limits=limits).create_state()
    return state.link(()).bind("f")(*arguments)


def imported(full_name: str, convention: str, *, is_required: bool = True, **attrs: str) -> ImportFunction:
    """An import; attribute names have dots for underscores."""
    pairs = tuple((key.replace("_", "."), value) for key, value in attrs.items())
    return ImportFunction(full_name, FunctionSignature(convention, pairs), is_required=is_required)


class HostState(ModuleState):
    """State of a `HostModule`: nothing but its functions."""

    def __init__(self, module: HostModule) -> None:
        self._module = module
        self.is_closed = False

    def link(self, imports: Sequence[Function | None]) -> HostExports:
        return HostExports(self._module)

    def globals(self) -> Mapping[str, GlobalAccess]:
        return {}

    def fork(self) -> HostState:
        return HostState(self._module)

    def close(self) -> None:
        self.is_closed = True


class HostExports(BoundExports):
    """Exports of a `HostModule`."""

    def __init__(self, module: HostModule) -> None:
        self._module = module

    def bind(self, export: str) -> Callable[..., object]:
        return self._module.callables[export]


class HostModule:
    """A module whose functions are Python callables in the callable ABI."""

    def __init__(
        self,
        name: str,
        functions: Mapping[str, tuple[str, Callable[..., object]]],
        *,
        version: int = 0,
        attrs: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.dependencies: Sequence[ModuleDependency] = ()
        self.imports: Sequence[ImportFunction] = ()
        self.exports = {
            key: Export(key, convention, attrs or {}) for key, (convention, _) in functions.items()
        }
        self.callables = {key: function for key, (_, function) in functions.items()}

    def create_state(self) -> HostState:
        return HostState(self)
