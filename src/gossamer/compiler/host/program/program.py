"""Host programs: typed steps in blocks, from which VM functions are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gossamer.compiler import mlir
from gossamer.compiler.host.program.commands import Dispatch
from gossamer.compiler.host.program.steps import Await, CallFunction, Execute, Passed, Step
from gossamer.compiler.host.program.values import Resource, Value
from gossamer.compiler.kernel_interface import KernelInterface
from gossamer.compiler.signatures import Signature


@dataclass(frozen=True, slots=True)
class Branch:
    """Goes on in another block."""

    target: Block
    arguments: tuple[Passed, ...]


@dataclass(frozen=True, slots=True)
class ConditionalBranch:
    """Goes on in one of two blocks."""

    condition: mlir.ir.Value
    true: Branch
    false: Branch


@dataclass(frozen=True, slots=True)
class Switch:
    """Goes on in the block of the case that equals `flag`, or in `default`."""

    flag: mlir.ir.Value
    default: Branch
    cases: tuple[tuple[int, Branch], ...]


@dataclass(frozen=True, slots=True)
class Return:
    """Returns values, timepoints among them."""

    values: tuple[Passed, ...]


Terminator: TypeAlias = Branch | ConditionalBranch | Switch | Return

BlockArgument: TypeAlias = Value | mlir.ir.Value


@dataclass(eq=False, slots=True)
class Block:
    """Steps in order, then where to go on; an MLIR value among the arguments is a scalar."""

    name: str
    arguments: list[BlockArgument] = field(default_factory=list["BlockArgument"])
    steps: list[Step] = field(default_factory=list["Step"])
    terminator: Terminator | None = None


@dataclass(eq=False, slots=True)
class Function:
    """A host function.

    Attributes:
        name: of the VM function.
        export: signature it is exported with, None for internal functions and initialisers.
        result_types: types of results: register characters or full names of ref types.
        lent_bytes: what it uses of memory that its caller lends it for transients; None where that is none.
        scalar_names: names of the MLIR scalars that steps refer to.
    """

    name: str
    export: Signature | None
    blocks: list[Block] = field(default_factory=list["Block"])
    result_types: tuple[str, ...] = ()
    lent_bytes: int | None = None
    scalar_names: dict[mlir.ir.Value, str] = field(default_factory=dict["mlir.ir.Value", str])

    def steps(self) -> Iterator[Step]:
        """All steps."""
        for block in self.blocks:
            yield from block.steps


@dataclass(frozen=True, slots=True)
class HostGlobal:
    """A global of the module as the VM sees it.

    Attributes:
        type: a register character or a full ref type.
        declared_type: as the program declares it; "" where the compiler made it.
        is_mutable: may change once the module is initialised.
        dims: names of the globals that hold a tensor's dynamic dimensions.
    """

    name: str
    type: str
    initial: int | float | None = None
    declared_type: str = ""
    is_mutable: bool = True
    dims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConstantPool:
    """All constant tensors of the module, uploaded together.

    Attributes:
        resource: the buffer; kept in the global of its name.
        data: contents, each tensor aligned to 64 bytes.
    """

    resource: Resource
    data: bytes


@dataclass(frozen=True, slots=True)
class HostExecutable:
    """An executable as the host knows it: what it holds, whatever it is compiled for.

    Attributes:
        kernels: by the name dispatches use, in the order of entry points.
    """

    name: str
    kernels: Mapping[str, KernelInterface]


@dataclass(eq=False, slots=True)
class HostProgram:
    """The host side of a module.

    Attributes:
        initializers: functions run in order when a module is loaded, after constants are in place.
        recordings: the `Execute` steps recorded once, by the name of their recording.
    """

    name: str
    executables: tuple[HostExecutable, ...] = ()
    imports: dict[str, Signature] = field(default_factory=dict[str, Signature])
    globals: dict[str, HostGlobal] = field(default_factory=dict[str, HostGlobal])
    constants: ConstantPool | None = None
    functions: list[Function] = field(default_factory=list["Function"])
    initializers: list[str] = field(default_factory=list[str])
    recordings: dict[str, Execute] = field(default_factory=dict[str, Execute])

    def dispatches(self) -> Iterator[Dispatch]:
        """All dispatches."""
        for function in self.functions:
            for step in function.steps():
                if isinstance(step, Execute):
                    for wave in step.waves:
                        yield from (command for command in wave if isinstance(command, Dispatch))

    def waiting_functions(self) -> frozenset[str]:
        """Names of the functions in which the host may wait, themselves or in what they call."""
        waiting = {
            function.name
            for function in self.functions
            if any(isinstance(step, Await) for step in function.steps())
        }
        callees = {
            function.name: {step.callee for step in function.steps() if isinstance(step, CallFunction)}
            for function in self.functions
        }
        while grown := {name for name, called in callees.items() if called & waiting} - waiting:
            waiting |= grown
        return frozenset(waiting)
