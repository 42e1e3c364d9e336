"""Host programs: typed steps in blocks, from which VM functions are made.

A step says what happens and when: `wait` are the timepoints it waits for on the device, `signal` is the
timepoint it brings about. Only `Await` makes the host wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gossamer.compiler import mlir
from gossamer.compiler.host.program.commands import Dispatch, Wave
from gossamer.compiler.host.program.sizes import Dim, Scalar, Shape
from gossamer.compiler.host.program.values import Opaque, Range, Resource, Timepoint, Value, View
from gossamer.compiler.kernel_interface import KernelInterface
from gossamer.compiler.signatures import Signature

Wait: TypeAlias = tuple[Timepoint, ...]


@dataclass(frozen=True, slots=True)
class HostOp:
    """An operation on scalars, converted as it is."""

    op: mlir.ir.Operation


@dataclass(frozen=True, slots=True)
class Bind:
    """A value that is another one: an MLIR scalar a dimension of a tensor, a timepoint the ref to a fence."""

    value: Value | mlir.ir.Value
    source: Value | Dim | mlir.ir.Value


@dataclass(frozen=True, slots=True)
class AssertView:
    """Fails unless a view has a shape and element type; a dimension of None may be anything."""

    view: View
    message: str
    element: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class ViewDim:
    """Reads a dimension of a view."""

    view: View
    index: int
    result: Scalar


@dataclass(frozen=True, slots=True)
class ViewBuffer:
    """Takes the buffer of a view; where checked, fails unless the device can use its `result.size` bytes."""

    view: View
    result: Resource
    is_checked: bool = True


@dataclass(frozen=True, slots=True)
class CreateView:
    """Makes a view of a range."""

    range: Range
    shape: Shape
    element: str
    result: View


@dataclass(frozen=True, slots=True)
class Subspan:
    """Makes a buffer of a range of another."""

    range: Range
    result: Resource


@dataclass(frozen=True, slots=True)
class Allocate:
    """Allocates memory at once, contents undefined."""

    result: Resource


@dataclass(frozen=True, slots=True)
class Alloca:
    """Allocates memory in the order of the queue, contents undefined."""

    result: Resource
    wait: Wait
    signal: Timepoint


@dataclass(frozen=True, slots=True)
class Dealloca:
    """Gives memory back in the order of the queue."""

    resource: Resource
    wait: Wait
    signal: Timepoint


@dataclass(frozen=True, slots=True)
class Execute:
    """Runs commands; a barrier stands between waves.

    Attributes:
        recording: name of the reusable recording of these commands, "" where each call records them.
        slots: resources a reusable recording is given in each call, by slot.
    """

    waves: tuple[Wave, ...]
    wait: Wait
    signal: Timepoint
    recording: str = ""
    slots: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadParameters:
    """Loads parameters of one scope into buffers of their own.

    Attributes:
        scope: "" for the one without a name.
        keys: of the parameters, one for each result.
        is_mutable: the program may write to the buffers.
    """

    scope: str
    keys: tuple[str, ...]
    results: tuple[Resource, ...]
    is_mutable: bool
    signal: Timepoint


@dataclass(frozen=True, slots=True)
class Barrier:
    """Signals once what it waits for is done; without anything to wait for, at once."""

    wait: Wait
    signal: Timepoint


@dataclass(frozen=True, slots=True)
class Await:
    """Blocks the host until timepoints are reached; fails where one has failed."""

    wait: Wait


@dataclass(frozen=True, slots=True)
class Join:
    """Makes one timepoint of several."""

    wait: Wait
    result: Timepoint


@dataclass(frozen=True, slots=True)
class PackScalars:
    """Puts scalars into a host buffer, one element after another."""

    elements: tuple[mlir.ir.Value, ...]
    element: str
    result: Opaque


@dataclass(frozen=True, slots=True)
class ReadElement:
    """Reads an element of a buffer that is ready into the MLIR scalar `result`."""

    range: Range
    element: str
    result: mlir.ir.Value


@dataclass(frozen=True, slots=True)
class CallImport:
    """Calls a function of another module.

    Attributes:
        arguments: one for each argument of the calling convention that is not a fence; an MLIR value is a
            scalar.
        wait: for an async callee, what its arguments wait for; () otherwise.
        signal: for an async callee, when its results are ready; None otherwise.
        results: what each result becomes; an MLIR value for a scalar.
    """

    callee: Signature
    arguments: tuple[Value | mlir.ir.Value, ...]
    results: tuple[Value | mlir.ir.Value, ...]
    wait: Wait = ()
    signal: Timepoint | None = None


@dataclass(frozen=True, slots=True)
class CallCheck:
    """Calls a function of the `check` module that tests use."""

    name: str
    arguments: tuple[View | mlir.ir.Value | float, ...]


@dataclass(frozen=True, slots=True)
class CallFunction:
    """Calls a function of this module; timepoints are among the arguments and results."""

    callee: str
    arguments: tuple[Passed, ...]
    results: tuple[Value | mlir.ir.Value, ...]


@dataclass(frozen=True, slots=True)
class LoadGlobal:
    """Reads a global of this module; an MLIR value is a scalar."""

    name: str
    result: Value | mlir.ir.Value


@dataclass(frozen=True, slots=True)
class StoreGlobal:
    """Writes a global of this module; None is a timepoint that has passed."""

    name: str
    value: Passed


Passed: TypeAlias = Value | mlir.ir.Value | Dim | None
"""An argument of a branch, call or return: a value, an MLIR scalar, a number, or a passed timepoint."""


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


Step: TypeAlias = (
    HostOp
    | Bind
    | AssertView
    | ViewDim
    | ViewBuffer
    | CreateView
    | Subspan
    | Allocate
    | Alloca
    | Dealloca
    | Execute
    | LoadParameters
    | Barrier
    | Await
    | Join
    | PackScalars
    | ReadElement
    | CallImport
    | CallCheck
    | CallFunction
    | LoadGlobal
    | StoreGlobal
)
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
        scalar_names: names of the MLIR scalars that steps refer to.
    """

    name: str
    export: Signature | None
    blocks: list[Block] = field(default_factory=list["Block"])
    result_types: tuple[str, ...] = ()
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
    """

    name: str
    type: str
    initial: int | float | None = None
    declared_type: str = ""


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
