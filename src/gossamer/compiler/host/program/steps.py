"""Steps of host programs: what happens, one after the other, in a block.

A step says what happens and when: `wait` are the timepoints it waits for on the device, `signal` is the
timepoint it brings about. Only `Await` makes the host wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gossamer.compiler import mlir
from gossamer.compiler.host.program.commands import Wave
from gossamer.compiler.host.program.sizes import Dim, Scalar, Shape
from gossamer.compiler.host.program.values import Opaque, Range, Resource, Timepoint, Value, View
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
class LoadNamedParameter:
    """Loads bytes of a parameter whose name the program makes into a buffer of their own.

    Attributes:
        scope: the MLIR value of a text, or None for the one without a name.
        key: the MLIR value of a text.
        offset: an MLIR i64: of the first byte in the parameter.
    """

    scope: mlir.ir.Value | None
    key: mlir.ir.Value
    offset: mlir.ir.Value
    result: Resource
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
class HoldBytes:
    """Refers to constant bytes of the module, as a host buffer, by the MLIR value `result`.

    Attributes:
        name: begins that of the bytes.
        alignment: in bytes; 0 for any.
    """

    name: str
    data: bytes
    alignment: int
    mime_type: str
    result: mlir.ir.Value


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
class FindImport:
    """Tells whether an optional import was found when the module was linked; `result` is an MLIR i1."""

    callee: Signature
    result: mlir.ir.Value


@dataclass(frozen=True, slots=True)
class CallCheck:
    """Calls a function of the `check` module that tests use."""

    name: str
    arguments: tuple[View | mlir.ir.Value | float, ...]


@dataclass(frozen=True, slots=True)
class TraceViews:
    """Prints the contents of views under a heading."""

    key: str
    views: tuple[View, ...]


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
    | LoadNamedParameter
    | Barrier
    | Await
    | Join
    | PackScalars
    | HoldBytes
    | ReadElement
    | CallImport
    | FindImport
    | CallCheck
    | CallFunction
    | LoadGlobal
    | StoreGlobal
    | TraceViews
)
