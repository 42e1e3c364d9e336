"""What lowering a function to the VM carries along: where to append, and what each value became."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi import hal_functions as hal
from gossamer.abi.module_interface import ModuleFunction
from gossamer.abi.ref_types import ALLOCATOR, BUFFER, BUFFER_VIEW, FENCE
from gossamer.compiler.host.program.program import HostProgram
from gossamer.compiler.host.program.sizes import Dim, Scalar, Size, Term
from gossamer.compiler.host.program.steps import Passed, Wait
from gossamer.compiler.host.program.values import Opaque, Resource, Timepoint, Value, View
from gossamer.compiler.mlir import ir as mlir_ir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion.convert import StandardConverter
from gossamer.compiler.vm.conversion.ref_names import vm_ref_name

DEVICE_GLOBAL = "__device_0"
"""Name of the global that holds the device, as IREE calls it."""

_REF_TYPES: dict[type, str] = {Resource: BUFFER, View: BUFFER_VIEW, Timepoint: FENCE}


class LoweringContext:
    """State of lowering one function.

    Attributes:
        program: whose function it is.
        function: the VM function.
        builder: appends operations.
        converter: converts operations on scalars, and knows their values.
    """

    def __init__(
        self,
        program: HostProgram,
        module: ir.Module,
        function: ir.Function,
        waiting: frozenset[str] = frozenset(),
    ) -> None:
        """Start at the function's first block.

        Args:
            waiting: names of the functions in which the host may wait.
        """
        self.program = program
        self._waiting = waiting
        self.function = function
        self.builder = Builder(module, function.blocks[0])
        self.converter = StandardConverter(self.builder, function)
        self._values: dict[Value, ir.Value] = {}
        self._loaded: dict[str, ir.Value] = {}
        self._sizes: dict[Size, ir.Value] = {}
        self._joins: dict[Wait, ir.Value] = {}

    @property
    def module(self) -> ir.Module:
        """The VM module."""
        return self.builder.module

    def start_block(self, block: ir.Block) -> None:
        """Go on at the start of another block, where nothing computed so far may be known."""
        self.builder.block = block
        self._loaded.clear()
        self._sizes.clear()
        self._joins.clear()

    # Values

    def define(self, value: Value | mlir_ir.Value, lowered: ir.Value) -> None:
        """State what a value of the schedule became."""
        if isinstance(value, mlir_ir.Value):
            self.converter.values[value] = lowered
        else:
            self._values[value] = lowered

    def value(self, value: Value | mlir_ir.Value) -> ir.Value:
        """What a value of the schedule became."""
        if isinstance(value, mlir_ir.Value):
            return self.converter.value(value)
        if value not in self._values:
            if isinstance(value, Scalar) and value.source is not None:
                return self.converter.value(value.source)
            if isinstance(value, Resource) and value.name in self.module.globals:
                return self.load_global(value.name)
        return self._values[value]

    def passed(self, value: Passed) -> ir.Value:
        """A value that is handed on; None is a timepoint that has passed."""
        if value is None:
            return self.builder.null(FENCE)
        return self.dim(value) if isinstance(value, int) else self.value(value)

    def load_global(self, name: str) -> ir.Value:
        """A ref global that does not change once modules are loaded; loaded once in each block."""
        if name not in self._loaded:
            type = self.module.globals[name].type.ref_type
            self._loaded[name] = self.builder.op("global.load.ref", symbol=name, type=type)
        return self._loaded[name]

    def device(self) -> ir.Value:
        """The device."""
        return self.load_global(DEVICE_GLOBAL)

    def allocator(self) -> ir.Value:
        """The device's allocator."""
        if ALLOCATOR not in self._loaded:
            self._loaded[ALLOCATOR] = self.call(hal.DEVICE_ALLOCATOR, self.device())
        return self._loaded[ALLOCATOR]

    # Numbers

    def dim(self, dim: Dim) -> ir.Value:
        """A dimension, in an i64 register."""
        return self.builder.i64(dim) if isinstance(dim, int) else self.value(dim)

    def size(self, size: Size) -> ir.Value:
        """A number of bytes, in an i64 register."""
        if size not in self._sizes:
            parts = [self._term(term) for term in size.terms]
            if size.constant or not parts:
                parts.append(self.builder.i64(size.constant))
            total = parts[0]
            for part in parts[1:]:
                total = self.builder.op("add.i64", total, part)
            self._sizes[size] = total
        return self._sizes[size]

    def _term(self, term: Term) -> ir.Value:
        builder = self.builder
        result = self.dim(term.dims[0])
        for dim in term.dims[1:]:
            result = builder.op("mul.i64", result, self.dim(dim))
        if term.factor != 1:
            result = builder.op("mul.i64", result, builder.i64(term.factor))
        if term.alignment != 1:
            result = builder.op("add.i64", result, builder.i64(term.alignment - 1))
            result = builder.op("and.i64", result, builder.i64(-term.alignment))
        return result

    # Calls and time

    def call(self, function: ModuleFunction, *arguments: ir.CallArgument) -> ir.Value:
        """Call a function of the HAL that has one result."""
        (result,) = self.builder.call_import(ir.import_of(function), *arguments)
        return result

    def effect(self, function: ModuleFunction, *arguments: ir.CallArgument) -> None:
        """Call a function of the HAL that has no result."""
        self.builder.call_import(ir.import_of(function), *arguments)

    def call_function(self, name: str, arguments: Sequence[ir.Value] = ()) -> list[ir.Value]:
        """Call a function of this module; one that may wait can be left and resumed."""
        builder = self.builder
        if name not in self._waiting:
            return builder.call(name, *arguments)
        continuation = self.new_block()
        continuation.arguments = [ir.Value(type) for type in self.module.functions[name].result_types]
        call = ir.Operation("call.yieldable", list(arguments), symbol=name, location=builder.location)
        call.successors = [ir.Successor(continuation)]
        builder.block.operations.append(call)
        builder.block = continuation
        return continuation.arguments

    def wait_fence(self, wait: Wait) -> ir.Value:
        """One fence for all that work waits for; null for nothing."""
        if not wait:
            return self.builder.null(FENCE)
        if len(wait) == 1:
            return self.value(wait[0])
        if wait not in self._joins:
            fences = [self.value(timepoint) for timepoint in wait]
            self._joins[wait] = self.call(hal.FENCE_JOIN, self.builder.i64(0), fences)
        return self._joins[wait]

    def signal_fence(self, signal: Timepoint) -> ir.Value:
        """The fence that work signals: the caller's, or a new one."""
        if signal not in self._values:
            self._values[signal] = self.call(hal.FENCE_CREATE, self.device(), self.builder.i64(0))
        return self._values[signal]

    # Blocks

    def new_block(self) -> ir.Block:
        """A new block at the end of the function."""
        block = ir.Block()
        self.function.blocks.append(block)
        return block

    def argument_types(self, arguments: Sequence[Value | mlir_ir.Value]) -> list[ir.Type]:
        """Types of the arguments of a block."""
        return [self.type_of(argument) for argument in arguments]

    def type_of(self, value: Value | mlir_ir.Value) -> ir.Type:
        """Type of the register of a value."""
        if isinstance(value, mlir_ir.Value):
            return type_of_name(str(value.type))
        if isinstance(value, Scalar):
            return value.type
        if isinstance(value, Opaque):
            return ir.ref(value.ref_type)
        return ir.ref(_REF_TYPES[type(value)])


def type_of_name(name: str) -> ir.Type:
    """Register type of a type's name: a scalar as MLIR spells it, a register character, or a ref type."""
    if name.startswith("!"):
        return ir.ref(vm_ref_name(name))
    if name in ("i", "I", "f", "F"):
        return ir.Type(ir.ValueType(name))
    scalar = scalar_of_name(name)
    return scalar


def scalar_of_name(name: str) -> ir.Type:
    """Register type of a scalar type."""
    return {"index": ir.I64, "i64": ir.I64, "f64": ir.F64, "f32": ir.F32}.get(name, ir.I32)
