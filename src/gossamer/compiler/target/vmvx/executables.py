"""Compiles kernels to VM bytecode, the `vmvx-bytecode-fb` format of the HAL.

A kernel is a VM function that is called once for each workgroup with its local memory, constants and
bindings, then the workgroup's number, the workgroup size and the workgroup count, x, y and z of each.
Spec: `iree/hal/local/loaders/vmvx_module_loader.c` of IREE 3.13.0.
"""

from __future__ import annotations

from gossamer.compiler.codegen import KernelSource, emit_kernel, half_floats
from gossamer.compiler.codegen.kernel_function import ArgumentSource
from gossamer.compiler.kernel_interface import Binding, ConstantSource, KernelInterface
from gossamer.compiler.mlir import ir as mlir_ir
from gossamer.compiler.mlir import run_passes
from gossamer.compiler.progress import report_each
from gossamer.compiler.target.target import ExecutableSource
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion.convert import StandardConverter, ValueMap

_PHASE = "codegen"
_BUFFER = ir.ref("!vm.buffer")
_LIST = ir.ref("!vm.list<!vm.buffer>")
_WORKGROUP_ARGUMENTS = {"id_x": 3, "id_y": 4, "id_z": 5}

_LOWERING = "canonicalize,cse,loop-invariant-code-motion,convert-scf-to-cf,canonicalize,cse"


def compile_executable(source: ExecutableSource) -> ir.Module:
    """Compile an executable into a VM module that exports each kernel as "0rrriiiiiiiii_v".

    Raises: CompileError where a dispatch does what kernels cannot.
    """
    module = ir.Module(source.name)
    for kernel in report_each("kernel", source.kernels.values()):
        _compile_kernel(kernel, module)
    return module


def _compile_kernel(source: KernelSource, module: ir.Module) -> None:
    kernel = emit_kernel(source)
    with kernel.module.context:
        sources = kernel.argument_sources()
        run_passes(kernel.module, _LOWERING, phase=_PHASE)
        half_floats.lower(kernel.module, _PHASE)
        function = next(iter(kernel.module.body.operations)).operation
        (region,) = function.regions
        arguments = list(zip(region.blocks[0].arguments, sources, strict=True))
        _emit_function(module, source.interface, region, arguments)


def _emit_function(
    module: ir.Module,
    interface: KernelInterface,
    region: mlir_ir.Region,
    arguments: list[tuple[mlir_ir.BlockArgument, ArgumentSource]],
) -> None:
    name = interface.export_name
    entry = ir.Block([ir.Value(type) for type in (_BUFFER, _BUFFER, _LIST, *[ir.I32] * 9)])
    function = ir.Function(name, [], [entry])
    module.functions[name] = function
    module.exports[name] = name
    function.attrs.update(
        binding_count=str(len(interface.bindings)), constant_count=str(interface.constant_word_count)
    )
    prologue = _Prologue(Builder(module, entry), entry.arguments, interface)
    values: ValueMap = {
        argument: prologue.value(source) for argument, source in arguments if _is_used(argument)
    }

    def on_op(converter: StandardConverter, op: mlir_ir.Operation) -> bool:
        if op.name != "func.return":
            return False
        converter.builder.effect("discard.refs", *entry.arguments[:3], *prologue.buffers)
        converter.builder.ret()
        return True

    converter = StandardConverter(prologue.builder, function, values, on_op=on_op)
    converter.convert_region(region)


def _is_used(value: mlir_ir.Value) -> bool:
    return any(True for _ in value.uses)


class _Prologue:
    """Fetches what a kernel's arguments stand for.

    Attributes:
        buffers: bindings fetched.
    """

    def __init__(self, builder: Builder, arguments: list[ir.Value], interface: KernelInterface) -> None:
        self.builder = builder
        self.buffers: list[ir.Value] = []
        self._arguments = arguments
        self._bindings = interface.bindings
        self._words: dict[ConstantSource, int] = {}
        word = 0
        for constant in interface.constants:
            self._words[constant] = word
            word += constant.word_count

    def value(self, source: ArgumentSource) -> ir.Value:
        """The VM value of one argument."""
        if isinstance(source, Binding):
            return self._binding(self._bindings.index(source))
        if isinstance(source, ConstantSource):
            return self._constant(source)
        number = self._arguments[_WORKGROUP_ARGUMENTS[source]]
        return self.builder.op("ext.i32.i64.u", number)

    def _binding(self, ordinal: int) -> ir.Value:
        position = self.builder.i32(ordinal)
        buffer = self.builder.op("list.get.ref", self._arguments[2], position, type="!vm.buffer")
        self.buffers.append(buffer)
        return buffer

    def _constant(self, source: ConstantSource) -> ir.Value:
        low = self._word(self._words[source])
        if source.word_count == 1:
            return self.builder.op("bitcast.i32.f32", low) if source.type == "f32" else low
        high = self._word(self._words[source] + 1)
        shifted = self.builder.op("shl.i64", self.builder.op("ext.i32.i64.u", high), self.builder.i32(32))
        bits = self.builder.op("or.i64", shifted, self.builder.op("ext.i32.i64.u", low))
        return self.builder.op("bitcast.i64.f64", bits) if source.type == "f64" else bits

    def _word(self, index: int) -> ir.Value:
        return self.builder.op("buffer.load.i32", self._arguments[1], self.builder.i64(index))
