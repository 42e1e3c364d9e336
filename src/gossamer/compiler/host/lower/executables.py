"""Creates executables when a module is loaded: of each the first variant that the device supports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gossamer.compiler.executable import ExecutableBinary
from gossamer.compiler.host.lower.commands import function_id_global
from gossamer.compiler.host.lower.context import DEVICE_GLOBAL, LoweringContext
from gossamer.compiler.host.lower.device import EXECUTABLE_FORMAT, require
from gossamer.compiler.host.program import hal_imports as hal
from gossamer.compiler.host.program.commands import Dispatch
from gossamer.compiler.host.program.program import HostExecutable
from gossamer.compiler.vm import ir
from gossamer.errors import StatusCode

Variants: TypeAlias = Mapping[str, Sequence[ExecutableBinary]]
"""What each executable was compiled to, by its name, most wanted first."""


def named_variants(executable: HostExecutable, variants: Variants) -> dict[str, ExecutableBinary]:
    """The variants of an executable by the names of their rodata."""
    binaries = variants[executable.name]
    if len(binaries) == 1:
        return {f"{executable.name}_binary": binaries[0]}
    return {f"{executable.name}_{binary.format.replace('-', '_')}_binary": binary for binary in binaries}


def create_executable(context: LoweringContext, executable: HostExecutable, variants: Variants) -> None:
    """Store the executable that the device makes of the first variant that it supports, or fail."""
    builder = context.builder
    named = named_variants(executable, variants)
    stored = ir.Block()
    *others, (last_name, last) = named.items()
    for name, binary in others:
        otherwise = context.new_block()
        require(context, context.device(), EXECUTABLE_FORMAT, binary.format, otherwise)
        _create_variant(context, executable.name, name, binary)
        builder.br(stored)
        context.start_block(otherwise)
    unsupported = context.new_block()
    require(context, context.device(), EXECUTABLE_FORMAT, last.format, unsupported)
    accepted = builder.block
    builder.block = unsupported
    formats = ", ".join(binary.format for binary in named.values())
    builder.fail(
        builder.i32(StatusCode.UNAVAILABLE),
        f"HAL device `{DEVICE_GLOBAL}` does not support any variant of executable `{executable.name}`; "
        f"available formats: [{formats}]",
    )
    builder.block = accepted
    _create_variant(context, executable.name, last_name, last)
    if others:
        builder.br(stored)
        context.function.blocks.append(stored)
        context.start_block(stored)


def _create_variant(context: LoweringContext, executable: str, rodata: str, binary: ExecutableBinary) -> None:
    builder = context.builder
    data = builder.op("const.ref.rodata", symbol=rodata, result_ref_type="!vm.buffer")
    handle = context.call(
        hal.EXECUTABLE_CREATE,
        context.device(),
        builder.i64(hal.ANY_QUEUE),
        builder.string(binary.format),
        data,
        builder.null("!vm.buffer"),
    )
    builder.effect("global.store.ref", handle, symbol=executable, type=hal.EXECUTABLE)


def look_up_function(context: LoweringContext, dispatch: Dispatch) -> None:
    """Store the number that a dispatch's kernel has in the executable that was created."""
    builder = context.builder
    executable = context.load_global(dispatch.executable)
    name = builder.string(dispatch.kernel.export_name)
    number = context.call(hal.EXECUTABLE_LOOKUP_FUNCTION, executable, name)
    builder.effect("global.store.i64", number, symbol=function_id_global(context.program, dispatch))
