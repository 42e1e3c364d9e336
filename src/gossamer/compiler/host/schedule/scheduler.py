"""Schedules one function: knows where each tensor is, and appends steps.

Handlers of operations (`tensor_ops`, `calls`, `global_ops`, `boundary`, `branches`) drive a
`FunctionScheduler`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gossamer.abi.mlir_element_type import element_bits
from gossamer.compiler.host.program.program import Block, Function
from gossamer.compiler.host.program.sizes import Dim, Scalar, Shape, Size, product
from gossamer.compiler.host.program.steps import Await, CreateView, Join, Step, StoreGlobal, Subspan
from gossamer.compiler.host.program.values import Range, Resource, Tensor, Timepoint, View, whole
from gossamer.compiler.host.schedule.analysis.aliasing import Aliasing, Origin, analyze_aliasing
from gossamer.compiler.host.schedule.analysis.liveness import Liveness, analyze_liveness
from gossamer.compiler.host.schedule.module_state import ModuleGlobal, ModuleState
from gossamer.compiler.host.schedule.recording import record
from gossamer.compiler.host.schedule.submission.device_work import DeviceWork
from gossamer.compiler.host.schedule.submission.timeline import Timeline
from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.signatures import Signature
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


class FunctionScheduler:
    """State of scheduling one function.

    Attributes:
        module: shared with the other functions.
        op: the `func.func`.
        current: the operation being scheduled.
        function: what is built.
        export: signature it is exported with, or None.
        is_async: the host never waits for device work unless it must.
        is_timed: blocks after the first, and calls of this function, are passed a timepoint.
        work: device work gathered.
        tensors: where each tensor is.
        storages: tensors that are to be written to memory a caller gave.
        block: where steps go.
        contents: what this block knows globals to hold, by name.
        caller_signal: fence of the caller to signal when all is done.
        in_place: results of updates that write what they update.
        result_storages: memory a caller gave for results, by result.
        effects: what the effects of async calls that return no tensors wait for.
    """

    def __init__(
        self,
        module: ModuleState,
        op: ir.Operation,
        name: str,
        *,
        export: Signature | None = None,
        is_async: bool = False,
        is_timed: bool = False,
        runs_once: bool = False,
    ) -> None:
        self.module = module
        self.op = self.current = op
        self.export = export
        self.is_async = is_async
        self.is_timed = is_timed
        self.function = Function(name, export)
        self.aliasing: Aliasing = analyze_aliasing(op, module.imported())
        self.liveness: Liveness = analyze_liveness(op)
        self.block = Block("entry")
        self.tensors: dict[ir.Value, Tensor] = {}
        self.storages: dict[ir.Value, Range] = {}
        self.contents: dict[str, Tensor | ir.Value] = {}
        self.effects: frozenset[Timepoint] = frozenset()
        self.caller_signal: Timepoint | None = None
        self.in_place: set[ir.Value] = set(module.in_place_updates)
        self.result_storages: dict[int, Range] = {}
        self.work = DeviceWork(
            self.emit,
            self.name,
            lambda execute: execute if runs_once else record(module.program, name, execute),
            self.aliasing,
            self.liveness,
            is_async,
        )
        self._dims: dict[ir.Value, Dim] = {}
        self._views: dict[tuple[Tensor, str], View] = {}
        self._stores: dict[str, ir.Value | tuple[ModuleGlobal, Tensor]] = {}
        self._counts: dict[str, int] = {}

    @property
    def timeline(self) -> Timeline:
        """What work must wait for."""
        return self.work.timeline

    def name(self, prefix: str) -> str:
        """A name not used in this function yet."""
        self._counts[prefix] = count = self._counts.get(prefix, -1) + 1
        return f"{prefix}_{count}" if count else prefix

    def emit(self, step: Step) -> None:
        """Append a step."""
        self.block.steps.append(step)

    def error(self, message: str, hint: str = "") -> CompileError:
        """An error at the current operation."""
        return CompileError([Diagnostic(message, source_location(self.current.location), hint=hint)])

    def enter_block(self, block: Block, arrival: Timepoint | None) -> None:
        """Go on in another block."""
        self.block = block
        self.contents.clear()
        self._views.clear()
        self.timeline.enter_block(arrival)
        self.effects = self.timeline.base

    # Shapes

    def dim(self, value: ir.Value) -> Dim:
        """An index value as a dimension."""
        if value not in self._dims:
            constant = constant_integer(value)
            self._dims[value] = constant if constant is not None else self.scalar(value)
        return self._dims[value]

    def scalar(self, value: ir.Value) -> Scalar:
        """An MLIR scalar as steps refer to it."""
        scalar = Scalar(self.name("s"), source=value)
        self.function.scalar_names.setdefault(value, str(scalar))
        return scalar

    def know_dim(self, value: ir.Value, dim: Dim) -> None:
        """State that an index value is a dimension the schedule knows."""
        self._dims[value] = dim

    def shape(self, type: ir.Type, dims: Sequence[Dim]) -> Shape:
        """The shape of a tensor type, with one of `dims` for each dynamic dimension."""
        tensor_type = ir.RankedTensorType(type)
        remaining = iter(dims)
        return tuple(
            next(remaining) if tensor_type.is_dynamic_dim(index) else tensor_type.get_dim_size(index)
            for index in range(tensor_type.rank)
        )

    def size(self, shape: Shape, element: str) -> Size:
        """Bytes of a tensor."""
        bits = element_bits(element)
        if bits is None:
            raise self.error(f"tensors of {element} cannot be stored on a device")
        if bits % 8 == 0:
            return product(bits // 8, shape)
        count = product(1, shape)
        if not count.is_static:
            raise self.error(f"tensors of {element} must have a static shape")
        return Size(-(-count.constant * bits // 8))

    # Tensors

    def set_tensor(self, value: ir.Value, tensor: Tensor) -> None:
        """State where a tensor is."""
        self.tensors[value] = tensor
        self.work.holds(tensor.range.resource, value)

    def create_tensor(self, value: ir.Value, dims: Sequence[Dim]) -> Tensor:
        """Make room for a tensor that device work will write: memory a caller gave, or new memory."""
        element = str(ir.RankedTensorType(value.type).element_type)
        shape = self.shape(value.type, dims)
        size = self.size(shape, element)
        storage = self.storages.get(value)
        range = Range(storage.resource, storage.offset, size) if storage else whole(self.work.create(size))
        tensor = Tensor(shape, element, range)
        self.set_tensor(value, tensor)
        return tensor

    def view_of(self, tensor: Tensor, element: str) -> View:
        """A view, with elements of a type, of a tensor whose work has been submitted."""
        if tensor.view is not None and tensor.element == element:
            return tensor.view
        key = (tensor, element)
        if key not in self._views:
            view = self._views[key] = View(self.name("view"))
            range = self.work.placement.range(tensor.range)
            self.emit(CreateView(range, tensor.shape, element, view))
        return self._views[key]

    def buffer_of(self, tensor: Tensor) -> Resource:
        """A buffer of exactly a tensor whose work has been submitted."""
        range = self.work.placement.range(tensor.range)
        if range == whole(range.resource):
            return range.resource
        resource = Resource(self.name("buffer"), range.length, alias=range.resource)
        self.emit(Subspan(range, resource))
        return resource

    def shares_state(self, value: ir.Value) -> bool:
        """Whether a tensor may share bytes with globals or constants, which callers must not get hold of."""
        return Origin.STATE in self.aliasing.of(value).origins

    # Time

    def flush(self) -> None:
        """Submit the work gathered and write the globals stored."""
        self.work.submit()
        self.write_globals()

    def store_later(self, name: str, value: ir.Value) -> None:
        """Have a scalar global written after the work before it is submitted."""
        self._stores[name] = value

    def store_tensor_later(self, variable: ModuleGlobal, tensor: Tensor) -> None:
        """Have a tensor global written after the work that makes its contents is submitted."""
        self.work.keep(tensor.range.resource)
        self._stores[variable.name] = (variable, tensor)

    def write_globals(self) -> None:
        """Write the globals stored; the work that makes their contents has been submitted."""
        for name, stored in self._stores.items():
            if isinstance(stored, ir.Value):
                self.emit(StoreGlobal(name, stored))
            else:
                self._write_tensor_global(*stored)
        self._stores.clear()

    def _write_tensor_global(self, variable: ModuleGlobal, tensor: Tensor) -> None:
        ready = self.work.before_read(tensor.range)
        self.emit(StoreGlobal(variable.name, self.buffer_of(tensor)))
        for index, name in variable.dims.items():
            self.emit(StoreGlobal(name, tensor.shape[index]))
        if variable.timepoint:
            self.emit(StoreGlobal(variable.timepoint, self.join(ready)))

    def await_all(self, timepoints: Iterable[Timepoint]) -> None:
        """Have the host wait."""
        pending = self.timeline.reduce(timepoints)
        if pending:
            self.emit(Await(pending))
            self.timeline.reached(pending)

    def join(self, timepoints: Iterable[Timepoint]) -> Timepoint | None:
        """One timepoint for several, or None where all have been reached."""
        pending = self.timeline.reduce(timepoints)
        if len(pending) <= 1:
            return pending[0] if pending else None
        joined = self.timeline.new(pending)
        self.emit(Join(pending, joined))
        return joined


def constant_integer(value: ir.Value) -> int | None:
    """The number an integer or index value is, where a constant says so."""
    owner = value.owner
    if isinstance(owner, ir.Block) or owner.operation.name != "arith.constant":
        return None
    attr = owner.operation.attributes["value"]
    return int(attr.value) if isinstance(attr, ir.IntegerAttr | ir.BoolAttr) else None
