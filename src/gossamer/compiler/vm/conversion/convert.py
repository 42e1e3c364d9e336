"""Conversion of MLIR functions on scalars and buffers to VM functions.

In: `func.func` operations whose bodies are control flow graphs of arith, math, index, cf, func and
one-dimensional memref operations. Out: functions of the VM IR. Other operations are the caller's, through
`on_op`. `conversion` states how each value is held.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion import arith, attributes, casts, control_flow, floats, math, memref, util
from gossamer.compiler.vm.conversion.integers import wrap
from gossamer.compiler.vm.conversion.ref_names import vm_ref_name
from gossamer.compiler.vm.conversion.scope import MemRef, Scope, ValueMap, unsupported
from gossamer.compiler.vm.conversion.types import scalar_of
from gossamer.errors import InternalError

__all__ = [
    "MemRef",
    "OpHook",
    "StandardConverter",
    "TypeHook",
    "ValueMap",
    "convert_function",
    "declare_function",
    "vm_type",
]

OpHook: TypeAlias = Callable[["StandardConverter", mlir.ir.Operation], bool]
"""Converts an operation itself and returns True, or returns False to leave it to the converter."""
TypeHook: TypeAlias = Callable[[mlir.ir.Type], ir.Type | None]
"""The register type of a type of the caller's, or None to leave it to the converter."""

_LOWERINGS = {
    **arith.LOWERINGS,
    **floats.LOWERINGS,
    **casts.LOWERINGS,
    **math.LOWERINGS,
    **memref.LOWERINGS,
    **control_flow.LOWERINGS,
    **util.LOWERINGS,
}


class StandardConverter(Scope):
    """Converts operations one by one, or whole regions, appending to `builder.block`.

    The scope's `values` may be filled beforehand (arguments, bindings) and read afterwards.
    """

    def __init__(
        self,
        builder: Builder,
        function: ir.Function,
        values: ValueMap | None = None,
        *,
        on_op: OpHook | None = None,
        on_type: TypeHook | None = None,
        vm_name: Callable[[str], str] = str,
    ) -> None:
        """Start a conversion.

        Args:
            builder: its block is where the next operation goes.
            function: gets the blocks that control flow makes.
            values: VM values of MLIR values that exist already; changed.
            on_op: asked first about each operation.
            on_type: asked first about the type of each block argument.
            vm_name: name of the VM function that a `func.call` of a symbol calls.
        """
        super().__init__(builder, function, {} if values is None else values, vm_name=vm_name)
        self._on_op = on_op
        self._on_type = on_type

    def convert(self, op: mlir.ir.Operation | mlir.ir.OpView) -> None:
        """Convert one operation, terminators included.

        Raises: CompileError with the operation's location where nothing knows how; InternalError where an
            operand has not been converted.
        """
        operation = op.operation
        self.enter(operation)
        if self._on_op is not None and self._on_op(self, operation):
            return
        lowering = _LOWERINGS.get(operation.name)
        if lowering is None:
            raise unsupported(operation, f"'{operation.name}' has no VM lowering", _hint(operation.name))
        try:
            self.define(operation, lowering(self, operation))
        except (KeyError, TypeError) as error:
            place = mlir.source_location(operation.location)
            raise InternalError(f"{place}: '{operation.name}' cannot be converted: {error!r}") from error

    def convert_block(self, block: mlir.ir.Block) -> None:
        """Convert all operations of a block at the builder's place; its arguments have values already."""
        for op in block.operations:
            self.convert(op)

    def convert_region(self, region: mlir.ir.Region) -> None:
        """Convert a control flow graph; the entry goes on at the builder's place.

        The entry's arguments have values already. Each other block becomes a block of the function, with one
        argument for each of its own.
        """
        entry, *others = region.blocks
        for block in others:
            converted = self.blocks[block] = self.new_block()
            for argument in block.arguments:
                hooked = self._on_type(argument.type) if self._on_type else None
                value = ir.Value(hooked or vm_type(argument.type, block.owner.operation))
                converted.arguments.append(value)
                self.values[argument] = value
        self.convert_block(entry)
        for block in others:
            self.builder.block = self.blocks[block]
            self.convert_block(block)


def convert_function(
    func_op: mlir.ir.Operation | mlir.ir.OpView,
    module: ir.Module,
    *,
    name: str = "",
    is_public: bool = False,
    on_op: OpHook | None = None,
    vm_name: Callable[[str], str] = str,
) -> ir.Function:
    """Convert a `func.func` with a body and add it to the module.

    Args:
        name: of the VM function; the symbol name where empty.
        is_public: callers outside the program give narrow integers in any of their 32-bit forms and expect
            i8 and i16 sign-extended, as IREE's tools print them.
        on_op, vm_name: as for `StandardConverter`.
    Raises: CompileError where an operation or type has no lowering.
    """
    func = func_op.operation
    function = declare_function(func, module, name=name)
    (region,) = func.regions
    builder = Builder(module, function.blocks[0])
    converter = StandardConverter(builder, function, on_op=on_op, vm_name=vm_name)
    converter.is_public = is_public
    converter.enter(func)
    for argument, value in zip(region.blocks[0].arguments, function.arguments, strict=True):
        scalar = scalar_of(argument.type)
        converter.values[argument] = wrap(builder, scalar, value) if is_public and scalar else value
    converter.convert_region(region)
    return function


def declare_function(
    func_op: mlir.ir.Operation | mlir.ir.OpView, module: ir.Module, *, name: str = ""
) -> ir.Function:
    """Add a function with an empty entry block to the module, so that others can call it.

    `convert_function` fills a function declared before.
    """
    func = func_op.operation
    name = name or attributes.text(func, "sym_name")
    if name not in module.functions:
        type = attributes.function_type(func)
        entry = ir.Block([ir.Value(vm_type(argument, func)) for argument in type.inputs])
        results = [vm_type(result, func) for result in type.results]
        module.functions[name] = ir.Function(name, results, [entry])
    return module.functions[name]


def vm_type(type: mlir.ir.Type, op: mlir.ir.Operation | mlir.ir.OpView) -> ir.Type:
    """The register type of an MLIR type: scalars as `conversion` says, memrefs as `!vm.buffer`.

    Raises: CompileError at the location of `op` for other types.
    """
    scalar = scalar_of(type)
    if scalar is not None:
        return scalar.register
    if isinstance(type, mlir.ir.MemRefType):
        return ir.ref("!vm.buffer")
    if isinstance(type, mlir.ir.OpaqueType):
        return ir.ref(vm_ref_name(str(type)))
    raise unsupported(op.operation, f"the VM has no register for a value of type {type}")


_HINTS = {
    "scf": "run convert-scf-to-cf first",
    "affine": "run lower-affine first",
    "vector": "unroll and lower vectors to scalars first",
    "linalg": "form a dispatch or lower to loops first",
    "tensor": "bufferize first",
    "complex": "expand complex numbers to pairs of floats first",
}


def _hint(name: str) -> str:
    return _HINTS.get(name.partition(".")[0], "")
